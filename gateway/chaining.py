"""The loop that links the entries of the audit and writes the head of their chain outside of the database: when it begins, on
each day, and when it ends. It says the head in the log too, so that whoever collects logs holds it elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from gateway import audit_heads
from gateway.audit_heads import Head
from gateway.house import House
from router import deadlines
from store import audit_chain
from store.database import Store

log = structlog.get_logger(__name__)

EVERY: Final = 5.0
# When the process ends, no more links are made than in about a second; the rest waits for the next start.
_LAST_ROUNDS: Final = 10


async def catch_up(store: Store, stopping: asyncio.Event | None = None) -> int:
    """Link all entries that wait, in parts between which others write; how many they were."""
    linked = 0
    while not (stopping and stopping.is_set()) and (some := await audit_chain.extend(store)):
        linked += some
    return linked


async def keep_head(house: House, *, once_a_day: bool = False, restored: bool = False) -> None:
    """Write down where the chain ends now. Raises OSError, StoreUnavailableError."""
    async with house.store.read() as tx:
        end = await audit_chain.end(tx)
    head = Head(deadlines.received_day(house.now()), end, restored=restored)
    if await asyncio.to_thread(audit_heads.keep, house.settings.data, head, once_a_day=once_a_day):
        log.info("the head of the audit", position=end.position, digest=end.digest.hex())


@dataclass
class Chaining:
    """The loop of one process; several act as one."""

    house: House
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _kept_on: date | None = None

    async def run(self) -> None:
        """Look every few seconds, until told to stop."""
        while not self._stopping.is_set():
            await self._look()
            try:
                await asyncio.wait_for(self._stopping.wait(), timeout=EVERY)
            except TimeoutError:
                continue
        await self._end()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def _look(self) -> None:
        try:
            if self._kept_on is None:
                # Before the first link of all: from then on a file that is missing has been taken away.
                await keep_head(self.house)
            await catch_up(self.house.store, self._stopping)
            today = deadlines.received_day(self.house.now())
            if self._kept_on != today:
                await keep_head(self.house, once_a_day=self._kept_on is not None)
                self._kept_on = today
        except StoreUnavailableError:
            log.warning("the store cannot be reached; the audit is chained later")
        except OSError:
            log.exception("the head of the audit could not be written")

    async def _end(self) -> None:
        try:
            for _ in range(_LAST_ROUNDS):
                if not await audit_chain.extend(self.house.store):
                    break
            await keep_head(self.house)
        except (StoreUnavailableError, OSError):
            log.warning("the audit ended without its last head; the next start writes it")
