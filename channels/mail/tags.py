"""Signed parts of addresses and Message-IDs, by which an answer finds its case and a forged one does not.

A tag is HMAC-SHA256 over its purpose and content, cut to 80 bits and written in base32: 16 characters that survive a
relay which changes capitals. The purposes are apart: a tag made for one is worth nothing for another.

`keys` are secrets, the newest first: the first signs, the first three verify, so that a key can be replaced while
answers to older mails still come in. A key's id, one character, is derived from it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_Purpose = Literal["reply", "bounce", "message", "question", "key id"]

VERIFYING_KEYS = 3
_TAG_BYTES = 10
_MAC = r"(?P<mac>[a-z2-7]{17})"
# Whole numbers without leading zeros: one number, one spelling, one tag.
_CASE_AND_CONTACT = re.compile(rf"(?P<case>[1-9][0-9]{{0,17}})\.(?P<contact>[1-9][0-9]{{0,17}})\.{_MAC}", re.ASCII)
_MESSAGE_ID = re.compile(rf"(?P<key>[a-z2-7]{{1,800}})\.{_MAC}", re.ASCII)
_ENCLOSED = re.compile(r"\s*<(?P<tag>[^<>@\s]+)@(?P<domain>[^<>@\s]+)>\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReplyTag:
    """What a good tag in an address says."""

    case_id: int
    contact_id: int


@dataclass(frozen=True, slots=True)
class QuestionTag:
    """What a good tag in the address of a question to a department says."""

    case_id: int
    question_id: int


@dataclass(frozen=True, slots=True)
class MessageTag:
    """What a good tag in a Message-ID says: the outbox key of the message that carried it."""

    key: str


def sign_reply_tag(case_id: int, contact_id: int, keys: Sequence[bytes]) -> str:
    """`<case>.<contact>.<key id><tag>`, to stand after "+" in the reply address of one contact of one case (M8)."""
    return _signed("reply", f"{case_id}.{contact_id}", keys)


def read_reply_tag(text: str, keys: Sequence[bytes]) -> ReplyTag | None:
    """The case and contact of a reply tag, in any capitals; None when it is not exactly as we signed it."""
    return _read_case_and_contact("reply", text, keys)


def sign_bounce_tag(case_id: int, contact_id: int, keys: Sequence[bytes]) -> str:
    """`b.<case>.<contact>.<key id><tag>`, to stand after "+" in the return path (M10, VERP)."""
    return "b." + _signed("bounce", f"{case_id}.{contact_id}", keys)


def read_bounce_tag(text: str, keys: Sequence[bytes]) -> ReplyTag | None:
    """The case and contact of a return path; None when it is not exactly as we signed it."""
    return _read_case_and_contact("bounce", text[2:], keys) if text[:2] in ("b.", "B.") else None


def sign_question_tag(case_id: int, question_id: int, keys: Sequence[bytes]) -> str:
    """`q.<case>.<question>.<key id><tag>`, to stand after "+" where a department answers a question (M9)."""
    return "q." + _signed("question", f"{case_id}.{question_id}", keys)


def read_question_tag(text: str, keys: Sequence[bytes]) -> QuestionTag | None:
    """The case and question of an address; None when it is not exactly as we signed it."""
    found = _read_case_and_contact("question", text[2:], keys) if text[:2] in ("q.", "Q.") else None
    return QuestionTag(found.case_id, found.contact_id) if found else None


def sign_message_tag(key: str, keys: Sequence[bytes]) -> str:
    """`<key>.<key id><tag>`, to stand before "@" in a Message-ID: the same outbox key always gives the same (M9)."""
    return _signed("message", _base32(key.encode("utf-8")), keys)


def read_message_id(value: str, keys: Sequence[bytes]) -> MessageTag | None:
    """The outbox key in a Message-ID of ours, with or without angle brackets; None when it is not as we signed it.

    The part after "@" does not count: relays have been seen to rewrite it, and the tag alone is the proof.
    """
    enclosed = _ENCLOSED.fullmatch(value)
    tag = enclosed["tag"] if enclosed else value.partition("@")[0].strip()
    match = _MESSAGE_ID.fullmatch(tag.lower()) if tag.isascii() else None
    if match is None or not _verified("message", match["key"], match["mac"], keys):
        return None
    padded = match["key"].upper() + "=" * (-len(match["key"]) % 8)
    return MessageTag(base64.b32decode(padded).decode("utf-8"))


def _read_case_and_contact(purpose: _Purpose, text: str, keys: Sequence[bytes]) -> ReplyTag | None:
    # Lower-casing first would let letters in that only become ASCII by it, such as the Kelvin sign.
    match = _CASE_AND_CONTACT.fullmatch(text.lower()) if text.isascii() else None
    if match is None or not _verified(purpose, f"{match['case']}.{match['contact']}", match["mac"], keys):
        return None
    return ReplyTag(int(match["case"]), int(match["contact"]))


def _signed(purpose: _Purpose, content: str, keys: Sequence[bytes]) -> str:
    return f"{content}.{_mac(purpose, content, keys[0])}"


def _verified(purpose: _Purpose, content: str, mac: str, keys: Sequence[bytes]) -> bool:
    # Every key is tried, and the id compared with the rest, so that the time tells nothing of which key or how close.
    matches = [hmac.compare_digest(_mac(purpose, content, key), mac) for key in keys[:VERIFYING_KEYS]]
    return any(matches)


def _mac(purpose: _Purpose, content: str, key: bytes) -> str:
    return _digest("key id", "", key)[0] + _digest(purpose, content, key)


def _digest(purpose: _Purpose, content: str, key: bytes) -> str:
    mac = hmac.new(key, f"guichet mail {purpose}\0{content}".encode(), hashlib.sha256).digest()
    return _base32(mac[:_TAG_BYTES])


def _base32(value: bytes) -> str:
    return base64.b32encode(value).decode("ascii").rstrip("=").lower()
