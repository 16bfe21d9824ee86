"""One address, as somebody types it: taken as it is or given back with a reason, never mended into another one (rule H7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.message import Sender
from channels.twilio_sms.costs import Policy, never_texted
from channels.web.contact_field import WRONG, masked, read

COUNTRIES = ("32", "31", "33", "49", "352")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Marie.Dubois@Mail.example", Sender("email", "marie.dubois@mail.example")),
        (" 0470 12 34 56 ", Sender("phone", "+32470123456")),
        ("0470/12.34.56", Sender("phone", "+32470123456")),
        ("+31 6 12345678", Sender("phone", "+31612345678")),
        ("", "empty"),
        ("   ", "empty"),
        ("a@mail.example, b@mail.example", "several"),
        ("a@mail.example b@mail.example", "several"),
        ("0470 12 34 56 / 0471 12 34 56", "several"),
        ("0470123456, 0471123456", "several"),
        ("a@mail.example\nBcc: b@mail.example", "signs"),
        ("a\x00@mail.example", "signs"),
        ("a@mail.example\u202e", "signs"),
        ("a\u200b@mail.example", "signs"),
        ("\ud800@mail.example", "signs"),
        ("Marie <marie@mail.example>", "unclear"),
        ("marie at mail", "unclear"),
        ("marie@mail", "unclear"),
        ("12", "unclear"),
        ("a" * 300 + "@mail.example", "unclear"),
        ("+1 212 555 0100", "foreign"),
        ("+882 16 12 34 56 78", "foreign"),
        ("0900 12 345", "foreign"),
    ],
)
def test_what_is_typed_is_one_contact_or_has_a_reason(typed: str, found: object) -> None:
    assert read(typed, COUNTRIES) == found


@given(st.text(max_size=80) | st.from_regex(r"[a-z0-9.+@,; \t\r\n\-]{0,60}", fullmatch=True))
def test_whatever_is_taken_is_one_plain_address_that_may_be_written_to(typed: str) -> None:
    found = read(typed, COUNTRIES)
    if not isinstance(found, Sender):
        assert found in WRONG
        return
    assert found.address.isprintable()
    assert not set(found.address) & set(' ,;<>()"\\')
    if found.kind == "email":
        assert found.address.count("@") == 1
        assert found.address == typed.strip(" ").lower()
    else:
        assert not never_texted(found.address, Policy(COUNTRIES))
    # Taken once, it is taken again, and is the same.
    assert read(found.address, COUNTRIES) == found


def test_a_masked_address_says_no_more_than_its_owner_needs() -> None:
    assert masked("email", "marie.dubois@mail.example") == "m•••@mail.example"
    assert masked("phone", "+32470123456") == "••• 56"
    assert masked("chat", "a key") == ""
