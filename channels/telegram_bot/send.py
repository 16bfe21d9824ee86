"""Answers out, through the Bot API: plain text in pieces, buttons for choices, documents; at Telegram's own pace."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from channels.contract import Delivery
from channels.message import Attachment, Choice, OutboundMessage
from channels.telegram_bot.bot import seconds_of
from channels.telegram_bot.pace import Pace
from channels.telegram_bot.parse import name_of
from channels.telegram_bot.pieces import pieces
from channels.telegram_bot.press import Press

log = structlog.get_logger(__name__)

# What a delivery says whose reader has blocked the bot, or is gone.
SHUT_OUT: Final = "403"
# What Telegram takes from a bot as one document.
MOST_BYTES: Final = 50 * 1000 * 1000
# So long a delivery may wait for its turn in hand; beyond, it goes back to the outbox, which has a lease to keep.
LONGEST_WAIT: Final = 20.0
_MOST_DATA: Final = 64
_LONGEST_LABEL: Final = 64
# Two short labels stand side by side on the narrowest telephone.
_SIDE_BY_SIDE: Final = 14
# How many messages in progress, and chats with open buttons, are remembered.
_REMEMBERED: Final = 10_000
_CHAT = re.compile(r"-?[1-9]\d{0,18}")
# What the library raises when it cannot read what Telegram says of a message that it has taken.
_UNREAD: Final = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Part:
    """One message of the Bot API: words, or a document."""

    text: str = ""
    attachment: Attachment | None = None


class TelegramSender:
    """Sends as one bot. The Bot API knows no idempotency key: a message whose end we do not know goes again ("later"), and
    of one in several parts only those that are not known to have arrived, as long as this process lives.
    """

    def __init__(self, bot: Bot, *, pace: Pace | None = None, longest_wait: float = LONGEST_WAIT) -> None:
        self._bot = bot
        self._pace = pace or Pace()
        self._longest_wait = longest_wait
        self._arrived: OrderedDict[str, int] = OrderedDict()
        self._buttons: OrderedDict[str, int] = OrderedDict()
        self._in_line: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send(self, message: OutboundMessage) -> Delivery:
        """Hand one message over. The subject has no place in a chat and is left out."""
        chat = message.recipient
        parts = _parts(message)
        if not _CHAT.fullmatch(chat):
            return Delivery("failed", "400 no chat")
        if not parts:
            return Delivery("failed", "400 nothing to send")
        if any(part.attachment and part.attachment.size > MOST_BYTES for part in parts):
            return Delivery("failed", "413")
        # Messages to one chat go one after the other, so that the parts of two are never mixed.
        line = self._in_line.setdefault(chat, asyncio.Lock())
        async with line:
            delivery = await self._send_parts(message, chat, parts)
        log.info("telegram_message_handed_over", outcome=delivery.outcome, code=delivery.code)
        return delivery

    async def settle(self, press: Press) -> None:
        """Let a pressed button stop turning, and take the buttons of its message away. Trouble with it is nobody's trouble."""
        with suppress(TelegramError, *_UNREAD):
            await self._bot.answer_callback_query(press.query_id)
        if self._buttons.get(str(press.chat)) == press.message_id:
            del self._buttons[str(press.chat)]
        await self._take_buttons(str(press.chat), press.message_id)

    async def _send_parts(self, message: OutboundMessage, chat: str, parts: list[_Part]) -> Delivery:
        keyboard = keyboard_of(message.choices)
        old = self._buttons.get(chat)
        delivery = Delivery("sent", "200")
        for index in range(self._arrived.get(message.key, 0), len(parts)):
            wait = self._pace.wait(chat)
            if wait > self._longest_wait:
                return Delivery("later", "429", after_seconds=wait)
            await asyncio.sleep(self._pace.book(chat))
            last = index == len(parts) - 1
            delivery = await self._attempt(chat, parts[index], keyboard if last else None)
            if delivery.outcome != "sent":
                return delivery
            _remember(self._arrived, message.key, index + 1)
        self._arrived.pop(message.key, None)
        if old is not None and self._buttons.get(chat) == old:
            del self._buttons[chat]
        if old is not None:
            await self._take_buttons(chat, old)
        return delivery

    async def _attempt(self, chat: str, part: _Part, keyboard: InlineKeyboardMarkup | None) -> Delivery:
        try:
            sent = await self._call(chat, part, keyboard)
        except RetryAfter as error:
            seconds = seconds_of(error)
            self._pace.hold(chat, seconds)
            return Delivery("later", "429", after_seconds=seconds)
        except TelegramError as error:
            return _delivery_after(error)
        except _UNREAD:
            return Delivery("sent", "200 unread")
        if keyboard is not None:
            _remember(self._buttons, chat, sent.message_id)
        return Delivery("sent", "200", provider_id=name_of(chat, sent.message_id))

    async def _call(self, chat: str, part: _Part, keyboard: InlineKeyboardMarkup | None) -> Message:
        if part.attachment is None:
            return await self._bot.send_message(
                int(chat),
                part.text,
                reply_markup=keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        return await self._bot.send_document(
            int(chat),
            part.attachment.content,
            filename=part.attachment.name or "file",
            reply_markup=keyboard,
            disable_content_type_detection=True,
        )

    async def _take_buttons(self, chat: str, message_id: int) -> None:
        with suppress(TelegramError, *_UNREAD):
            await self._bot.edit_message_reply_markup(chat_id=int(chat), message_id=message_id, reply_markup=None)


def keyboard_of(choices: tuple[Choice, ...]) -> InlineKeyboardMarkup | None:
    """Buttons for the choices, short ones two in a row; None where there are none, or where one does not fit on a button."""
    if not choices or not _fit(choices):
        return None
    rows: list[list[InlineKeyboardButton]] = []
    for choice in choices:
        button = InlineKeyboardButton(choice.label[:_LONGEST_LABEL], callback_data=choice.id)
        beside = rows and len(rows[-1]) == 1 and max(len(rows[-1][0].text), len(choice.label)) <= _SIDE_BY_SIDE
        if beside:
            rows[-1].append(button)
        else:
            rows.append([button])
    return InlineKeyboardMarkup(rows)


def _fit(choices: tuple[Choice, ...]) -> bool:
    return all(choice.label.strip() and 0 < len(choice.id.encode()) <= _MOST_DATA for choice in choices)


def _parts(message: OutboundMessage) -> list[_Part]:
    """The words first, then the documents. Choices that fit on no button are numbered lines, to be typed."""
    text = message.text
    if message.choices and not _fit(message.choices):
        text += "\n\n" + "\n".join(f"{place}. {choice.label}" for place, choice in enumerate(message.choices, 1))
    return [*map(_Part, pieces(text)), *_documents(message.attachments)]


def _documents(attachments: tuple[Attachment, ...]) -> Iterator[_Part]:
    # The Bot API refuses a file of no bytes.
    return (_Part(attachment=each) for each in attachments if each.content)


def _delivery_after(error: TelegramError) -> Delivery:
    """What an error means for this message. Its own words are left out: they may repeat ours, or the token."""
    if isinstance(error, BadRequest) and "chat not found" in str(error).lower():
        return Delivery("failed", "400 chat not found")
    return next(delivery for kind, delivery in _AFTER if isinstance(error, kind))


# The first that fits: a bad request and a time-out are network errors to the library, and everything is a TelegramError.
_AFTER: Final[tuple[tuple[type[TelegramError], Delivery], ...]] = (
    # The person has blocked the bot, or is gone.
    (Forbidden, Delivery("failed", SHUT_OUT)),
    # A setting of ours is wrong; the message may go when it is mended.
    (InvalidToken, Delivery("later", "401")),
    (ChatMigrated, Delivery("failed", "400 migrated")),
    (BadRequest, Delivery("failed", "400")),
    (TimedOut, Delivery("later", "timeout")),
    (Conflict, Delivery("later", "409")),
    (TelegramError, Delivery("later", "5xx or no connection")),
)


def _remember(into: OrderedDict[str, int], key: str, value: int) -> None:
    into[key] = value
    into.move_to_end(key)
    if len(into) > _REMEMBERED:
        into.popitem(last=False)
