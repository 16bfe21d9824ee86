"""From the stored bytes of an update to a message. A parser bug is repaired by replaying the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from channels.contract import UnreadableError
from channels.form.fields import international
from channels.message import Bounce, InboundMessage, RawMessage, Robot, RobotKind, Sender, ThreadKeys
from channels.reference import find_references
from channels.telegram_bot.update import Situation, Update, read_update
from config.telegram import telegram_words
from config.vocabulary import LANGUAGES, Language

# Whatever is no person who talks to us alone is answered by nobody. `evidence` is "telegram" and the situation.
_ROBOTS: Final[Mapping[Situation, RobotKind]] = {
    "group": "list",
    "channel": "bulk",
    "bot": "auto_reply",
    "blocked": "bounce",
    "unblocked": "system",
    "system": "system",
}


def parse(raw: RawMessage) -> InboundMessage:
    """Return what an update says. Raises channels.contract.UnreadableError when it is no update at all.

    The sender is the chat, where an answer goes. `text` is everything, what has no words of its own put in brackets;
    `reply` is only what the person wrote. `choice` is the pressed button's, or the command ("/start", "/help", "/stop").
    The files are still to be fetched: `read_update(raw.body).media` names them.
    """
    update = read_update(raw.body)
    if update is None:
        raise UnreadableError("no update of the Bot API")
    language = language_of(update.language_code)
    whole = _whole(update, language or "fr")
    # Telegram gives numbers with their country, and often without the plus.
    own_number = international(f"+{update.own_phone.lstrip('+')}") if update.own_phone else None
    return InboundMessage(
        channel=raw.channel,
        account=raw.account,
        external_id=raw.external_id,
        sender=Sender("telegram", update.chat, update.name) if update.chat else None,
        subject="",
        text=whole,
        reply=update.text,
        received_at=raw.received_at,
        sent_at=_moment(update.sent_at),
        thread=_thread(update, whole),
        robot=_robot(update),
        bounce=Bounce(update.chat, permanent=True, status="403") if update.situation == "blocked" else None,
        language_hint=language,
        other_contacts=(Sender("phone", own_number, update.name),) if own_number else (),
        defects=("unknown kind of message",) if any(note.name == "unknown" for note in update.notes) else (),
        edit_of=name_of(update.chat, update.message_id) if update.changed else "",
        choice=update.press.choice if update.press else update.command or "",
    )


def name_of(chat: str | int, message_id: int) -> str:
    """The name of a message of either side, as `ThreadKeys.message_id` and `Delivery.provider_id` have it."""
    return f"telegram:{chat}:{message_id}"


def language_of(code: str) -> Language | None:
    """The language of the person's own telephone ("fr-BE" is French), None for one that we do not speak."""
    spoken = code.lower().partition("-")[0].partition("_")[0]
    return next((language for language in LANGUAGES if language == spoken), None)


def _whole(update: Update, language: Language) -> str:
    words = telegram_words()
    notes = (words.note(note.name, language, note.values) for note in update.notes)
    return "\n".join(part for part in (update.text, *notes) if part)


def _thread(update: Update, whole: str) -> ThreadKeys:
    earlier = (name_of(update.chat, update.replies_to),) if update.chat and update.replies_to else ()
    own = name_of(update.chat, update.message_id) if update.chat and update.message_id else ""
    return ThreadKeys(message_id=own, in_reply_to=earlier, quoted_references=find_references(whole))


def _robot(update: Update) -> Robot | None:
    kind = _ROBOTS.get(update.situation)
    return Robot(kind, f"telegram {update.situation}") if kind else None


def _moment(seconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
