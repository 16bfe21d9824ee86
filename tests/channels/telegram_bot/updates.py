"""Updates as the Bot API sends them, with every field that a real one has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from channels.message import InboundMessage, RawMessage
from channels.telegram_bot.parse import parse

CHAT = 7701100
NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
PERSON = {"id": CHAT, "is_bot": False, "first_name": "Léa", "last_name": "Exemple", "language_code": "fr-BE"}
PRIVATE = {"id": CHAT, "type": "private", "first_name": "Léa", "last_name": "Exemple"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Voisins"}
BUTTONS = {
    "inline_keyboard": [
        [{"text": "Oui, c’est juste", "callback_data": "yes"}, {"text": "Non", "callback_data": "no"}],
        [{"text": "Une personne", "callback_data": "person"}],
    ]
}


def message(
    text: str | None = None, *, number: int = 42, chat: dict[str, Any] = PRIVATE, **more: Any
) -> dict[str, Any]:
    """A message of the person."""
    made = {"message_id": number, "from": PERSON, "chat": chat, "date": 1_795_687_200, **more}
    return made if text is None else {**made, "text": text}


def press(
    data: str = "yes", *, by: dict[str, Any] = PERSON, chat: dict[str, Any] = PRIVATE, **more: Any
) -> dict[str, Any]:
    """A press of a button below message 41 of the bot."""
    below = {
        "message_id": 41,
        "from": {"id": 7700110300, "is_bot": True, "first_name": "Guichet"},
        "chat": chat,
        "date": 1_795_687_100,
        "text": "Est-ce juste ?",
        "reply_markup": BUTTONS,
    }
    return {"id": "998877", "from": by, "message": below, "chat_instance": "-1", "data": data, **more}


def raw(update: Any, *, number: int = 900_000_001) -> RawMessage:
    """The stored bytes of an update."""
    body = update if isinstance(update, bytes) else json.dumps({"update_id": number, **update}).encode()
    return RawMessage("telegram", "7700110300", str(number), body, NOW)


def parsed(**update: Any) -> InboundMessage:
    """What the parser makes of an update."""
    return parse(raw(update))


class Kept:
    """A store in memory, unique by external id, that can be told to fail or to be slow."""

    def __init__(self) -> None:
        self.items: dict[str, RawMessage] = {}
        self.calls: list[str] = []
        self.trouble: list[BaseException] = []
        self.hold: asyncio.Event | None = None

    async def submit(self, message: RawMessage) -> bool:
        self.calls.append(message.external_id)
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        new = message.external_id not in self.items
        self.items.setdefault(message.external_id, message)
        # As in a real store, others have their turn before the caller hears of it.
        await asyncio.sleep(0)
        return new


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that another task does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other tasks
            await asyncio.sleep(0.01)
