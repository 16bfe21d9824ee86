"""Mail that says it is from us: our own come back, or a member's through a group or a form of ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.mail.parse import parse
from channels.message import RawMessage


@pytest.mark.parametrize(
    "fields",
    [
        "From: \"'Marie' via Plaintes\" <plaintes@mutual.example>\nX-Original-From: Marie <marie@mail.example>",
        "From: Site <Plaintes@mutual.example>\nReply-To: marie@mail.example",
    ],
)
def test_our_own_address_that_stands_for_somebody_is_no_sender(fields: str) -> None:
    raw = f"{fields}\nTo: plaintes@mutual.example\n\nJe me plains.".encode()
    message = parse(
        RawMessage("email", "", "1", raw, datetime(2026, 5, 6, tzinfo=UTC)),
        own_addresses=frozenset(["plaintes@mutual.example"]),
    )
    assert (message.robot, message.sender, message.reply) == (None, None, "Je me plains.")
    assert "sender_unclear" in message.defects


@pytest.mark.parametrize(
    "fields",
    ["", "\nReply-To: plaintes+1.2.abc@mutual.example", "\nReply-To: a@b.example\nAuto-Submitted: auto-replied"],
)
def test_our_own_mail_come_back_is_a_robot(fields: str) -> None:
    raw = f"From: Plaintes <plaintes@mutual.example>{fields}\n\nx".encode()
    message = parse(
        RawMessage("email", "", "1", raw, datetime(2026, 5, 6, tzinfo=UTC)),
        own_addresses=frozenset(["plaintes@mutual.example"]),
    )
    assert message.robot is not None
    assert message.robot.kind == "own"
