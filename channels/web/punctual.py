"""Keeping a message in time: a webhook must answer within two seconds, whatever the store is waiting for (rule H5)."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from channels.contract import StoreUnavailableError, Submit
from channels.message import RawMessage

# What is left of the two seconds is for reading and answering.
SECONDS: Final = 1.5
# With so many in hand the store is not slow but stuck, and the next would only wait behind them.
MOST_IN_HAND: Final = 64
_LAST_SECONDS: Final = 5.0


class Punctual:
    """A `Submit` that says StoreUnavailableError in time instead of waiting on.

    What it has begun goes on: a commit that is under way cannot be taken back, and to cancel it would mean to wait for the very
    lock that it waits for. The same message is known by its id when it is handed over again.
    """

    def __init__(self, submit: Submit, *, seconds: float = SECONDS, most_in_hand: int = MOST_IN_HAND) -> None:
        self._submit = submit
        self._seconds = seconds
        self._most = most_in_hand
        self._in_hand: set[asyncio.Task[bool]] = set()

    async def __call__(self, message: RawMessage) -> bool:
        """Keep one message. Raises StoreUnavailableError when it is not known to be kept in time."""
        if len(self._in_hand) >= self._most:
            raise StoreUnavailableError("too many in hand")
        keeping = asyncio.create_task(self._keep(message))
        self._in_hand.add(keeping)
        keeping.add_done_callback(self._ended)
        done, _ = await asyncio.wait({keeping}, timeout=self._seconds)
        if not done:
            raise StoreUnavailableError("not in time")
        return keeping.result()

    async def settle(self, _: web.Application | None = None) -> None:
        """Wait a little for what is under way; to be called when the house closes."""
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=_LAST_SECONDS)

    async def _keep(self, message: RawMessage) -> bool:
        return await self._submit(message)

    def _ended(self, keeping: asyncio.Task[bool]) -> None:
        self._in_hand.discard(keeping)
        # Looked at, so that nobody is told of an error that its message has told already.
        if not keeping.cancelled():
            keeping.exception()
