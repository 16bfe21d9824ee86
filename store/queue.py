"""The queue that wakes workers: in this process here, in Redis Streams (`store.redis_queue`) so that many act as one.

It carries hints only. Which items are due, and who works on them, the database says; a hint that is lost (a restart, a
trimmed stream, no Redis at all) makes an item late until the next look at the database, never lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ticket:
    """A hint in hand: which item, and under which handle it is to be marked as done."""

    item_id: int
    handle: str = ""


class Queue(Protocol):
    """Hands item ids to workers. No method raises because the other side is down."""

    async def put(self, item_id: int) -> None:
        """Say that an item is waiting."""
        ...

    async def take(self, *, limit: int, timeout: float) -> list[Ticket]:  # noqa: ASYNC109 (the wait is the method's job)
        """Up to `limit` hints; an empty list when none came within `timeout` seconds or the queue is down."""
        ...

    async def done(self, tickets: Sequence[Ticket]) -> None:
        """These hints have been followed."""
        ...

    async def close(self) -> None:
        """Give back what is held open."""
        ...


class LocalQueue:
    """Within one process: a deque and an event."""

    def __init__(self) -> None:
        self._ids: deque[int] = deque()
        self._event = asyncio.Event()

    async def put(self, item_id: int) -> None:
        """Say that an item is waiting."""
        self._ids.append(item_id)
        self._event.set()

    async def take(self, *, limit: int, timeout: float) -> list[Ticket]:  # noqa: ASYNC109 (as in the protocol)
        """Up to `limit` hints, in the order in which they were put."""
        if not self._ids:
            self._event.clear()
            try:
                await asyncio.wait_for(self._event.wait(), timeout)
            except TimeoutError:
                return []
        return [Ticket(self._ids.popleft()) for _ in range(min(limit, len(self._ids)))]

    async def done(self, tickets: Sequence[Ticket]) -> None:
        """Nothing to do: a hint that was taken is gone."""

    async def close(self) -> None:
        """Nothing is held open."""
