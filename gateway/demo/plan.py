"""Acts in the order of time, each of which may plan later ones."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final

from gateway.demo.handling import deliver
from gateway.house import House
from store.database import Tx

_BATCH: Final = 200
# What goes out is looked at once in so many acts; each message is noted as gone at its own time.
_DELIVERY: Final = 20

Act = Callable[[Tx, datetime], Awaitable[None]]
# An act that opens transactions of its own, as the console does.
OwnAct = Callable[[datetime], Awaitable[None]]


@dataclass
class Plan:
    """What is still to be done. Nothing is done after `until`. `done` counts the messages that have come in."""

    house: House
    until: datetime
    done: int = 0
    _acts: list[tuple[datetime, int, Act | None, OwnAct | None]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def at(self, moment: datetime, act: Act) -> None:
        """Plan an act within a transaction that it shares with others."""
        if moment < self.until:
            heapq.heappush(self._acts, (moment, next(self._order), act, None))

    def alone_at(self, moment: datetime, act: OwnAct) -> None:
        """Plan an act that takes its own transactions."""
        if moment < self.until:
            heapq.heappush(self._acts, (moment, next(self._order), None, act))

    async def play(self, progress: Callable[[int], None]) -> None:
        """Do everything that is planned. `progress` is told how many messages have come in."""
        while self._acts:
            await self._batch()
            if self._acts and (alone := self._acts[0][3]) is not None:
                moment = heapq.heappop(self._acts)[0]
                await alone(moment)
            progress(self.done)
        async with self.house.store.write() as tx:
            await deliver(tx, self.house, self.until)

    async def _batch(self) -> None:
        """The next acts, until one wants to be alone."""
        async with self.house.store.write() as tx:
            for place in range(_BATCH):
                if not self._acts or (act := self._acts[0][2]) is None:
                    return
                moment = heapq.heappop(self._acts)[0]
                if place % _DELIVERY == 0:
                    await deliver(tx, self.house, moment)
                await act(tx, moment)
