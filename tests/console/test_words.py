"""The words of the console: complete in every language, and a word for everything that pages ask for."""

from __future__ import annotations

import re

import pytest

from config.vocabulary import CHANNELS, FLAGS, KINDS, LANGUAGES, QUEUES, ROLES
from console.answer_checks import DOUBTS
from console.case_page import DONE, REASONS
from console.closing_page import OUTCOMES
from console.filters import CHOICES, DUE, SHOWS
from console.pages import HERE
from console.timeline import SHOWN_ELSEWHERE
from console.words import WordsError, catalogue, check, chosen
from router.fields import FIELDS, TESTS
from router.ruleset import SITUATIONS
from store.pauses import REASONS as PAUSES
from store.troubles import KINDS as TROUBLES

_ROOT = HERE.parent
_TEMPLATES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((HERE / "templates").glob("*.html")))


def test_a_missing_key_is_named() -> None:
    with pytest.raises(WordsError, match=r"nl: 'b'"):
        check({"fr": {"a": "x", "b": "x"}, "nl": {"a": "x"}, "en": {"a": "x", "b": "x"}})
    with pytest.raises(WordsError, match=r"fr: 'a'"):
        check({"fr": {"a": " "}, "nl": {"a": "x"}, "en": {"a": "x"}})


def test_every_key_that_a_page_names_exists() -> None:
    words = catalogue()["en"]
    named = re.findall(r"t\['([a-z_.]+)'\]", _TEMPLATES) + re.findall(r"'([a-z_]+\.[a-z_.]+)' if ", _TEMPLATES)
    counted = re.findall(r"counted\('([a-z_.]+)'", _TEMPLATES)
    missing = [key for key in named if key not in words]
    missing += [key for key in counted if f"{key}.one" not in words or f"{key}.many" not in words]
    assert missing == []


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("channel", CHANNELS),
        ("flag", FLAGS),
        ("kind", KINDS),
        ("why.kind", KINDS),
        ("language", LANGUAGES),
        ("role", ROLES),
        ("outcome", OUTCOMES),
        ("outcome_hint", OUTCOMES),
        ("reason", REASONS),
        ("done", tuple(DONE)),
        ("doubts", DOUBTS),
        ("pause.reason", PAUSES),
        ("question", ("kind", *FLAGS, "department")),
        ("field", tuple(FIELDS)),
        ("rules.test", tuple(sorted({test for tests in TESTS.values() for test in tests}))),
        ("situation", SITUATIONS),
        ("quarantine.trouble", TROUBLES),
        ("way", ("email", "phone", "telegram", "chat", "none")),
        ("group", ("urgent", "late", "soon", "week", "later", "none")),
        ("empty", (*SHOWS, "after", "narrowed")),
        ("show", SHOWS),
        ("filter", (*CHOICES, "assignee")),
        ("group", DUE),
    ],
)
def test_everything_in_the_house_has_words(group: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if f"{group}.{name}" not in catalogue()["en"]] == []


def test_every_act_on_a_case_has_words() -> None:
    sources = "".join(
        path.read_text() for folder in ("gateway", "store", "console") for path in (_ROOT / folder).rglob("*.py")
    )
    acts = set(re.findall(r'act="((?:case|message|contact|acknowledgement|clock|held)\.[a-z_]+)"', sources))
    assert len(acts) > 8
    assert sorted(act for act in acts - SHOWN_ELSEWHERE if f"act.{act}" not in catalogue()["en"]) == []


def test_placeholders_are_the_same_in_every_language() -> None:
    english = catalogue()["en"]
    for language, words in catalogue().items():
        for key, text in words.items():
            assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english[key])), (language, key)


def test_what_nobody_gave_words_to_shows_as_it_is() -> None:
    words = catalogue()["fr"]
    assert words.of("defect", "brand_new") == "brand_new"
    assert words.of("act", "brand.new", otherwise="x") == "x"
    assert words.queue("mediation") == "Médiation"
    assert words.queue(None) == ""
    assert words.counted("seconds", 1) == "1 seconde"
    assert words.counted("seconds", 7) == "7 secondes"


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [("nl", "fr", "nl"), ("", "fr-BE,en;q=0.5", "fr"), ("de", "de", "en"), ("", "", "fr"), ("x", "nl", "nl")],
)
def test_the_language_of_a_browser(cookie: str, header: str, language: str) -> None:
    assert chosen(cookie, header) == language


def test_the_pages_stay_small() -> None:
    assert (HERE / "static" / "console.css").stat().st_size <= 25_000
    assert (HERE / "static" / "console.js").stat().st_size <= 6_000
    assert not re.search(r"\sstyle=|\son\w+=|<script>|<style", _TEMPLATES)
    for queue in QUEUES:
        assert all(words.queue(queue) != queue for words in catalogue().values())
