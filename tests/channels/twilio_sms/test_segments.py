"""What a text takes: the alphabet, septets and halves of an emoji, and parts that a phone puts together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twilio_sms.segments import costly, count, economical, parts
from config.gsm7 import GSM7, GSM7_DOUBLE

IN_ALPHABET = st.text(st.sampled_from(sorted(GSM7 | GSM7_DOUBLE)), max_size=700)
ANY = st.text(st.one_of(st.characters(), st.sampled_from("éêç€’😀Ω")), max_size=700)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        # Letters of our languages that are in the alphabet, and those of the extension table.
        ("éèàùìòäöüñßÄÖÜÉÇ", "gsm7", 16, 1),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 80 + "a", "gsm7", 161, 2),
        # Signs of two septets are not cut: 76 of them and not 76,5 go into a part.
        ("€" * 153, "gsm7", 306, 3),
        # One small sign outside and the whole text costs 16 bits a sign.
        ("ê" * 70, "ucs2", 70, 1),
        ("a" * 70 + "ç", "ucs2", 71, 2),
        ("’" + "a" * 133, "ucs2", 134, 2),
        ("’" + "a" * 134, "ucs2", 135, 3),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("😀" * 67, "ucs2", 134, 3),
    ],
)
def test_texts_are_counted(text: str, encoding: str, units: int, segments: int) -> None:
    counted = count(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)


@given(st.one_of(ANY, IN_ALPHABET))
def test_parts_are_the_text_and_each_fits(text: str) -> None:
    cut = parts(text)
    counted = count(text)
    assert "".join(cut) == text
    assert len(cut) == counted.segments >= 1
    most = {"gsm7": (160, 153), "ucs2": (70, 67)}[counted.encoding][len(cut) > 1]
    for part in cut:
        size = (
            len(part.encode("utf-16-le", "surrogatepass")) // 2
            if counted.encoding == "ucs2"
            else sum(2 if sign in GSM7_DOUBLE else 1 for sign in part)
        )
        assert size <= most
    # No part is left half empty: with one sign more it would not have fitted.
    assert counted.segments <= -(-counted.units // (most - 1)) or counted.segments == 1


@given(ANY, ANY)
def test_more_text_never_costs_less(one: str, more: str) -> None:
    assert count(one + more).segments >= count(one).segments


@given(IN_ALPHABET)
def test_the_alphabet_costs_nothing_extra_and_is_left_alone(text: str) -> None:
    assert costly(text) == []
    assert economical(text) == text


@given(ANY)
def test_making_it_cheaper_never_makes_it_dearer_or_half_cheap(text: str) -> None:
    cheaper = economical(text)
    assert cheaper == text or not costly(cheaper)
    assert count(cheaper).segments <= count(text).segments
    assert economical(cheaper) == cheaper


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("J’ai reçu « ça » hier\u00a0: être ou œuvre…", 'J\'ai recu " ca " hier : etre ou oeuvre...'),
        ("cafe\u0301", "café"),
        ("Gelieve één dag — a.u.b.", "Gelieve één dag - a.u.b."),
        # What a person typed and has no plain form arrives whole, accents included.
        ("Merci beaucoup, à bientôt 😀", "Merci beaucoup, à bientôt 😀"),
        ("Дякую, ça va", "Дякую, ça va"),
    ],
)
def test_typography_and_accents_give_way_and_nothing_else(text: str, said: str) -> None:
    assert economical(text) == said


def test_what_makes_a_text_dear_is_named_once() -> None:
    assert costly("Être là, peut-être… ê") == ["Ê", "ê", "…"]
