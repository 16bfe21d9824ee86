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
from channels.telegram_bot.send import SHUT_OUT
from channels.twilio_sms.send import OPTED_OUT
from config.vocabulary import Channel
from gateway.going import domain_of, in_order, may_go, patience, wait_after
from gateway.house import House, active_rules
from gateway.intake import SWEEP_SECONDS
from gateway.metrics import Metrics
from gateway.reachable import refused_by_telegram
from store import cases, links, opted_out, outbox, outbox_figures
from store.database import Tx
from store.outbox import Outgoing

log = structlog.get_logger(__name__)

# Messages to one recipient domain in hand at once: one that hangs keeps these places and no more of all there are.
PER_DOMAIN_AT_ONCE: Final = 5
# When a message is looked at again that found its domain's places taken.
NO_PLACE_WAIT: Final = timedelta(seconds=5)
# When one is looked at again that has to wait for an earlier one to the same chat.
NOT_NEXT_WAIT: Final = timedelta(seconds=1)
# So many to one chat are in hand one after the other: their lease lasts as long as that may take.
IN_A_ROW: Final = 4


@dataclass
class Delivery:
    """The worker's loop over the outbox. One slow server delays nobody else: each message goes out on its own, but for those
    to one chat, which keep their order."""

    house: House
    channels: Mapping[Channel, Sends]
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
            taken = Counter(self._in_hand)
            going = [await self._of_line(tx, line, taken, now) for line in in_order(claimed)]
        for line in filter(None, going):
            domain = domain_of(line[0])
            self._in_hand[domain] += 1
            task = asyncio.create_task(self._deliver(line))
            self._under_way.add(task)
            task.add_done_callback(partial(self._ended, domain))
        return len(claimed)

    async def _of_line(self, tx: Tx, line: Sequence[Outgoing], taken: Counter[str], now: datetime) -> list[Outgoing]:
        """What of a line goes now, in its order. The rest must not wait in hand, where its lease would end."""
        domain = domain_of(line[0])
        if domain and taken[domain] >= PER_DOMAIN_AT_ONCE:
            await self._put_back(tx, line, now + NO_PLACE_WAIT)
            return []
        going: list[Outgoing] = []
        for place, outgoing in enumerate(line):
            found = await may_go(tx, self.house, outgoing, now=now)
            if found.outcome == "refuse":
                await self._failed(tx, outgoing, found.code, now)
                continue
            if found.outcome == "hold":
                await outbox.later(tx, outgoing, code=found.code, due_at=found.at or now, counted=False)
                await self._put_back(tx, line[place + 1 :], found.at or now)
                break
            if len(going) == IN_A_ROW or not (going or await outbox.is_next(tx, outgoing)):
                await self._put_back(tx, line[place:], now + NOT_NEXT_WAIT)
                break
            going.append(outgoing)
        taken[domain] += bool(going)
        return going

    async def _put_back(self, tx: Tx, line: Sequence[Outgoing], due_at: datetime) -> None:
        for outgoing in line:
            await outbox.put_back(tx, outgoing, due_at=due_at)

    def _ended(self, domain: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._in_hand[domain] -= 1
        if not self._in_hand[domain]:
            del self._in_hand[domain]

    async def _wait_for_more(self) -> None:
        async with self.house.store.read() as tx:
            next_due = await outbox_figures.next_due(tx)
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

    async def _deliver(self, line: Sequence[Outgoing]) -> None:
        """One after the other: behind one that has to be tried again, the others wait with it."""
        for place, outgoing in enumerate(line):
            try:
                channel = self.channels.get(outgoing.message.channel)
                outcome = Outcome("later", "no way to send on this channel")
                again_at = await self._record(outgoing, await channel.send(outgoing.message) if channel else outcome)
                if again_at is not None and line[place + 1 :]:
                    async with self.house.store.write() as tx:
                        await self._put_back(tx, line[place + 1 :], again_at)
                if again_at is not None:
                    return
            except asyncio.CancelledError:
                raise
            except Exception:
                # The lease ends by itself; the message is then sent again under the same key, and what follows it after it.
                log.exception("a delivery could not be recorded", outgoing=outgoing.id)
                return

    async def _record(self, outgoing: Outgoing, outcome: Outcome) -> datetime | None:
        """Keep how an attempt ended. Returns when it is tried again, None at the end."""
        now = self.house.now()
        self.metrics.deliveries.labels(outgoing.message.channel, outcome.outcome).inc()
        again_at = None
        shut_out = outcome.code == SHUT_OUT and outgoing.message.channel == "telegram"
        rules = await active_rules(self.house) if shut_out else None
        put: tuple[int, ...] = ()
        async with self.house.store.write() as tx:
            if rules is not None:
                put = await refused_by_telegram(tx, self.house, rules, outgoing, now=now)
            if outcome.outcome == "later" and now - outgoing.created_at < patience(outgoing):
                again_at = now + wait_after(outgoing, outcome.after_seconds)
                await outbox.later(tx, outgoing, code=outcome.code, due_at=again_at)
            elif outcome.outcome == "sent":
                await self._sent(tx, outgoing, outcome, now)
            else:
                await self._failed(tx, outgoing, outcome.code or "gave up", now)
        for outbox_id in put:
            await self.house.departures.put(outbox_id)
        if outcome.outcome == "sent":
            log.info("sent", outgoing=outgoing.id, case=outgoing.case_id, attempt=outgoing.attempt)
        return again_at

    async def _sent(self, tx: Tx, outgoing: Outgoing, outcome: Outcome, now: datetime) -> None:
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

    async def _failed(self, tx: Tx, outgoing: Outgoing, code: str, now: datetime) -> None:
        await outbox.failed(tx, outgoing, code=code, now=now)
        if code == OPTED_OUT:
            # Twilio knows of a STOP that we may never have heard of. Noted last, in the order of gateway/reachable.py.
            await opted_out.add(tx, outgoing.message.channel, outgoing.message.recipient, now=now)
        log.warning("a message could not be delivered", outgoing=outgoing.id, case=outgoing.case_id)
