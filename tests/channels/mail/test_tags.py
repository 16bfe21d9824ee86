"""Signed tags: any change is noticed, capitals are not one (M8, M9, M10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.tags import (
    MessageTag,
    ReplyTag,
    read_bounce_tag,
    read_message_id,
    read_reply_tag,
    sign_bounce_tag,
    sign_message_tag,
    sign_reply_tag,
)

KEYS = (b"newest key of the house, 32 bytes", b"the one before", b"the oldest that counts", b"one too old")
NUMBERS = st.integers(1, 10**18 - 1)
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567.0189+-@ \u212a\u017f\u0131"


def changed(text: str) -> list[str]:
    """Every text that differs from this one in one place: replaced, left out, doubled."""
    replaced = [
        text[:i] + sign + text[i + 1 :] for i in range(len(text)) for sign in ALPHABET if sign != text[i].lower()
    ]
    shorter = [text[:i] + text[i + 1 :] for i in range(len(text))]
    longer = [text[:i] + text[i] + text[i:] for i in range(len(text))]
    return [*replaced, *shorter, *longer, text + "\n", " " + text]


@pytest.mark.parametrize(("sign", "read"), [(sign_reply_tag, read_reply_tag), (sign_bounce_tag, read_bounce_tag)])
def test_any_changed_character_is_noticed(sign, read) -> None:
    tag = sign(4217, 918, KEYS)
    assert read(tag, KEYS) == ReplyTag(4217, 918)
    assert [other for other in changed(tag) if read(other, KEYS) is not None] == []


def test_any_changed_character_of_a_message_id_is_noticed() -> None:
    tag = sign_message_tag("ack:42", KEYS)
    assert read_message_id(f"<{tag}@partenamut.example>", KEYS) == MessageTag("ack:42")
    others = [other for other in changed(tag) if "@" not in other and other.strip() != tag]
    assert [other for other in others if read_message_id(f"<{other}@partenamut.example>", KEYS) is not None] == []


@given(NUMBERS, NUMBERS)
def test_capitals_do_not_count_and_an_address_stays_short(case_id: int, contact_id: int) -> None:
    tag = sign_reply_tag(case_id, contact_id, KEYS)
    assert read_reply_tag(tag.upper(), KEYS) == ReplyTag(case_id, contact_id)
    assert read_bounce_tag(sign_bounce_tag(case_id, contact_id, KEYS).upper(), KEYS) == ReplyTag(case_id, contact_id)


def test_the_local_part_fits_in_64_octets() -> None:
    # Ten digits each are ten thousand million cases.
    assert len("ombudsman+" + sign_bounce_tag(9_999_999_999, 9_999_999_999, KEYS)) <= 64


@given(st.text(max_size=100, alphabet=st.characters(exclude_categories=["Cs"])).filter(bool))
def test_a_message_id_gives_its_key_back(key: str) -> None:
    tag = sign_message_tag(key, KEYS)
    assert tag == sign_message_tag(key, KEYS)
    assert read_message_id(f"<{tag}@partenamut.example>", KEYS) == MessageTag(key)
    assert read_message_id(f"<{tag.upper()}@elsewhere.example>", KEYS) == MessageTag(key)


@given(st.text(max_size=80))
def test_strangers_texts_are_no_tags(text: str) -> None:
    assert read_reply_tag(text, KEYS) is None
    assert read_bounce_tag(text, KEYS) is None
    assert read_message_id(text, KEYS) is None


def test_three_keys_verify_and_the_first_signs() -> None:
    assert [read_reply_tag(sign_reply_tag(1, 2, KEYS[i:]), KEYS) is not None for i in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert sign_reply_tag(1, 2, KEYS) != sign_reply_tag(1, 2, KEYS[1:])


def test_purposes_are_apart() -> None:
    reply, bounce = sign_reply_tag(1, 2, KEYS), sign_bounce_tag(1, 2, KEYS)
    assert read_bounce_tag("b." + reply, KEYS) is None
    assert read_reply_tag(bounce.removeprefix("b."), KEYS) is None
    assert read_reply_tag(sign_message_tag("1.2", KEYS), KEYS) is None


def test_one_case_or_contact_does_not_speak_for_another() -> None:
    mac = sign_reply_tag(1, 2, KEYS).rpartition(".")[2]
    assert read_reply_tag(f"1.3.{mac}", KEYS) is None
    assert read_reply_tag(f"2.2.{mac}", KEYS) is None
    assert read_reply_tag(f"01.2.{mac}", KEYS) is None


def test_without_keys_nothing_is_believed() -> None:
    assert read_reply_tag(sign_reply_tag(1, 2, KEYS), ()) is None
