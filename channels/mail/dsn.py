"""Delivery reports in the standard form: RFC 3464 fields, RFC 3463 status codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Final

from channels.mail.mail_headers import Fields, content_type, first_address, message_id, parts, payload
from channels.message import Bounce

_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE: Final = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
_LONGEST_TEXT: Final = 20_000
_LONGEST_EXPLANATION: Final = 500
# The address works, but the mailbox is full or the message too large for it (RFC 3463 section 3.3 and 3.4).
_ADDRESS_WORKS: Final = frozenset(("5.2.2", "5.2.3", "5.3.4"))
# Which recipient of several to tell of first.
_GRAVITY: Final = {"failed": 3, "delayed": 2, "": 1}
_REPORT_TYPES: Final = frozenset(("message/delivery-status", "message/global-delivery-status"))
_RETURNED_TYPES: Final = frozenset(
    ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers")
)


@dataclass(frozen=True, slots=True)
class _Recipient:
    """What a report says about one recipient."""

    address: str
    action: str
    status: str
    diagnosis: str


def is_permanent(status: str, action: str = "") -> bool:
    """Tell whether a status says that the address does not work: 5.x.x, full mailboxes and large messages apart."""
    if action in {"delayed", "delivered", "relayed", "expanded"}:
        return False
    if status:
        return status.startswith("5.") and status not in _ADDRESS_WORKS
    return action == "failed"


def status_in(text: str) -> str:
    """Give the RFC 3463 status that a text mentions, or the class alone ("5.0.0") when there is only an SMTP code."""
    found = _STATUS.search(text)
    if found is not None:
        return found.group(1)
    code = _REPLY_CODE.search(text)
    return f"{code.group(1)}.0.0" if code is not None else ""


def report(message: Message) -> Bounce | None:
    """Read the delivery report in a mail; None where there is none.

    Only a report that stands directly in the mail counts: one inside an attached mail was passed on by a person.
    """
    recipients: list[_Recipient] = []
    found = False
    for part, depth in parts(message):
        if depth <= 1 and content_type(part) in _REPORT_TYPES:
            found = True
            recipients.extend(_recipients(part))
    if not found:
        return None
    recipients.sort(key=lambda recipient: -_GRAVITY.get(recipient.action, 0))
    worst = recipients[0] if recipients else _Recipient("", "", "", "")
    return Bounce(
        recipient=worst.address,
        permanent=is_permanent(worst.status, worst.action),
        status=worst.status,
        explanation=worst.diagnosis[:_LONGEST_EXPLANATION],
        original_message_id=returned_message_id(message),
    )


def _recipients(part: Message) -> Iterator[_Recipient]:
    """Give what each group of fields says; the first group is about the message and names no recipient."""
    for fields in _groups(part):
        who = fields.get("final-recipient") or fields.get("original-recipient")
        if not who and not fields.has("action"):
            continue
        diagnosis = fields.get("diagnostic-code")
        status = status_in(fields.get("status"))
        # Some servers say 5.0.0 there and the true reason in the words of the other server.
        if status in {"", "5.0.0", "4.0.0"}:
            status = status_in(diagnosis) or status
        address = first_address(who.partition(";")[2] or who) or first_address(fields.get("original-recipient"))
        yield _Recipient(address, fields.get("action").casefold().split(" ", 1)[0], status, diagnosis)


def _groups(part: Message) -> Iterator[Fields]:
    """Give the groups of fields of a report, however the parser stored them."""
    inside = payload(part)
    if isinstance(inside, list):
        for group in inside[:100]:
            if isinstance(group, Message):
                yield Fields(group)
                # A group after a blank line too many is the "text" of the one before.
                body = payload(group)
                if isinstance(body, str) and ":" in body:
                    yield from _typed_groups(body)
    elif isinstance(inside, str):
        yield from _typed_groups(inside)


def _typed_groups(text: str) -> Iterator[Fields]:
    """Read groups of fields from plain text."""
    group = Message()
    for line in [*text[:_LONGEST_TEXT].splitlines(), ""]:
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace() and " " not in name:
            group.add_header(name, value.strip())
        elif not line.strip() and len(group):
            yield Fields(group)
            group = Message()


def typed_report(text: str) -> Bounce | None:
    """Read a report whose fields stand in a plain text, quoted or not: a bounce that lost its form on the way."""
    plain = "\n".join(line.lstrip("> ") for line in text[:_LONGEST_TEXT].splitlines())
    for fields in _typed_groups(plain):
        if fields.has("final-recipient") and fields.has("action") and fields.has("status"):
            status = status_in(fields.get("status"))
            address = first_address(fields.get("final-recipient"))
            permanent = is_permanent(status, fields.get("action").casefold())
            return Bounce(address, permanent, status, fields.get("diagnostic-code")[:_LONGEST_EXPLANATION])
    return None


def returned_message_id(message: Message) -> str:
    """Give the Message-ID of the mail that came back, from the copy of it or of its header; empty where there is none."""
    for part, depth in parts(message):
        if depth == 0 or content_type(part) not in _RETURNED_TYPES:
            continue
        inside = payload(part)
        if isinstance(inside, list):
            found = message_id(Fields(inside[0]).get("message-id")) if inside and isinstance(inside[0], Message) else ""
        else:
            found = message_id_in_text(inside if isinstance(inside, str) else "")
        if found:
            return found
    return ""


def message_id_in_text(text: str) -> str:
    """Give the value of the first "Message-ID:" line of a text."""
    lines = text[:_LONGEST_TEXT].splitlines()
    for index, line in enumerate(lines):
        if line.lstrip("> \t").casefold().startswith("message-id:"):
            return message_id(line + " " + (lines[index + 1] if index + 1 < len(lines) else ""))
    return ""
