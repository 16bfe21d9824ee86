"""Texts are not templates (security R1), and their typography."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.gsm7 import GSM7, GSM7_DOUBLE
from config.vocabulary import LANGUAGES
from config.wording import wording
from router.acknowledgement import TEXTS
from router.texts import TextError, names_in, parse, plain_for_sms, render, sms_parts

SYNTAXES = [
    "{reference}",
    "{{7*7}}",
    "{name.__class__}",
    "{0}",
    "%(name)s",
    "${name}",
    "{% raw %}",
    "[due: x]",
    "{name!r:>30}",
    "<%= 1 %>",
    "#{1}",
    "\\{name\\}",
]


@pytest.mark.parametrize("value", SYNTAXES)
def test_what_fills_a_hole_is_never_looked_at_again(value):
    text = parse("A {name} b [due: {due_on} ]c", "en")
    assert render(text, {"name": value, "due_on": value}, {"due"}) == f"A {value} b {value} c"


@given(st.text(max_size=60))
def test_any_value_comes_out_as_it_went_in(value):
    assert render(parse("<{name}>", "fr"), {"name": value}, set()) == f"<{value}>"


@pytest.mark.parametrize(
    "text",
    [
        "{nobody}",
        "{name.real}",
        "{name[0]}",
        "{name:>9}",
        "{name!r}",
        "{}",
        "{ name }",
        "{{name}}",
        "a } b",
        "a [ b",
        "]",
        "[sometimes: x]",
        "[due: [case: x]]",
        "[due+never: x]",
        "[due x]",
    ],
)
def test_what_is_not_on_the_lists_is_found_when_it_is_read(text):
    with pytest.raises(TextError):
        parse(text, "en")


def test_parts_stand_only_with_all_their_flags():
    text = parse("a[due:  b][due+case:  c][no_due:  d]", "en")
    assert render(text, {}, {"due"}) == "a b"
    assert render(text, {}, {"due", "case"}) == "a b c"
    assert render(text, {}, {"no_due"}) == "a d"


def test_paragraphs_of_which_nothing_is_left_are_dropped():
    text = parse("a\n\n[due: b]\n\n[case: c] [letter: d]\n\ne", "en")
    assert render(text, {}, set()) == "a\n\ne"
    assert render(text, {}, {"case"}) == "a\n\nc\n\ne"


def test_a_missing_value_is_an_error_and_not_a_gap():
    with pytest.raises(KeyError):
        render(parse("{name}", "en"), {}, set())


def test_french_signs_have_their_no_break_spaces_and_values_are_left_alone():
    text = render(parse("Vrai ? « Oui » : {name} !", "fr"), {"name": "x : y"}, set())
    assert text == "Vrai\u00a0? «\u00a0Oui\u00a0»\u00a0: x : y\u00a0!"
    assert render(parse("a : b", "nl"), {}, set()) == "a : b"


def test_sms_are_plain():
    assert plain_for_sms("L’hôpital\u00a0: «\u00a0reçu\u00a0» – œuvre… août") == 'L\'hopital : "recu" - oeuvre... aout'
    assert plain_for_sms("Ça été à Köln, größer €") == "Ça été à Köln, größer €"
    assert plain_for_sms("日本 🙂") == "?? ?"


@given(st.text(max_size=200))
def test_every_sms_is_in_the_default_alphabet(text):
    assert set(plain_for_sms(text)) <= GSM7 | GSM7_DOUBLE


def test_parts_of_an_sms():
    assert [sms_parts("a" * n) for n in (1, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert sms_parts("€" * 81) == 2


def test_every_shipped_text_can_be_read_in_every_language():
    for language in LANGUAGES:
        words = wording()[language]
        assert set(words.situations) == set(TEXTS)
        for text in words.situations.values():
            for source in (text.subject, text.long, text.short):
                parse(source, language)


def test_text_files_hold_plain_spaces_and_curved_apostrophes():
    for words in wording().values():
        for text in words.situations.values():
            for source in (text.subject, text.long, text.short):
                assert not set("\u00a0\u202f\t'") & set(source)


def test_a_situation_names_the_same_things_in_every_language():
    # The help lines differ: each language names those where it is spoken.
    lines = {"suicide_fr", "suicide_nl", "talk_fr", "talk_nl", "talk_de", "talk_en"}
    for situation in TEXTS:
        for part in ("subject", "long", "short"):
            found = {
                language: names_in(parse(getattr(wording()[language].situations[situation], part), language)) - lines
                for language in LANGUAGES
            }
            assert len(set(found.values())) == 1, (situation, part, found)


@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_hostile_text_takes_linear_time(size):
    for hostile in ("[" * size, "{" * size, "[due: " * (size // 6), " :" * (size // 2)):
        start = time.process_time()
        with contextlib.suppress(TextError):
            parse.__wrapped__(hostile, "fr")
        assert time.process_time() - start < 0.02 + size * 10e-6
