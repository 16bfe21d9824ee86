"""The list of causes is short, has its words in every language, and a mistake in it is said in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.causes import causes, load_causes
from config.strict_yaml import DataError
from config.vocabulary import LANGUAGES

_DELAY = {"id": "delay", "names": dict.fromkeys(LANGUAGES, "x")}


def test_the_shipped_list_is_short_and_ends_with_what_is_none_of_it() -> None:
    offered = causes().offered()
    assert 5 <= len(offered) <= 12
    assert offered[-1] == "other"
    for language in LANGUAGES:
        names = causes().names(language)
        assert len(set(names.values())) == len(names)


def test_one_that_is_not_offered_any_more_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "causes.yaml"
    path.write_text(json.dumps([_DELAY, {**_DELAY, "id": "strike", "offered": False}]))
    found = load_causes(path)
    assert found.offered() == ("delay",)
    assert found.names("fr") == {"delay": "x", "strike": "x"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([_DELAY, _DELAY], "given twice"),
        ([{**_DELAY, "offered": False}], "no cause is offered"),
        ([{"id": "delay", "names": {"fr": "x", "nl": "x", "en": "x"}}], "de"),
        ([{**_DELAY, "id": "Too long"}], "id"),
        ([], "at least 1"),
    ],
)
def test_a_wrong_list_is_refused_in_words(tmp_path: Path, data: object, said: str) -> None:
    path = tmp_path / "causes.yaml"
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match=said):
        load_causes(path)
