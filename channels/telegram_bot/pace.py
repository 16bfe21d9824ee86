"""How fast Telegram may be sent to: about one message a second in a chat, thirty a second in all (Bot API FAQ)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PER_CHAT_SECONDS: Final = 1.0
OVERALL_SECONDS: Final = 1 / 30
# Chats that have been still for so long are forgotten.
_SWEEP_AT: Final = 1000


class Pace:
    """Gives out moments to send at. What is booked is used; several processes that send each have a pace of their own, and
    Telegram's 429 holds them together."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        per_chat: float = PER_CHAT_SECONDS,
        overall: float = OVERALL_SECONDS,
    ) -> None:
        self._clock = clock
        self._per_chat = per_chat
        self._overall = overall
        self._chats: dict[str, float] = {}
        self._next = 0.0

    def wait(self, chat: str) -> float:
        """How many seconds until this chat may be sent to, if nothing else is booked before."""
        return max(0.0, max(self._chats.get(chat, 0.0), self._next) - self._clock())

    def book(self, chat: str) -> float:
        """Take the next moment for a message to this chat; returns how many seconds away it is."""
        now = self._clock()
        # A chat that waits for its own turn takes its place in the common line all the same, now: it must not hold the
        # others up until then.
        common = max(now, self._next)
        self._next = common + self._overall
        at = max(common, self._chats.get(chat, 0.0))
        self._chats[chat] = at + self._per_chat
        self._forget(now)
        return at - now

    def hold(self, chat: str, seconds: float) -> None:
        """Send nothing to this chat for so long: Telegram has asked for it."""
        self._chats[chat] = max(self._chats.get(chat, 0.0), self._clock() + seconds)

    def _forget(self, now: float) -> None:
        if len(self._chats) > _SWEEP_AT:
            self._chats = {chat: at for chat, at in self._chats.items() if at > now}
