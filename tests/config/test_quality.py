"""The quality policy: one shape in four languages, addresses from the directory, the promises of the source."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from config.directory import directory
from config.quality import SHIPPED, load_policies, policies
from config.strict_yaml import DataError
from config.vocabulary import LANGUAGES, Language


def whole(language: Language) -> str:
    policy = policies()[language]
    return " ".join([policy.title, policy.lede, *(t for p in policy.sections for t in (p.title, *p.text, *p.points))])


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_the_source_promises(language: Language) -> None:
    text = whole(language)
    known = directory()
    assert "21" in text
    for said in (known.office.phone, known.office.mail, known.coordinator.in_text.in_language(language)):
        assert said in text
    assert not set("{}") & set(text)
    committee = {
        "fr": "Comité de Direction",
        "nl": "Directiecomité",
        "de": "Direktionsausschuss",
        "en": "Executive Committee",
    }
    assert committee[language] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_sentences_are_short(language: Language) -> None:
    for part in policies()[language].sections:
        for text in (*part.text, *part.points):
            for sentence in re.split(r"(?<=[.?]) ", text):
                assert len(sentence.split()) <= 22, sentence


@pytest.mark.parametrize(
    ("wrong", "instead", "said"),
    [
        ("version: 2026-11-26", "version: 2026-11-27", r"de\.yaml: its version"),
        ("  - id: courts", "  - id: court", r"de\.yaml: its version or its sections"),
        ("{phone}", "{telephone}", r"de\.yaml: the directory has no telephone"),
        ("{pages}", "", r"de\.yaml: page"),
    ],
)
def test_a_language_that_says_something_else_is_refused(tmp_path: Path, wrong: str, instead: str, said: str) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "de.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(wrong, instead), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        load_policies(tmp_path)
