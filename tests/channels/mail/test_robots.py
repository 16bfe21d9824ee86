"""Robots and people, in hard pairs, and what is read from bounces; and that no message object makes it raise."""

from __future__ import annotations

from email import message_from_bytes, message_from_string
from email.header import Header
from email.message import EmailMessage, Message
from email.policy import compat32, default
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.mail.robots import screen

OWN = frozenset(f"{name}@partenamut.example" for name in ("plaintes", "klachten", "ombudsman", "beschwerden"))
CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "fixtures" / "mail" / "robots_four_languages.yaml").read_text("utf-8")
)


def plain_text(message: Message) -> str:
    """Give the plain text of the parts, without those of attached mails."""
    if message.get_content_type() == "message/rfc822":
        return ""
    inside = message.get_payload()
    if isinstance(inside, list):
        return "\n".join(plain_text(part) for part in inside)
    return str(inside) if message.get_content_type() == "text/plain" else ""


def test_there_are_enough_mails_of_both_sorts() -> None:
    assert len(CASES) >= 40
    assert sum(case["robot"] is None for case in CASES) >= 20
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("policy", [compat32, default], ids=["compat32", "default"])
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_screen(case: dict[str, Any], policy: Any) -> None:
    message = message_from_string(case["mail"], policy=policy)
    text = plain_text(message_from_string(case["mail"]))
    envelope = {"mail_from": case["mail_from"]} if "mail_from" in case else {}
    robot, bounce = screen(message, text, own_addresses=OWN, envelope=envelope)
    assert (robot.kind if robot else None) == case["robot"], robot
    assert (bounce is None) == ("bounce" not in case)
    for name, value in case.get("bounce", {}).items():
        assert getattr(bounce, name) == value, bounce


def test_evidence_holds_no_personal_data() -> None:
    for case in CASES:
        robot, _ = screen(message_from_string(case["mail"]), "", own_addresses=OWN, envelope={})
        assert robot is None or "@" not in robot.evidence


class Unspeakable(Header):
    """A header whose text cannot be made, as one with an unknown charset."""

    def __str__(self) -> str:
        raise LookupError("unknown encoding: martian")


@pytest.mark.parametrize(
    "message",
    [
        Message(),
        EmailMessage(),
        message_from_bytes(b""),
        message_from_bytes(b"From"),
        message_from_bytes(b"From: \xff\xfe\nSubject: =?martian?b?AAAA?=\nContent-Type: \xff/\xff; \xff=\xff\n\n\xff"),
        message_from_bytes(b"Content-Type: multipart/report\n\n"),
        message_from_bytes(b"Content-Type: message/delivery-status\n\n\n\n:\n\n\n: :\n"),
        message_from_bytes(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n--a\n\n--a--\n"),
        message_from_bytes(b"From: @\nTo: <\nMessage-ID: [\nContent-Type: ;;;=;", policy=default),
        message_from_bytes(b"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n", policy=default),
    ],
    ids=range(10),
)  # fmt: skip
def test_it_never_raises_on_odd_messages(message: Message) -> None:
    screen(message, "", own_addresses=OWN, envelope={})


def test_it_never_raises_on_header_objects_and_empty_payloads() -> None:
    message = Message()
    for name in ("From", "Subject", "Message-ID", "Content-Type", "Auto-Submitted"):
        message[name] = Unspeakable("x")
    message["Received"] = Header("é", "utf-8")
    message.set_payload(None)
    assert screen(message, "", own_addresses=OWN, envelope={}) == (None, None)


@given(st.binary(max_size=600), st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_it_never_raises_on_bytes(data: bytes, text: str) -> None:
    for policy in (compat32, default):
        screen(
            message_from_bytes(data, policy=policy), text, own_addresses=OWN, envelope={"mail_from": "a@example.org"}
        )


NAMES = st.sampled_from(
    ["From", "To", "Subject", "Content-Type", "List-Post", "Message-ID", "Auto-Submitted", "Return-Path", "Precedence"]
)
VALUES = st.sampled_from(
    [
        *("", "<>", "=?utf-8?q?=", "multipart/report; report-type=delivery-status", "message/delivery-status", "a@b@c"),
        *("mailer-daemon", "Undeliverable", "auto-replied", "=?x?b?!!?=", "bulk", "\ud800", "text/calendar; method=reply"),
    ]
)  # fmt: skip


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.text(max_size=100))
@settings(max_examples=300, deadline=None)
def test_it_never_raises_on_combinations(fields: list[tuple[str, str]], text: str) -> None:
    message = Message()
    for name, value in fields:
        message[name] = value
    screen(message, text, own_addresses=OWN, envelope={})


def test_what_is_read_from_a_bounce_can_be_stored() -> None:
    """PostgreSQL takes neither NUL nor half a surrogate, and a raw mail may hold both."""
    notice = (
        '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"a\\u0000b@example.org",'
        '"diagnosticCode":"x\\ud800\\u0000\\ny"}]},"mail":{"commonHeaders":{"messageId":"<a\\u0000@b>"}}}'
    )
    report = message_from_bytes(
        b"From: mailer-daemon@example.org\nContent-Type: multipart/report; boundary=a\n\n--a\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: x\n\nFinal-Recipient: rfc822; \xff\x00a@example.org\n"
        b"Action: failed\nDiagnostic-Code: \xff\x00\x1b 550\n--a--\n"
    )
    for message, text in ((Message(), notice), (report, "")):
        _, bounce = screen(message, text, own_addresses=OWN, envelope={})
        assert bounce is not None
        for value in (bounce.recipient, bounce.explanation, bounce.original_message_id, bounce.status):
            assert value.isprintable()
            value.encode("utf-8")


def test_a_hundred_nested_mails() -> None:
    raw = "Content-Type: message/rfc822\n\n" * 100 + "Subject: a\n\nb"
    assert screen(message_from_string(raw), "b", own_addresses=OWN, envelope={}) == (None, None)
