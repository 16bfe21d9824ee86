"""How the words of the console are written: the glossary is kept, and French and Dutch are set as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.pages import HERE
from console.words import LANGUAGES, ConsoleLanguage, catalogue, typeset

_GLOSSARY = (HERE.parent / "docs" / "glossary.md").read_text(encoding="utf-8")
_TEMPLATES = sorted((HERE / "templates").glob("*.html"))
_NARROW = "\u202f"


def _otherwise() -> list[tuple[ConsoleLanguage, str]]:
    """The words that the glossary's last column rules out, by language."""
    rows = [line.strip("|").split("|") for line in _GLOSSARY.splitlines() if line.startswith("| ")]
    found = re.findall(r"(en|fr|nl): ([^,]+?)(?=, (?:en|fr|nl):|$)", "\n".join(row[-1].strip() for row in rows), re.M)
    return [(language, word) for name, word in found for language in LANGUAGES if language == name]


def test_one_word_for_one_thing() -> None:
    ruled_out = _otherwise()
    assert len(ruled_out) > 25
    wrong = [
        (language, word, key)
        for language, word in ruled_out
        for key, text in catalogue()[language].items()
        if re.search(rf"\b{re.escape(word)}", text, re.I)
    ]
    assert wrong == []


def test_french_signs_never_begin_a_line() -> None:
    assert typeset({"a": "« Non » ; oui\u00a0: 14:30 ?"}, "fr") == {
        "a": f"«{_NARROW}Non{_NARROW}»{_NARROW}; oui{_NARROW}: 14:30{_NARROW}?"
    }
    words = catalogue()["fr"]
    assert words.colon == f"{_NARROW}:"
    assert words.quoted("oui") == f"«{_NARROW}oui{_NARROW}»"
    # A sign is either preceded by its blank or inside a number, an address or a name of a file.
    loose = re.compile(rf"[^\s{_NARROW}][;:!?](?=\s|$)|[^{_NARROW}]»|«[^{_NARROW}]|[“”\"]")
    assert {key: text for key, text in words.items() if loose.search(text)} == {}
    assert {key: text for key, text in words.items() if "'" in text} == {}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_quotation_marks_are_curled_and_come_in_pairs(language: ConsoleLanguage) -> None:
    words = catalogue()[language]
    straight = re.compile(r"[\"'«»‘]| [;:!?](?:\s|$)")
    assert {key: text for key, text in words.items() if straight.search(text)} == {}
    assert {key: text for key, text in words.items() if text.count("“") != text.count("”")} == {}


@pytest.mark.parametrize("path", _TEMPLATES, ids=lambda path: Path(path).stem)
def test_a_template_takes_its_colons_and_quotation_marks_from_the_language(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # The name of a condition of a text is written as it is typed there.
    assert re.findall(r"\}\}:(?![^<]*\])(?=\s|<)", text) == []
    assert re.findall(r"[“”«»]", text) == []
