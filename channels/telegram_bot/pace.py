"""How fast Telegram may be sent to: about one message a second in a chat, thirty a second in all (Bot API FAQ)."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Final

PER_CHAT_SECONDS: Final = 1.0
OVERALL_SECONDS: Final = 1 / 30
# With more chats than these, those that have been still are forgotten.
_SWEEP_AT: Final = 1000


class Pace:
    """Gives out moments to send at, for one process: several that send each have a pace of their own, and Telegram's 429
    holds them together."""

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
        # When each chat may be sent to again, and the moments that are given out, in their order.
        self._chats: dict[str, float] = {}
        self._given: list[float] = []

    def wait(self, chat: str) -> float:
        """How many seconds until this chat may be sent to, if nothing else is booked before."""
        now = self._clock()
        return self._free(chat, now) - now

    def book(self, chat: str) -> float:
        """Take the next moment for a message to this chat; returns how many seconds away it is."""
        now = self._clock()
        at = self._free(chat, now)
        del self._given[: bisect_left(self._given, now - self._overall)]
        insort(self._given, at)
        self._chats[chat] = at + self._per_chat
        if len(self._chats) > _SWEEP_AT:
            self._chats = {known: until for known, until in self._chats.items() if until > now}
        return at - now

    def hold(self, chat: str, seconds: float) -> None:
        """Send nothing to this chat for so long: Telegram has asked for it."""
        self._chats[chat] = max(self._chats.get(chat, 0.0), self._clock() + seconds)

    def _free(self, chat: str, now: float) -> float:
        """The first moment that suits the chat and lies far enough from every other that is given out.

        So a chat that waits for its own turn leaves the moments before it to the others.
        """
        at = max(now, self._chats.get(chat, 0.0))
        for given in self._given[bisect_left(self._given, at - self._overall) :]:
            if given - at >= self._overall:
                break
            at = max(at, given + self._overall)
        return at
