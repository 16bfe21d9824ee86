"""Every text in four languages, dates and references as people say them, and texts that are no templates (R1)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from channels.web import languages, pages, texts
from config.directory import directory
from config.vocabulary import LANGUAGES

ROOT = Path(__file__).resolve().parents[3]


def test_every_key_in_every_language_with_the_same_names_in_braces() -> None:
    every = texts.pages()
    for key in every["en"]:
        names = {language: set(re.findall(r"\{\w+\}", every[language][key])) for language in LANGUAGES}
        assert len({frozenset(found) for found in names.values()}) == 1, key


def test_a_missing_text_is_named() -> None:
    whole = {language: {"a.b": "x"} for language in LANGUAGES}
    with pytest.raises(texts.TextError, match=r"de\.yaml: 'a\.b'"):
        texts.check({**whole, "de": {"a.b": " "}})
    with pytest.raises(texts.TextError, match=r"fr\.yaml: 'a\.c'"):
        texts.check({**whole, "nl": {"a.b": "x", "a.c": "y"}})


def test_every_key_that_a_template_names_exists() -> None:
    used = set()
    for folder in ("channels/web/templates", "channels/form/templates"):
        for path in (ROOT / folder).glob("*.html"):
            used |= set(re.findall(r"t\['([\w.]+)'\]", path.read_text(encoding="utf-8")))
    assert len(used) > 50
    assert used <= texts.pages()["en"].keys()


def test_no_forbidden_words() -> None:
    forbidden = re.compile(
        r"unfortunately|malheureusement|helaas|leider|inadmissible|do not hesitate|n’hésitez|aarzel niet|zögern Sie nicht|!",
        re.IGNORECASE,
    )
    for language in LANGUAGES:
        for key, text in texts.pages()[language].items():
            assert not forbidden.search(text), (language, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_help_line_that_speaks_the_language_is_named_with_its_number(language: languages.Language) -> None:
    words = texts.pages()[language]
    named = {
        number.replace("\u00a0", " ")
        for key in ("urgent.danger", "urgent.suicide", "urgent.talk", "urgent.us")
        for number in re.findall(r"\[([^\]]+)\]", words[key])
    }
    lines = directory().help_lines
    assert {line.number for line in lines if language in line.speaks} <= named
    assert named <= {line.number for line in lines} | {directory().office.phone}


def test_french_spaces_and_telephone_numbers_do_not_break() -> None:
    french = texts.pages()["fr"]
    assert french["form.text.label"] == "Que s’est-il passé\u00a0?"
    assert french["house.phone"] == "02\u00a0444\u00a041\u00a011"


@pytest.mark.parametrize(
    ("language", "long", "time"),
    [
        ("fr", "jeudi 17 décembre 2026", "15\u00a0h\u00a005"),
        ("nl", "donderdag 17 december 2026", "15.05\u00a0uur"),
        ("de", "Donnerstag, 17. Dezember 2026", "15:05\u00a0Uhr"),
        ("en", "Thursday 17 December 2026", "15:05"),
    ],
)
def test_dates(language: languages.Language, long: str, time: str) -> None:
    assert languages.long_date(date(2026, 12, 17), language) == long
    assert languages.clock_time(datetime(2026, 12, 17, 14, 5, tzinfo=UTC), language) == time


def test_a_late_evening_belongs_to_the_day_in_brussels() -> None:
    assert languages.short_date(datetime(2026, 12, 17, 23, 30, tzinfo=UTC), "en") == "18 December"


def test_spoken_reference() -> None:
    assert languages.spoken("PM-2026-004217-75") == "P M, 2026, 004217, 75"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "fr"),
        ("nl", "nl"),
        ("nl-BE,fr;q=0.9", "nl"),
        ("es, de;q=0.2, en;q=0.7", "en"),
        ("en;q=0, de;q=0.1", "de"),
        ("*", "fr"),
        ("EN-us", "en"),
        ("nl;q=nan, de;q=x, en;q=0.1", "en"),
        ("," * 5000 + "nl", "fr"),
    ],
)
def test_preferred_language(header: str, expected: str) -> None:
    assert languages.preferred(header) == expected


@pytest.mark.parametrize(
    "syntax", ["{{ 7*7 }}", "{name.__class__}", "{name!r}", "{other}", "{name}", "%(name)s", "<b>"]
)
def test_values_come_out_as_typed(syntax: str) -> None:
    assert texts.fill("Hello {name}.", {"name": syntax}) == f"Hello {syntax}."


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Jusqu’au {day}. Ensuite", "Jusqu’au ven. 4 déc. Ensuite"),
        ("Jusqu’au {day}, non.", "Jusqu’au ven. 4 déc., non."),
        ("{day} {day}.", "ven. 4 déc. ven. 4 déc."),
        ("Le {unknown}.", "Le {unknown}."),
    ],
)
def test_a_sentence_that_ends_in_an_abbreviation_has_one_full_stop(text: str, filled: str) -> None:
    assert texts.fill(text, {"day": "ven. 4 déc."}) == filled


def test_filled_markup_is_escaped_on_both_sides() -> None:
    template = pages.environment().from_string("{{ text | fill(name=name) }}|{{ typed | lines }}|{{ call | callable }}")
    drawn = template.render(text="<i> {name}", name="<b>{name}", typed="a<b\n\nc\nd", call="<u> [0800 32 123] [112]")
    assert drawn == (
        "&lt;i&gt; &lt;b&gt;{name}|<p>a&lt;b</p><p>c<br>d</p>|"
        '&lt;u&gt; <a class="tel" href="tel:+3280032123">0800 32 123</a> <a class="tel" href="tel:112">112</a>'
    )
