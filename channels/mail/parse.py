"""A raw mail to an InboundMessage: whatever the bytes, within bounds of time and memory.

Parsing is total: everything that can be shown is shown, and what was wrong is said in a few fixed words (`defects`):
no_headers, broken_headers, headers_cut, several_from, sender_unclear, several_message_id, unknown_charset, nul_bytes,
broken_mime, broken_encoding, too_deep, too_many_parts, text_cut, encrypted, only_hidden_text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, get_args

from channels.contract import UnreadableError
from channels.mail.addresses import single_mailbox
from channels.mail.authentication import dmarc_result
from channels.mail.content import MAX_TEXT, Content, Reader
from channels.mail.fields import Headers, one_line, unfold
from channels.mail.reply import ReplyParts, split
from channels.mail.robots import screen
from channels.mail.structure import as_message, header_text, read_structure
from channels.mail.threading import thread_keys
from channels.message import InboundMessage, RawMessage, Sender
from config.vocabulary import Language

MAX_SUBJECT: Final = 1000
_MAX_HIDDEN: Final = 100_000
# What is searched for new text, in characters: nobody types more, and quoted history stands below.
_MAX_REPLY: Final = 100_000
_MAX_REPLY_HTML: Final = 300_000
_EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)
_CLOCK_ERROR: Final = timedelta(days=2)
_LANGUAGE_FIELDS: Final = ("content-language", "accept-language", "x-accept-language", "x-language")
_LANGUAGE = re.compile(r"\s*([a-z]{2})(?:[-_][a-z0-9]+)*\s*(?:[;,]|\Z)", re.IGNORECASE)


def _sent_at(value: str, received_at: datetime) -> datetime | None:
    """Return the Date in UTC, None when it is missing, unreadable, before 1995 or more than two days after receipt."""
    try:
        sent = parsedate_to_datetime(unfold(value)[:100])
        sent = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return sent if _EARLIEST <= sent <= received_at + _CLOCK_ERROR else None


def _language(headers: Headers) -> Language | None:
    for name in _LANGUAGE_FIELDS:
        match = _LANGUAGE.match(headers.get(name))
        for language in get_args(Language):
            if match and match[1].lower() == language:
                return language  # type: ignore[no-any-return]  # get_args gives Any; the value is one of Language.
    return None


def _sender(headers: Headers, defects: set[str]) -> Sender | None:
    values = headers.all("from")
    found = single_mailbox(values)
    if found is None:
        defects.add("sender_unclear")
        if len(values) > 1:
            defects.add("several_from")
        return None
    return Sender("email", *found)


def _cut(text: str, limit: int, defects: set[str]) -> str:
    if len(text) > limit:
        defects.add("text_cut")
        return text[:limit]
    return text


def _parts(content: Content, own_text: str, subject: str) -> ReplyParts:
    # Where the HTML hides something, its structure is not asked: the hidden words would come in by that door (M14).
    html = "" if content.hidden or sum(map(len, content.html)) > _MAX_REPLY_HTML else "\n".join(content.html)
    return split(own_text[:_MAX_REPLY], html, subject=subject)


def parse(raw: RawMessage, *, own_addresses: frozenset[str] = frozenset(), authserv_id: str = "") -> InboundMessage:
    """Understand one mail.

    `own_addresses`: every mailbox of the house, in lower case, without tags. `authserv_id`: the name by which our border
    server signs Authentication-Results; empty when there is none. Raises UnreadableError when there is nothing to show.

    `text` holds the whole text, enclosed mails below a separating line; `reply` what is new in the mail's own text (empty
    when a mail was only passed on). Identifiers in `thread` keep their angle brackets.
    """
    if not raw.body.strip(b"\x00 \t\r\n"):
        message = "the mail has no content at all"
        raise UnreadableError(message)
    root, defects = read_structure(raw.body)
    content = Reader().read(root)
    headers = root.headers
    defects |= content.defects
    if len(headers.all("message-id")) > 1:
        defects.add("several_message_id")
    if any("\x00" in value for _, value in headers.fields):
        defects.add("nul_bytes")
    sender = _sender(headers, defects)
    subject = one_line(header_text(root, "subject"), MAX_SUBJECT)
    own_text = _cut(content.own_text, MAX_TEXT, defects)
    text = _cut(content.whole_text, MAX_TEXT, defects)
    hidden = "\n".join(content.hidden)[:_MAX_HIDDEN]
    if hidden and not text:
        defects.add("only_hidden_text")
    robot, bounce = screen(as_message(root), own_text, own_addresses=own_addresses, envelope=raw.envelope)
    if robot is None and sender is not None and sender.address.casefold() in own_addresses:
        # A group or a form of ours stands there for somebody; we never answer ourselves.
        sender = None
        defects.add("sender_unclear")
    parts = _parts(content, own_text, subject)
    reply = parts.new
    return InboundMessage(
        channel=raw.channel,
        account=raw.account,
        external_id=raw.external_id,
        sender=sender,
        subject=subject,
        text=text,
        reply=reply,
        signature=parts.signature,
        received_at=raw.received_at,
        sent_at=_sent_at(headers.get("date"), raw.received_at) if headers.get("date") else None,
        thread=thread_keys(
            headers,
            recipients=raw.envelope.get("rcpt_to", ""),
            own_addresses=own_addresses,
            subject=subject,
            new_text=reply or own_text,
        ),
        attachments=tuple(content.attachments),
        robot=robot,
        bounce=bounce,
        authentication=dmarc_result(headers, authserv_id),
        language_hint=_language(headers),
        html="\n".join(content.html),
        hidden_text=hidden,
        defects=tuple(sorted(defects)),
    )
