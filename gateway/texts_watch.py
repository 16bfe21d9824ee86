"""Every quarter of an hour Twilio is asked what it holds, and what never reached us is taken in (rule H5)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from channels.contract import StoreUnavailableError, Submit
from gateway import leases
from gateway.house import House
from gateway.providers import Asked, ask_twilio
from store import operations

log = structlog.get_logger(__name__)

LOOKS_BACK: Final = timedelta(days=1)
_MINUTES: Final = 15
_SECONDS: Final = 30.0
_JOB: Final = "texts"


@dataclass
class TextsWatch:
    """Runs beside the clock. Of several processes the one with the lease asks; what two take in all the same is one item."""

    house: House
    submit: Submit
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look at once, since what came while no process ran has waited, then every quarter of an hour, until told to stop."""
        while not self._stopping.is_set():
            try:
                await self.look(self.house.now())
            except StoreUnavailableError:
                log.warning("the store cannot be reached; trying again")
            try:
                await asyncio.wait_for(self._stopping.wait(), timeout=_SECONDS)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def look(self, now: datetime) -> Asked | None:
        """Ask, unless this quarter of an hour was asked for already; None then. Raises StoreUnavailableError: the quarter then
        counts as not asked for, and the next look is within half a minute."""
        slot = now.strftime("%Y-%m-%dT%H:") + f"{now.minute // _MINUTES * _MINUTES:02}"
        if not self.house.settings.twilio_auth_token.get_secret_value():
            return None
        async with self.house.store.read() as tx:
            if await operations.has_run(tx, _JOB, slot):
                return None
        if not await leases.hold(self.house, _JOB):
            return None
        asked = await ask_twilio(self.house, since=now - LOOKS_BACK, now=now, take_in=self.submit)
        async with self.house.store.write() as tx:
            if await operations.first_to_run(tx, _JOB, slot, now=now):
                await operations.note_result(tx, _JOB, slot, {"taken_in": asked.taken_in})
        if asked.taken_in:
            log.error("texts that Twilio could not hand over were taken in from its list", texts=asked.taken_in)
        for words in asked.differences:
            log.error("Twilio's list could not be compared", reason=words)
        return asked
