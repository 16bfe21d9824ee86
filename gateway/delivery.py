"""The delivery: what is in the outbox goes out, at least once, under one key, and its end is recorded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from channels.contract import Delivery as Outcome
from channels.contract import Sends, StoreUnavailableError
from gateway.house import House
from gateway.intake import SWEEP_SECONDS
from gateway.metrics import Metrics
from store import cases, codes, domain_rates, links, outbox
from store.database import Tx
from store.outbox import Outgoing

log = structlog.get_logger(__name__)

# A temporary refusal is tried again after 1, 2, 4 … minutes, at most every 4 hours, for 5 days (RFC 5321, 4.5.4.1).
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=4)
GIVE_UP_AFTER: Final = timedelta(days=5)
# A code that somebody asked for is of no use once it has ended.
_GIVE_UP_A_CODE_AFTER: Final = codes.LIFE
# Automatic mail to one recipient domain, a minute, of all workers together.
PER_DOMAIN_A_MINUTE: Final = 60
# Messages to one recipient domain in hand at once: one that hangs keeps these places and no more of all there are.
PER_DOMAIN_AT_ONCE: Final = 5
# When a message is looked at again that found its domain's places taken.
NO_PLACE_WAIT: Final = timedelta(seconds=5)


def _domain(outgoing: Outgoing) -> str:
    return outgoing.message.recipient.rpartition("@")[2].lower()


@dataclass
class Delivery:
    """The worker's loop over the outbox. One slow server delays nobody else: each message goes out on its own."""

    house: House
    channels: Mapping[str, Sends]
    metrics: Metrics
    patience: float = SWEEP_SECONDS
    at_once: int = 32
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _in_hand: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Send until told to stop; then what is under way is waited for."""
        while not self._stopping.is_set():
            try:
                taken = await self._take()
            except StoreUnavailableError:
                await asyncio.sleep(1)
                continue
            if not taken:
                try:
                    await self._wait_for_more()
                except StoreUnavailableError:
                    await asyncio.sleep(1)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=20)

    def stop(self) -> None:
        """Take nothing new and end `run` when what is under way has ended."""
        self._stopping.set()

    async def _take(self) -> int:
        room = self.at_once - len(self._under_way)
        if room <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return 1
        now = self.house.now()
        async with self.house.store.write() as tx:
            claimed = await outbox.claim(tx, limit=room, now=now, lease=self.house.lease)
            placed = self._with_a_place(claimed)
            for outgoing in claimed:
                if outgoing not in placed:
                    await outbox.put_back(tx, outgoing, due_at=now + NO_PLACE_WAIT)
            placed = await self._within_the_rate(tx, placed, now)
        for outgoing in placed:
            domain = _domain(outgoing)
            self._in_hand[domain] += 1
            task = asyncio.create_task(self._deliver(outgoing))
            self._under_way.add(task)
            task.add_done_callback(partial(self._ended, domain))
        return len(claimed)

    async def _within_the_rate(self, tx: Tx, placed: Sequence[Outgoing], now: datetime) -> list[Outgoing]:
        """Those that may go in this minute; the next one takes the others. Answers of people are not counted."""
        going = []
        # In one order: two workers that count the same domains must not wait for each other.
        for outgoing in sorted(placed, key=_domain):
            if outgoing.message.auto and not await domain_rates.take(
                tx, _domain(outgoing), most=PER_DOMAIN_A_MINUTE, now=now
            ):
                due_at = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
                await outbox.later(tx, outgoing, code="rate", due_at=due_at, counted=False)
            else:
                going.append(outgoing)
        return going

    def _with_a_place(self, claimed: Sequence[Outgoing]) -> list[Outgoing]:
        """Those for which their domain has a place. The others must not wait in hand: their lease would end meanwhile."""
        taken = Counter(self._in_hand)
        placed = []
        for outgoing in claimed:
            taken[_domain(outgoing)] += 1
            if taken[_domain(outgoing)] <= PER_DOMAIN_AT_ONCE:
                placed.append(outgoing)
        return placed

    def _ended(self, domain: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._in_hand[domain] -= 1
        if not self._in_hand[domain]:
            del self._in_hand[domain]

    async def _wait_for_more(self) -> None:
        async with self.house.store.read() as tx:
            next_due = await outbox.next_due(tx)
        # An answer that can still be taken back is due in some seconds, and nothing will say so again.
        seconds = (next_due - self.house.now()).total_seconds() if next_due else self.patience
        patience = min(self.patience, max(0.02, seconds))
        waiting = asyncio.ensure_future(self.house.departures.take(limit=self.at_once, timeout=patience))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not waiting.done():
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            return
        await self.house.departures.done(waiting.result())

    async def _deliver(self, outgoing: Outgoing) -> None:
        try:
            channel = self.channels.get(outgoing.message.channel)
            if channel is None:
                await self._record(outgoing, Outcome("later", "no way to send on this channel"))
                return
            await self._record(outgoing, await channel.send(outgoing.message))
        except asyncio.CancelledError:
            raise
        except Exception:
            # The lease ends by itself; the message is then sent again under the same key.
            log.exception("a delivery could not be recorded", outgoing=outgoing.id)

    async def _record(self, outgoing: Outgoing, outcome: Outcome) -> None:
        now = self.house.now()
        self.metrics.deliveries.labels(outgoing.message.channel, outcome.outcome).inc()
        patience = _GIVE_UP_A_CODE_AFTER if outgoing.message.key.startswith("code-") else GIVE_UP_AFTER
        if outcome.outcome == "later" and now - outgoing.created_at < patience:
            wait = min(FIRST_WAIT * 2 ** min(outgoing.attempt - 1, 12), LONGEST_WAIT)
            await self._record_later(outgoing, outcome.code, now + wait)
            return
        async with self.house.store.write() as tx:
            if outcome.outcome != "sent":
                await outbox.failed(tx, outgoing, code=outcome.code or "gave up", now=now)
                log.warning("a message could not be delivered", outgoing=outgoing.id, case=outgoing.case_id)
                return
            await outbox.sent(
                tx,
                outgoing,
                code=outcome.code,
                provider_id=outcome.provider_id,
                # A code that was asked for is no message of a case.
                masked=links.masked(outgoing.message.text, with_code=outgoing.message_id is None),
                now=now,
            )
            # A link or a code that somebody asked for is no receipt: it has no message on the case.
            if outgoing.message.auto and outgoing.case_id is not None and outgoing.message_id is not None:
                await cases.end_clocks(tx, outgoing.case_id, now=now, clock="acknowledgement")
        log.info("sent", outgoing=outgoing.id, case=outgoing.case_id, attempt=outgoing.attempt)

    async def _record_later(self, outgoing: Outgoing, code: str, due_at: datetime) -> None:
        async with self.house.store.write() as tx:
            await outbox.later(tx, outgoing, code=code, due_at=due_at)
