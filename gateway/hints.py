"""Live hints between the processes of one house: by Redis, or, where there is none, by looking into the register."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from gateway.house import House
from store import conversations
from store.live import ALL, Hint

log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 1.0
# A line can become visible later than younger ones: so many are looked at again, and a hint too many does no harm.
_OVERLAP: Final = 50


@asynccontextmanager
async def carried(house: House, *, blind: bool) -> AsyncIterator[None]:
    """Carry hints until the block ends. `blind`: there are other processes and no Redis, so that none of theirs arrives."""
    task = asyncio.create_task(_carry(house, blind), name="live hints")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _carry(house: House, blind: bool) -> None:
    while True:
        try:
            await (_look(house) if blind else house.live.run())
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("live hints ended and start again")
        else:
            if not blind:
                return
        await asyncio.sleep(_AGAIN_SECONDS)


async def _look(house: House) -> None:
    """Look for new lines once a second."""
    after: int | None = None
    while True:
        with suppress(StoreUnavailableError):
            async with house.store.read() as tx:
                spoken, newest = await conversations.spoken_in(tx, after=after)
            after = newest - _OVERLAP
            for conversation_id in spoken & house.live.watched:
                house.live.spread(Hint(conversation_id))
            if spoken and ALL in house.live.watched:
                house.live.spread(Hint(ALL))
        await asyncio.sleep(_LOOK_SECONDS)
