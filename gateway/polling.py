"""Asking Telegram for updates, for a house that it cannot reach: by one process at a time, which tells how it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from channels.telegram_bot.bot import Access, access_of
from channels.telegram_bot.polling import Poller, PollingStatus
from gateway import leases
from gateway.door import Door
from gateway.house import House
from store import operations

log = structlog.get_logger(__name__)

# The name of its sign of life.
SIGN: Final = "telegram"
# A poller that is told to stop finishes what it has in hand.
_LAST_SECONDS: Final = 10


@asynccontextmanager
async def polling(house: House, door: Door) -> AsyncIterator[None]:
    """Poll until the block ends, where the settings want that."""
    access = access_of(house.settings)
    if access is None or not house.settings.telegram_polling:
        yield
        return
    owner = _Owner(house, door, access)
    task = asyncio.create_task(owner.run(), name="telegram")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Owner:
    """Polls while this process holds the right to."""

    def __init__(self, house: House, door: Door, access: Access) -> None:
        self._house = house
        self._door = door
        self._access = access

    async def run(self) -> None:
        """Try to become the owner, poll, and give up when the lease is lost."""
        while True:
            try:
                if await leases.hold(self._house, SIGN):
                    await self._poll()
            except asyncio.CancelledError:
                raise
            except Exception:
                # Telegram must be asked again whatever happened; nobody else would begin anew.
                log.exception("polling ended")
            await asyncio.sleep(leases.EVERY)

    async def _poll(self) -> None:
        poller = Poller(self._access, self._door.submit, clock=self._house.now)
        task = asyncio.create_task(poller.run(), name="poller")
        try:
            while not task.done():
                # The first word comes soon, so that readiness does not guess.
                await asyncio.wait({task}, timeout=1 if poller.status.last_contact is None else leases.EVERY)
                await self._tell(poller.status)
                if not await leases.hold(self._house, SIGN):
                    log.warning("another process asks Telegram now")
                    return
        finally:
            poller.stop()
            _, late = await asyncio.wait({task}, timeout=_LAST_SECONDS)
            for one in late:
                one.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tell(self, status: PollingStatus) -> None:
        detail = {"last_contact": status.last_contact.isoformat() if status.last_contact else ""}
        with contextlib.suppress(StoreUnavailableError):
            async with self._house.store.write() as tx:
                await operations.beat(tx, SIGN, status.state, detail, now=self._house.now())
