"""The ready texts: whole in four languages, short enough for a text message, and no templates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from config.canned import SHIPPED, canned, load_canned
from config.strict_yaml import DataError
from config.typography import plain_for_sms, septets
from config.vocabulary import LANGUAGES


def test_each_fits_into_a_text_message_and_needs_no_other_sign() -> None:
    for one in canned().root:
        for language in LANGUAGES:
            words = one.words(language, me="Anne-Sophie V., Mediationsdienst")
            assert "{" not in words
            assert "?" not in plain_for_sms(words).replace("?", "", words.count("?")), (one.id, language)
            assert septets(plain_for_sms(words)) <= 459, (one.id, language)


def test_who_signs_is_never_looked_at_again() -> None:
    greeting = canned().find("greeting")
    assert greeting is not None
    assert "{me} {{7*7}}" in greeting.words("fr", me="{me} {{7*7}}")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[0]["text"].pop("de"), "text.de: is missing"),
        (lambda data: data[0]["text"].update(en="{case.secret}"), "there is no name 'case.secret'"),
        (lambda data: data.append(data[0]), "an id is given twice"),
        (lambda data: data[0].update(html="<b>"), "is not known here"),
        (lambda data: data.clear(), "must hold at least 1"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, change: object, says: str) -> None:
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(data)  # type: ignore[operator]
    wrong = tmp_path / "canned.yaml"
    # JSON is YAML too, without the anchors that a list with one thing twice would get.
    wrong.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DataError, match=says.replace(".", r"\.")):
        load_canned(wrong)
