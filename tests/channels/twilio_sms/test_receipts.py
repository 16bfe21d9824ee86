"""Delivery receipts: any order, any number of times, never a step back."""

from __future__ import annotations

from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twilio_sms.receipts import STATUSES, Callback, Receipt, after, read_callback
from tests.servers.twilio import sid

RECEIPTS = st.builds(Receipt, st.sampled_from(STATUSES), st.sampled_from(["", "30003", "30008", "63016"]))


@pytest.mark.parametrize(
    ("said", "end"),
    [
        (["queued", "sent", "delivered"], "delivered"),
        (["queued", "sent", "delivered", "read"], "read"),
        (["queued", "sent", "undelivered"], "undelivered"),
        (["queued", "failed"], "failed"),
        # A network gave up, and the phone has it all the same.
        (["sent", "undelivered", "delivered"], "delivered"),
    ],
)
def test_every_order_has_one_end(said: list[str], end: str) -> None:
    for order in permutations(said):
        known = None
        for status in order:
            known = after(known, Receipt(status))  # type: ignore[arg-type]
        assert known == Receipt(end)  # type: ignore[arg-type]


@given(st.lists(RECEIPTS, min_size=1), st.randoms())
def test_order_and_repetition_change_nothing(said: list[Receipt], chance: object) -> None:
    other = said + said[:2]
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert reduce(after, said, None) == reduce(after, other, None)


@given(RECEIPTS, RECEIPTS)
def test_there_is_no_way_back(known: Receipt, said: Receipt) -> None:
    assert STATUSES.index(after(known, said).status) >= STATUSES.index(known.status)


def test_a_failure_keeps_the_reason_that_was_given() -> None:
    assert after(Receipt("undelivered", "30003"), Receipt("undelivered")) == Receipt("undelivered", "30003")


@pytest.mark.parametrize(
    ("fields", "key", "expected"),
    [
        ({"MessageSid": sid(1), "MessageStatus": "sent"}, "ack-1", Callback(sid(1), Receipt("sent"), "ack-1")),
        ({"SmsSid": sid(1), "SmsStatus": "delivered"}, "", Callback(sid(1), Receipt("delivered"))),
        ({"MessageSid": sid(1), "MessageStatus": "accepted"}, "", Callback(sid(1), Receipt("queued"))),
        ({"MessageSid": sid(1), "MessageStatus": "canceled"}, "", Callback(sid(1), Receipt("failed"))),
        (
            {"MessageSid": sid(1), "MessageStatus": "undelivered", "ErrorCode": "30003"},
            "",
            Callback(sid(1), Receipt("undelivered", "30003")),
        ),
        (
            {"MessageSid": sid(1), "MessageStatus": "failed", "ErrorCode": "<b>"},
            "a b",
            Callback(sid(1), Receipt("failed")),
        ),
        ({"MessageSid": "SM1", "MessageStatus": "sent"}, "", None),
        ({"MessageSid": sid(1), "MessageStatus": "receiving"}, "", None),
        ({}, "", None),
    ],
)
def test_callbacks_are_read(fields: dict[str, str], key: str, expected: Callback | None) -> None:
    assert read_callback(fields, key=key) == expected
