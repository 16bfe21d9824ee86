"""Fourteen months of a complaints service, played through in order: what comes in, and what people make of it.

Everything passes the functions that real messages and real colleagues use, with the time as an argument, so that clocks,
audit, search and counts are what they would be. The same seed gives the same register, but for secrets.
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Final

from sqlalchemy import select

from config.vocabulary import Channel, Language
from gateway.clock import Clock
from gateway.demo import oddities
from gateway.demo.arriving import Arriving
from gateway.demo.handling import Handling, deliver
from gateway.demo.people import Writer, writer
from gateway.demo.stories import answer_read, stories, tell
from gateway.demo.volumes import CHANNELS, LANGUAGES, moments
from gateway.desk import HouseDesk
from gateway.house import House, active_rules
from gateway.reading import ParserSettings, Parsing
from gateway.record import Recorder
from router.deadlines import add_working_days, received_day
from store import users
from store.database import Tx
from store.schema import cases as case_table
from store.schema import messages
from store.viewer import Viewer

MONTHS: Final = 14
_BATCH: Final = 200
# What goes out is looked at once in so many acts; each message is noted as gone at its own time.
_DELIVERY: Final = 20
_DAY: Final = timedelta(days=1)

Act = Callable[[Tx, datetime], Awaitable[None]]


@dataclass
class Filling:
    """The plan: acts in the order of time, each of which may plan later ones. Nothing is done after `until`."""

    house: House
    arriving: Arriving
    handling: Handling
    until: datetime
    rng: Random
    writers: list[Writer] = field(default_factory=list)
    _plan: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    done: int = 0

    def at(self, moment: datetime, act: Act) -> None:
        """Plan an act."""
        if moment < self.until:
            heapq.heappush(self._plan, (moment, next(self._order), act))

    async def play(self, progress: Callable[[int], None]) -> None:
        """Do everything that is planned. `progress` is told how many messages have come in."""
        while self._plan:
            async with self.house.store.write() as tx:
                for place in range(min(_BATCH, len(self._plan))):
                    moment, _, act = heapq.heappop(self._plan)
                    if place % _DELIVERY == 0:
                        await deliver(tx, self.house, moment)
                    await act(tx, moment)
            progress(self.done)
        async with self.house.store.write() as tx:
            await deliver(tx, self.house, self.until)

    async def come_in(self, tx: Tx, moment: datetime, *, number: int) -> None:
        """A member writes, and colleagues will act on it."""
        self.done += 1
        who = self._writer(number)
        themes = stories().themes
        theme = self.rng.choices(themes, [one.weight for one in themes])[0]
        channel = self._channel(theme.flags)
        story = tell(theme, who.language, (moment - timedelta(days=20)).month, who.name, self.rng)
        recorded = await self.arriving.story(tx, story, who, channel, number, moment)
        if recorded.fate == "opened" and recorded.case_id is not None:
            await self._plan_case(tx, recorded.case_id, who, number, moment)

    def _writer(self, number: int) -> Writer:
        if self.writers and self.rng.random() < 0.18:
            return self.rng.choice(self.writers)
        language: Language = self.rng.choices(tuple(LANGUAGES), tuple(LANGUAGES.values()))[0]
        self.writers.append(writer(number, language, self.rng))
        return self.writers[-1]

    def _channel(self, flags: tuple[str, ...]) -> Channel:
        if "anonymous" in flags:
            return self.rng.choice(("email", "webform"))
        return self.rng.choices(tuple(CHANNELS), tuple(CHANNELS.values()))[0]

    async def _plan_case(self, tx: Tx, case_id: int, who: Writer, number: int, moment: datetime) -> None:
        row = (await tx.conn.execute(select(case_table).where(case_table.c.id == case_id))).one()
        handling, rng = self.handling, self.rng
        if row.state == "closed":
            return
        taken = moment + timedelta(hours=rng.uniform(1, 40))
        self.at(taken, lambda tx, now: handling.take(tx, case_id, now))
        if rng.random() < 0.06:
            self.at(taken + timedelta(minutes=20), lambda tx, now: handling.correct(tx, case_id, now))
        if row.queue == "mediation" and rng.random() < 0.25:
            self.at(taken + timedelta(hours=30), lambda tx, now: handling.recommend(tx, case_id, now))
        end = self._end(row.due_on, moment)
        answered = moment + (end - moment) * 0.9
        self.at(answered, partial(self._answer, case_id=case_id, who=who, number=number))
        # Of the last weeks some are late and still open; older ones have all come to an end.
        if moment < self.until - timedelta(days=60) or rng.random() < 0.96:
            self.at(end, lambda tx, now: handling.close(tx, case_id, now))
        if rng.random() < 0.3:
            self.at(
                end + timedelta(days=rng.uniform(0.2, 5)), lambda tx, now: handling.rate(tx, case_id, who.language, now)
            )

    def _end(self, due_on: object, moment: datetime) -> datetime:
        """When it is over: most in time, some late. Thanks and ideas in some days."""
        day = received_day(moment)
        length = (due_on - day).days if isinstance(due_on, type(day)) else 8
        late = self.rng.random() < 0.09
        share = self.rng.uniform(1.05, 1.7) if late else self.rng.triangular(0.12, 0.98, 0.75)
        wanted = add_working_days(day + timedelta(days=max(1, round(length * share)) - 1), 1)
        if not late and isinstance(due_on, type(day)):
            wanted = min(wanted, due_on)
        return max(moment + timedelta(hours=3), moment + (wanted - day) * 1 - timedelta(hours=self.rng.uniform(0, 3)))

    async def _answer(self, tx: Tx, moment: datetime, *, case_id: int, who: Writer, number: int) -> None:
        if await self.handling.answer(tx, case_id, moment) and self.rng.random() < 0.12:
            at = moment + timedelta(hours=self.rng.uniform(2, 60))
            self.at(at, partial(self._write_back, case_id=case_id, who=who, number=number))

    async def _write_back(self, tx: Tx, moment: datetime, *, case_id: int, who: Writer, number: int) -> None:
        query = select(messages.c.rfc_message_id).where(
            messages.c.case_id == case_id, messages.c.direction == "out", messages.c.rfc_message_id.is_not(None)
        )
        ours = (await tx.conn.execute(query.order_by(messages.c.id.desc()).limit(1))).scalar()
        if ours is not None:
            text = self.rng.choice(stories().replies[who.language])
            await self.arriving.answer(tx, text, answer_read(who.language), who, number + 1_000_000, moment, ours)
            # A closed case that is opened again is looked at once more.
            self.at(moment + timedelta(days=2), lambda tx, now: self.handling.close(tx, case_id, now))

    async def morning(self, tx: Tx, moment: datetime) -> None:
        """What the clock does each day: reminders, and a word about what is late."""
        await Clock(self.house).remind(tx, received_day(moment), moment)
        self.at(moment + _DAY, self.morning)


async def fill(
    house: House,
    n: int,
    *,
    until: datetime,
    seed: int = 1,
    months: int = MONTHS,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Let `n` messages of `months` months come in and be handled, as far as that is at `until`. Needs at least one mediator
    or supervisor with the medical right; raises ValueError without."""
    async with house.store.read() as tx:
        staff = tuple(
            Viewer(one.id, one.name, one.role, one.medical)
            for one in await users.listing(tx)
            if one.role in ("mediator", "supervisor") and not one.disabled
        )
    if not any(one.medical for one in staff):
        raise ValueError("somebody must be there who handles cases and may open sealed ones")
    rng = Random(seed)  # noqa: S311 (a story, no secret)
    rules = await active_rules(house)
    settings = ParserSettings(house.own_addresses, "", house.settings.parse_memory_mb)
    desk = HouseDesk(house, Parsing(settings, seconds=10))
    filling = Filling(house, Arriving(house, Recorder(house, rules)), Handling(house, desk, staff, rng), until, rng)
    planned = moments(n, until, rng, months=months)
    for number, moment in enumerate(planned, 1):
        filling.at(moment, partial(filling.come_in, number=number))
    for number in range(max(3, n // 80)):
        at = planned[0] + (until - planned[0]) * rng.random()
        filling.at(at, partial(_robot, filling, number=2_000_000 + number))
    for number in range(3):
        filling.at(until - timedelta(hours=3 + 9 * number), partial(_odd, filling, number=3_000_000 + number))
    filling.at(planned[0].replace(hour=4, minute=0, second=0) + _DAY, filling.morning)
    await filling.play(progress)


async def _robot(filling: Filling, tx: Tx, now: datetime, *, number: int) -> None:
    await oddities.robot(tx, filling.arriving, number, now)


async def _odd(filling: Filling, tx: Tx, now: datetime, *, number: int) -> None:
    await oddities.unreadable(tx, filling.house, number, now)
    await oddities.stranger(tx, filling.arriving, number, now)
