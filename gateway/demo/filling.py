"""Fourteen months of a complaints service, played through in order: what comes in, and what people make of it.

Everything passes the functions that real messages and real colleagues use, with the time as an argument, so that clocks,
audit, search and counts are what they would be. The same seed gives the same register, but for secrets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Final

from sqlalchemy import select

from config.vocabulary import CONVERSING, Channel, Language
from gateway import waking
from gateway.clock import Clock
from gateway.demo import correcting, oddities
from gateway.demo.arriving import Arriving
from gateway.demo.departments import Departments
from gateway.demo.handling import Handling, Life, deliver
from gateway.demo.people import Writer, writer
from gateway.demo.plan import Plan
from gateway.demo.resting import Resting
from gateway.demo.stories import Matter, Teller, answer_read, matters
from gateway.demo.supervising import Supervising, publish_shipped_rules
from gateway.demo.talking import Talk, Talking
from gateway.demo.templates import manners
from gateway.demo.today import Today
from gateway.demo.volumes import CHANNELS, LANGUAGES, at_work, moments
from gateway.desk import HouseDesk
from gateway.house import House, active_rules
from gateway.reading import ParserSettings, Parsing
from gateway.record import Recorder
from router.deadlines import BRUSSELS, add_working_days, received_day
from store import users
from store.database import Tx
from store.pauses import REASONS
from store.schema import cases as case_table
from store.schema import messages
from store.viewer import Viewer

MONTHS: Final = 14
_DAY: Final = timedelta(days=1)
_STILL_OPEN: Final = 26 * _DAY
# How often a mistake of the classifier is noticed.
_NOTICED: Final = 0.85


@dataclass
class Filling:
    """What comes in, and what is planned for each case that it opens."""

    house: House
    plan: Plan
    arriving: Arriving
    handling: Handling
    teller: Teller
    rng: Random
    lives: dict[int, Life] = field(default_factory=dict)
    talking: Talking = field(init=False)
    departments: Departments = field(init=False)
    resting: Resting = field(init=False)
    writers: list[Writer] = field(default_factory=list)

    def __post_init__(self) -> None:
        staff = self.handling.staff
        self.talking = Talking(self.house, self.plan, self.arriving, staff, self.rng, self.opened)
        self.departments = Departments(self.plan, self.arriving, self.handling)
        self.resting = Resting(self.handling)

    async def come_in(self, tx: Tx, moment: datetime, *, number: int) -> None:
        """A member writes, and colleagues will act on it."""
        self.plan.done += 1
        who, known = self._writer(number), matters()
        matter = self.rng.choices(known, [one.theme.weight for one in known])[0]
        channel = self._channel(matter, who.language)
        month = (moment - 20 * _DAY).month
        if channel in CONVERSING:
            story = self.teller.say(matter, who.language, month, who.name)
            await self.talking.begin(tx, story, who, channel, number, moment)
            return
        story = self.teller.write(matter, who.language, month, who.name)
        recorded = await self.arriving.story(tx, story, who, channel, number, moment)
        if recorded.fate == "opened" and recorded.case_id is not None:
            life = Life(recorded.case_id, matter, who, number, self.handling.outcome(matter), story.wrong)
            await self.plan_case(tx, life, moment)

    def _writer(self, number: int) -> Writer:
        if self.writers and self.rng.random() < 0.18:
            return self.rng.choice(self.writers)
        language: Language = self.rng.choices(tuple(LANGUAGES), tuple(LANGUAGES.values()))[0]
        self.writers.append(writer(number, language, self.rng))
        return self.writers[-1]

    def _channel(self, matter: Matter, language: Language) -> Channel:
        if "anonymous" in matter.theme.flags:
            return self.rng.choice(("email", "webform"))
        channel = self.rng.choices(tuple(CHANNELS), tuple(CHANNELS.values()))[0]
        return channel if channel not in CONVERSING or language in matter.theme.said else "email"

    async def opened(self, tx: Tx, talk: Talk, moment: datetime) -> None:
        """A conversation has become a case."""
        matter = talk.story.matter
        if talk.case_id is not None:
            wrong = talk.story.wrong
            life = Life(talk.case_id, matter, talk.who, talk.number, self.handling.outcome(matter), wrong)
            await self.plan_case(tx, life, moment)

    async def plan_case(self, tx: Tx, life: Life, moment: datetime) -> None:
        """What colleagues will do with a case that was opened then."""
        row = (await tx.conn.execute(select(case_table).where(case_table.c.id == life.case_id))).one()
        self.lives[life.case_id] = life
        if row.state == "closed":
            if row.refused == "off_scope" and "off_scope" in life.wrong:
                # Who was refused by mistake does not leave it at that.
                self.plan.at(moment + timedelta(hours=self.rng.uniform(1, 9)), partial(self._protest, life=life))
            return
        at, rng, handling = self.plan.at, self.rng, self.handling
        taken = at_work(moment + timedelta(hours=rng.uniform(1, 40)))
        at(taken, partial(_take, handling, life))
        if life.wrong and rng.random() < _NOTICED:
            at(taken + timedelta(minutes=4), partial(_correct, handling, life))
        if rng.random() < (0.45 if row.queue == "mediation" else 0.1):
            at(at_work(taken + timedelta(hours=5)), partial(self._ask, life=life))
        if rng.random() < 0.05:
            at(at_work(taken + timedelta(hours=26)), partial(self._pause, life=life))
        if rng.random() < 0.04:
            at(at_work(taken + timedelta(hours=4)), partial(self._call, life=life))
        if row.queue == "mediation" and rng.random() < 0.4:
            at(at_work(taken + timedelta(hours=30)), partial(self._recommend, life=life))
        end = self._end(row.due_on, moment)
        at(at_work(taken + (end - taken) * 0.9), partial(self._answer, life=life))
        # Of the last weeks some are late and still open; older ones have all come to an end.
        if moment < self.plan.until - _STILL_OPEN or rng.random() < 0.93:
            at(end, partial(_close, handling, life))
        if rng.random() < 0.3:
            at(end + timedelta(days=rng.uniform(0.2, 5)), partial(_rate, handling, life))

    def _end(self, due_on: date | None, moment: datetime) -> datetime:
        """When it is over: most in time, some late. Thanks and ideas in some days."""
        day = received_day(moment)
        length = (due_on - day).days if due_on is not None else 8
        late = self.rng.random() < 0.06
        share = self.rng.uniform(1.05, 1.7) if late else self.rng.triangular(0.12, 0.98, 0.75)
        wanted = add_working_days(day + timedelta(days=max(1, round(length * share)) - 1), 1)
        if not late and due_on is not None:
            wanted = min(wanted, due_on)
        hour = time(self.rng.randrange(10, 16), self.rng.randrange(60))
        return max(at_work(moment + timedelta(hours=3)), datetime.combine(wanted, hour, BRUSSELS).astimezone(UTC))

    async def _ask(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        await self.departments.ask(tx, life, moment)

    async def _pause(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        await self.resting.pause(tx, life, self.rng.choice(REASONS), moment)

    async def _call(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        await self.resting.call(tx, life, moment)

    async def _recommend(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        made = await self.handling.recommend(tx, life, moment)
        if made is not None:
            later = at_work(moment + timedelta(days=self.rng.uniform(4, 25)))
            self.plan.at(later, partial(self._follow, life=life, made=made))

    async def _follow(self, tx: Tx, moment: datetime, *, life: Life, made: int) -> None:
        """The department answers, and does in the end what it has accepted."""
        if await self.handling.follow(tx, life, made, moment) == "accepted":
            later = at_work(moment + timedelta(days=self.rng.uniform(15, 70)))
            self.plan.at(later, partial(_done, self.handling, life, made))

    async def _answer(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        if await self.handling.answer(tx, life, moment) and self.rng.random() < 0.12:
            at = moment + timedelta(hours=self.rng.uniform(2, 60))
            self.plan.at(at, partial(self._write_back, life=life))

    async def _write_back(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        replies = manners().replies[life.language]
        if await self._writes(tx, life, self.teller.next((life.language, "replies"), replies), moment):
            # A closed case that is opened again is looked at once more.
            self.plan.at(at_work(moment + 2 * _DAY), partial(_close, self.handling, life))

    async def _protest(self, tx: Tx, moment: datetime, *, life: Life) -> None:
        """A member who was refused says that it is about us: their case is open again, for people, who correct it."""
        text = self.teller.next((life.language, "protests"), manners().protests[life.language])
        if await self._writes(tx, life, text, moment) and await self.handling.row(tx, life.case_id) is not None:
            await self.plan_case(tx, life, moment)

    async def _writes(self, tx: Tx, life: Life, text: str, moment: datetime) -> bool:
        """A member answers the last mail of ours; False where there was none."""
        query = select(messages.c.rfc_message_id).where(
            messages.c.case_id == life.case_id, messages.c.direction == "out", messages.c.rfc_message_id.is_not(None)
        )
        ours = (await tx.conn.execute(query.order_by(messages.c.id.desc()).limit(1))).scalar()
        if not ours:
            return False
        found, number = answer_read(life.language), life.number + 1_000_000
        await self.arriving.answer(tx, text, found, life.who, number, moment, ours)
        return True

    async def morning(self, tx: Tx, moment: datetime) -> None:
        """What the clock does each day: it wakes what rests, reminds, and says what is late."""
        today = received_day(moment)
        await deliver(tx, self.house, moment)
        await waking.whose_day_came(tx, self.house, today=today, now=moment)
        await Clock(self.house).remind(tx, today, moment)
        self.plan.at(moment + _DAY, self.morning)


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
    planned = moments(n, until, rng, months=months)
    await publish_shipped_rules(house, planned[0] - _DAY)
    rules = await active_rules(house)
    settings = ParserSettings(house.own_addresses, "", house.settings.parse_memory_mb)
    desk, teller = HouseDesk(house, Parsing(settings, seconds=10)), Teller(rng)
    filling = Filling(
        house=house,
        plan=(plan := Plan(house, until)),
        arriving=Arriving(house, Recorder(house, rules)),
        handling=Handling(house, desk, staff, rng, teller),
        teller=teller,
        rng=rng,
    )
    for number, moment in enumerate(planned, 1):
        plan.at(moment, partial(filling.come_in, number=number))
    for number in range(max(3, n // 80)):
        at = planned[0] + (until - planned[0]) * rng.random()
        plan.at(at, partial(_robot, filling, number=2_000_000 + number))
    for number in range(3):
        plan.at(until - timedelta(hours=3 + 9 * number), partial(_odd, filling, number=3_000_000 + number))
    Today(filling).plan()
    supervisors = tuple(one for one in staff if one.supervises)
    if supervisors:
        Supervising(house, plan, filling.arriving, supervisors).plan_all()
    plan.at(planned[0].replace(hour=4, minute=0, second=0) + _DAY, filling.morning)
    await plan.play(progress)


async def _take(handling: Handling, life: Life, tx: Tx, now: datetime) -> None:
    await handling.take(tx, life, now)


async def _correct(handling: Handling, life: Life, tx: Tx, now: datetime) -> None:
    await correcting.correct(tx, handling, life, now)


async def _done(handling: Handling, life: Life, made: int, tx: Tx, now: datetime) -> None:
    await handling.follow(tx, life, made, now, "done")


async def _close(handling: Handling, life: Life, tx: Tx, now: datetime) -> None:
    await handling.close(tx, life, now)


async def _rate(handling: Handling, life: Life, tx: Tx, now: datetime) -> None:
    await handling.rate(tx, life, now)


async def _robot(filling: Filling, tx: Tx, now: datetime, *, number: int) -> None:
    await oddities.robot(tx, filling.arriving, number, now)


async def _odd(filling: Filling, tx: Tx, now: datetime, *, number: int) -> None:
    await oddities.unreadable(tx, filling.house, number, now)
    await oddities.stranger(tx, filling.arriving, number, now)
