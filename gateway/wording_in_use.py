"""What members read follows what supervisors publish and put up, in every process and without a restart."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from config.announcements import stand
from config.vocabulary import Language
from config.wording import SituationText, shipped, use
from gateway.house import House
from store import announcements, wordings
from store.wordings import Body

log = structlog.get_logger(__name__)

SECONDS: Final = 5.0


@dataclass
class WordingInUse:
    """Looks every few seconds whether something was published, put up or taken off, or has come to its end. It runs in every
    process, since each tells members something."""

    house: House
    _known: tuple[int, int] = (0, 0)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look until told to stop."""
        while not self._stopping.is_set():
            try:
                await self.look()
            except StoreUnavailableError:
                log.warning("the store cannot be reached; members get the texts that were in use")
            try:
                await asyncio.wait_for(self._stopping.wait(), timeout=SECONDS)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def look(self) -> bool:
        """Take over what was published since; True when something was. Raises StoreUnavailableError."""
        async with self.house.store.read() as tx:
            stand([one.body for one in await announcements.standing(tx, now=self.house.now())])
            newest = await wordings.newest(tx)
            if newest == self._known:
                return False
            published = await wordings.in_use(tx)
        use({situation: as_texts(situation, one.body) for situation, one in published.items()})
        self._known = newest
        return True


def as_texts(situation: str, body: Body) -> dict[Language, SituationText]:
    """The words of a publication as the acknowledgement takes them; who signs stays as shipped."""
    return {
        language: SituationText(
            subject=parts["subject"],
            long=parts["long"],
            short=parts["short"],
            signature=shipped()[language].situations[situation].signature,
        )
        for language, parts in body.items()
        if situation in shipped()[language].situations
    }
