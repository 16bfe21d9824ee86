"""From the form that Twilio posted to a message. Files are listed and not fetched: that is the worker's (channels.media)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from channels.contract import UnreadableError
from channels.form.fields import clean_line, clean_text
from channels.message import InboundMessage, MediaLink, RawMessage, Robot, Sender, ThreadKeys
from channels.reference import find_references
from channels.twilio_sms.form import MESSAGE_SID, read_fields
from channels.twilio_sms.numbers import is_machine, is_number, number_of
from config.sms import sms_words

_MOST_FILES: Final = 10
_LONGEST_NAME: Final = 120
_LONGEST_CHOICE: Final = 200
_MEDIA_SID: Final = re.compile(r"ME[0-9a-f]{32}")
_KIND: Final = re.compile(r"[a-z][a-z_]{1,30}", re.ASCII)
_PLAIN_KINDS: Final = ("", "text", "image", "video", "audio", "document", "button", "interactive", "sticker", "voice")


def parse(raw: RawMessage) -> InboundMessage:
    """What a member wrote by SMS or WhatsApp. Raises UnreadableError where there is no form at all."""
    try:
        fields = read_fields(raw.body)
    except ValueError:
        raise UnreadableError("more fields than a text message has") from None
    if not fields:
        raise UnreadableError("no fields of a text message")
    number = number_of(fields.get("From", ""))
    text = _said(fields)
    media = _media(fields)
    answered = fields.get("OriginalRepliedMessageSid", "")
    return InboundMessage(
        channel=raw.channel,
        account=raw.account,
        external_id=raw.external_id,
        sender=Sender("phone", number, _short(fields, "ProfileName", _LONGEST_NAME)) if is_number(number) else None,
        subject="",
        text=text,
        reply=text,
        received_at=raw.received_at,
        thread=ThreadKeys(
            message_id=fields.get("MessageSid", "") if MESSAGE_SID.fullmatch(fields.get("MessageSid", "")) else "",
            in_reply_to=(answered,) if MESSAGE_SID.fullmatch(answered) else (),
            quoted_references=find_references(text),
        ),
        robot=_robot(number, raw.account),
        defects=("media_missing",) if _announced(fields) > len(media) else (),
        media=media,
        choice=_short(fields, "ButtonPayload", _LONGEST_CHOICE) or _short(fields, "ListId", _LONGEST_CHOICE),
    )


def _said(fields: Mapping[str, str]) -> str:
    """The words of the message; what has none of its own (a place, a visiting card) is said in words."""
    pressed = clean_line(fields.get("ButtonText", "")) or clean_line(fields.get("ListTitle", ""))
    parts = [pressed or clean_text(fields.get("Body", "")), _place(fields)]
    kind = fields.get("MessageType", "").lower()
    if kind == "contacts":
        parts.append(_label("contact"))
    elif kind not in (*_PLAIN_KINDS, "location") and not any(parts):
        parts.append(f"{_label('other')} ({kind})" if _KIND.fullmatch(kind) else _label("other"))
    return "\n\n".join(part for part in parts if part)


def _place(fields: Mapping[str, str]) -> str:
    where = [
        *(clean_line(fields.get(name, ""))[:200] for name in ("Label", "Address")),
        ", ".join(clean_line(fields.get(name, ""))[:30] for name in ("Latitude", "Longitude")).strip(", "),
    ]
    # A label alone is nothing that a place has: only what is sent as one has coordinates.
    return f"{_label('location')}: {'; '.join(part for part in where if part)}" if where[-1] else ""


def _label(name: str) -> str:
    """The word in every language: nobody knows yet which of them the sender reads, and a colleague reads one of them."""
    return " / ".join(dict.fromkeys(sms_words().received[name].values()))


def _media(fields: Mapping[str, str]) -> tuple[MediaLink, ...]:
    found = []
    for number in range(_MOST_FILES):
        url = fields.get(f"MediaUrl{number}", "")
        if url:
            last = url.rpartition("/")[2]
            declared = clean_line(fields.get(f"MediaContentType{number}", ""))[:100].lower()
            found.append(MediaLink(url, declared, id=last if _MEDIA_SID.fullmatch(last) else ""))
    return tuple(found)


def _announced(fields: Mapping[str, str]) -> int:
    number = fields.get("NumMedia", "")
    return int(number) if re.fullmatch(r"[0-9]{1,3}", number) else 0


def _robot(number: str, own: str) -> Robot | None:
    if number and number == own:
        return Robot("own", "sender")
    # It takes no answer, and no member's telephone has one: advertising, codes, notices of a network.
    return Robot("bulk", "sender") if is_machine(number) else None


def _short(fields: Mapping[str, str], name: str, most: int) -> str:
    return clean_line(fields.get(name, ""))[:most].strip()
