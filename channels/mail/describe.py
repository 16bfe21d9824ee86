"""One mail as plain data, for the command `guichet parse-mail`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels.contract import UnreadableError
from channels.mail.parse import parse
from channels.message import RawMessage


def describe(raw: bytes, name: str) -> dict[str, Any]:
    """Return what was understood of a mail, ready for JSON. Never raises: an unreadable mail has the same keys, empty,
    and "error". Identifiers come without angle brackets; `in_reply_to` is the first one or "".
    """
    try:
        message = parse(RawMessage("email", "", name, raw, datetime.now(UTC)))
    except UnreadableError as error:
        return {**_nothing(name), "error": str(error)}
    thread = message.thread
    return {
        "file": name,
        "from_address": message.sender.address if message.sender else "",
        "from_name": message.sender.name if message.sender else "",
        "subject": message.subject,
        "text": message.text,
        "reply": message.reply,
        "attachments": [{"name": each.name, "type": each.type, "size": each.size} for each in message.attachments],
        "is_auto": message.robot is not None,
        "is_bounce": message.bounce is not None,
        "message_id": _bare(thread.message_id),
        "in_reply_to": _bare(thread.in_reply_to[0]) if thread.in_reply_to else "",
        "references": [_bare(each) for each in thread.references],
    }


def _bare(identifier: str) -> str:
    return identifier.removeprefix("<").removesuffix(">")


def _nothing(name: str) -> dict[str, Any]:
    texts = dict.fromkeys(("from_address", "from_name", "subject", "text", "reply"), "")
    return {
        "file": name,
        **texts,
        "attachments": [],
        "is_auto": False,
        "is_bounce": False,
        "message_id": "",
        "in_reply_to": "",
        "references": [],
    }
