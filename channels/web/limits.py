"""Rate limits of one process: a token bucket and a count a day for each sender, in bounded memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_DAY_SECONDS = 86400.0


class Limiter(Protocol):
    """Somebody who counts acts, in this process or for all processes together."""

    async def take(self, scope: str, key: str, *, rate: float, burst: int, per_day: int) -> int:
        """Count one act of `key` within `scope`; return 0 when it is allowed, else the whole seconds to wait.

        `rate` is a minute's refill, `burst` the most at once, `per_day` the most in 24 hours (0: no daily limit). An
        act that is refused is not counted.
        """
        ...

    async def last_minute(self, scope: str, *, add: int = 0) -> float:
        """Count `add` acts of everybody within `scope`; return about how many there were in the last 60 seconds.

        What came in the minute of the clock before this one counts by the share of it that is still within 60 seconds.
        """
        ...


@dataclass(slots=True)
class _Count:
    tokens: float
    at: float
    day_started: float
    today: int = 0


@dataclass(slots=True)
class _Minutes:
    minute: float
    now: int = 0
    before: int = 0


class MemoryLimiter:
    """Counts in this process. Beyond `capacity` senders the one not seen for longest is forgotten."""

    def __init__(self, *, capacity: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._minutes: dict[str, _Minutes] = {}

    async def take(self, scope: str, key: str, *, rate: float, burst: int, per_day: int) -> int:
        """As the protocol says."""
        now = self._clock()
        count = self._count((scope, key), burst, now)
        count.tokens = min(burst, count.tokens + max(0.0, now - count.at) * rate / 60)
        count.at = now
        if now - count.day_started >= _DAY_SECONDS:
            count.day_started, count.today = now, 0
        if count.tokens < 1:
            return max(1, math.ceil((1 - count.tokens) * 60 / rate))
        if per_day and count.today >= per_day:
            return max(1, math.ceil(count.day_started + _DAY_SECONDS - now))
        count.tokens -= 1
        count.today += 1
        return 0

    async def last_minute(self, scope: str, *, add: int = 0) -> float:
        """As the protocol says."""
        minute, second = divmod(self._clock(), 60)
        minutes = self._minutes.setdefault(scope, _Minutes(minute))
        if minute != minutes.minute:
            minutes.before = minutes.now if minute == minutes.minute + 1 else 0
            minutes.minute, minutes.now = minute, 0
        minutes.now += add
        return minutes.now + minutes.before * (1 - second / 60)

    def __len__(self) -> int:
        """How many senders are remembered."""
        return len(self._counts)

    def _count(self, name: tuple[str, str], burst: int, now: float) -> _Count:
        count = self._counts.get(name)
        if count is None:
            count = self._counts[name] = _Count(tokens=burst, at=now, day_started=now)
            if len(self._counts) > self._capacity:
                self._counts.popitem(last=False)
        self._counts.move_to_end(name)
        return count


class Barred:
    """Who may not try again yet. Remembers, in bounded memory, until when a sender was told to wait."""

    def __init__(self, *, capacity: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()

    def bar(self, key: str, seconds: int) -> None:
        """Let `key` wait for so many seconds from now."""
        self._until[key] = self._clock() + seconds
        self._until.move_to_end(key)
        if len(self._until) > self._capacity:
            self._until.popitem(last=False)

    def seconds_left(self, key: str) -> int:
        """Return the whole seconds that `key` has still to wait, 0 when it may try."""
        left = self._until.get(key, 0.0) - self._clock()
        if left <= 0:
            self._until.pop(key, None)
            return 0
        return math.ceil(left)
