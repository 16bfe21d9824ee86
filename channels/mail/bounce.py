"""Bounces without the standard form: qmail, Exim, old Exchange, Domino, Gmail, and the notices of bulk mail services."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any, Final

from channels.mail import dsn
from channels.mail.bounce_phrases import BOUNCE_SUBJECTS, BOUNCE_WORDS, RETURNED_COPY, TEMPORARY_WORDS
from channels.mail.mail_headers import Fields, first_address, one_line
from channels.message import Bounce

_READ: Final = 20_000
_MOST_JSON: Final = 200_000
_EXPLANATION: Final = 500
_NOTICE_WORDS: Final = ("otification", "eventType")


def says_undelivered(subject: str, text: str) -> str:
    """Give the words by which a mail server says that it could not deliver, from subject or text; empty for none."""
    lowered = subject.casefold()
    for phrase in BOUNCE_SUBJECTS:
        if lowered.startswith(phrase) or (len(phrase) > 12 and phrase in lowered):
            return phrase
    body = text[:_READ].casefold().replace("\u2019", "'")
    return next((phrase for phrase in BOUNCE_WORDS if phrase in body), "")


def from_words(message: Message, fields: Fields, text: str, own_addresses: frozenset[str]) -> Bounce:
    """Read who was not reached from the words of a notice that is known to be a bounce."""
    own_words, returned = _apart(text[:_READ])
    lowered = own_words.casefold()
    status = dsn.status_in(own_words)
    temporary = any(phrase in lowered for phrase in TEMPORARY_WORDS) or "delay" in fields.get("subject").casefold()
    failed = fields.get("x-failed-recipients")
    return Bounce(
        recipient=first_address(failed) or _failed_address(own_words, fields, own_addresses),
        permanent=not temporary and dsn.is_permanent(status, "failed"),
        status=status,
        explanation=_explanation(own_words),
        original_message_id=dsn.returned_message_id(message) or dsn.message_id_in_text(returned or own_words),
    )


def _apart(text: str) -> tuple[str, str]:
    """Separate what the server says from the copy of the returned mail."""
    lowered = text.casefold()
    starts = [at for phrase in RETURNED_COPY if (at := lowered.find(phrase)) > 0]
    cut = min(starts, default=len(text))
    return text[:cut], text[cut:]


def _failed_address(words: str, fields: Fields, own_addresses: frozenset[str]) -> str:
    """Give the first address in the server's words that is not ours and not the server's."""
    ours = own_addresses | frozenset(fields.addresses("from", "to", "sender", "return-path"))
    for line in words.splitlines()[:400]:
        address = first_address(line[:1000])
        if (
            address
            and address.casefold() not in ours
            and not address.casefold().startswith(("postmaster@", "mailer-d"))
        ):
            return address
    return ""


def _explanation(words: str) -> str:
    """Give the line that tells most: the one with the other server's code, else the first with a known phrase."""
    for line in words.splitlines()[:400]:
        if len(line) < 1000 and dsn.status_in(line):
            return one_line(line, _EXPLANATION)
    return ""


def service_notice(text: str) -> tuple[str, Bounce | None] | None:
    """Read a notice of Amazon's mail service: JSON in the text, bare or wrapped by its notification service.

    Returns its kind ("bounce", "complaint", "delivery") and the bounce if it is one; None when the text is no notice.
    """
    start = text.find("{")
    if not 0 <= start <= 2000 or len(text) > _MOST_JSON or not any(word in text for word in _NOTICE_WORDS):
        return None
    notice = _decode(text[start:])
    if isinstance(notice.get("Message"), str):
        notice = _decode(notice["Message"])
    kind = str(notice.get("notificationType") or notice.get("eventType") or "").casefold()
    if kind not in {"bounce", "complaint", "delivery", "deliverydelay", "reject"}:
        return None
    if kind != "bounce":
        return kind, None
    bounce = _mapping(notice.get("bounce"))
    recipients = bounce.get("bouncedRecipients")
    first = _mapping(recipients[0]) if isinstance(recipients, list) and recipients else {}
    mail = _mapping(notice.get("mail"))
    status = dsn.status_in(str(first.get("status", "")))
    permanent = str(bounce.get("bounceType", "")).casefold() == "permanent" and status not in {
        "5.2.2",
        "5.2.3",
        "5.3.4",
    }
    return kind, Bounce(
        recipient=first_address(str(first.get("emailAddress", ""))),
        permanent=permanent,
        status=status,
        explanation=one_line(str(first.get("diagnosticCode", "")), _EXPLANATION),
        original_message_id=one_line(str(_mapping(mail.get("commonHeaders")).get("messageId", "")), _EXPLANATION),
    )


def _decode(text: str) -> dict[str, Any]:
    """Read the JSON object at the start of a text; an empty one when there is none, or one nested beyond reason."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return _mapping(value)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
