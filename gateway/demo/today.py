"""How the last days stand: cases merged, split and resting, questions without an answer, drafts, entries, conversations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from config.vocabulary import Channel, Language
from gateway.demo.handling import Life
from gateway.demo.letters import Attached, certificate, infected, photo
from gateway.demo.people import Writer, writer
from gateway.demo.stories import Matter, answer_read, matters
from gateway.demo.talking import Ends
from gateway.demo.templates import manners, unwrapped
from gateway.demo.volumes import at_work
from router import deadlines
from store import cases, drafts, entries, merging, splitting, users, views
from store.database import Tx
from store.pauses import Reason
from store.schema import cases as case_table
from store.schema import messages

if TYPE_CHECKING:
    from gateway.demo.filling import Filling

_HOUR: Final = timedelta(hours=1)
_NUMBER: Final = 4_000_000
_ENTRIES: Final = (
    {"channel": "phone", "language": "fr", "name": "Chantal Piron", "phone": "+32460099001", "receipt": "sms",
     "text": "Madame appelle de Namur : sa carte ne passe plus à la pharmacie depuis lundi, elle a payé 84 euros de"},
    {"channel": "counter", "language": "nl", "name": "Dirk Maes", "receipt": "print",
     "text": "Meneer komt voor de derde keer langs met dezelfde brief over zijn"},
)  # fmt: skip
_PAPER: Final = (
    "Cabinet du docteur Lambrecht",
    ("Attestation de soins donnés", "Patient : voir dossier", "4 séances", "Total : 112,00 EUR"),
)


@dataclass
class Today:
    """Plans the last days of a filling. `lives` are the cases that it opens itself, by name."""

    filling: Filling
    lives: dict[str, Life] = field(default_factory=dict)

    def plan(self) -> None:
        """Everything, at its hour before the end."""
        for place, (ends, channel, language, minutes) in enumerate(_TALKS):
            self._before(minutes / 60, partial(self._talk, ends, channel, language, place))
        self._before(52, partial(self._tell, "once", "fr", "webform", "app", ()))
        self._before(47, partial(self._tell, "again", "fr", "email", "app", ()))
        self._by_day(30, partial(self._merge, "once", "again"))
        self._before(51, partial(self._tell, "first", "nl", "email", "hospital_bill", ()))
        self._before(45, partial(self._tell, "other", "nl", "webform", "dental", ()))
        self._by_day(28, partial(self._merge, "first", "other"))
        self._by_day(4, partial(self._unmerge, "first", "other"))
        paper = (certificate(*_PAPER), photo(*_PAPER))
        self._before(44, partial(self._tell, "papers", "fr", "email", "refund", paper))
        self._before(26, partial(self._tell, "virus", "nl", "email", "reminder", (infected(),)))
        self._before(72, partial(self._tell, "two matters", "en", "email", "refund", ()))
        self._by_day(41, partial(self._answer, "two matters"))
        self._before(19, partial(self._second_matter, "two matters", "app"))
        self._by_day(5, partial(self._split, "two matters"))
        self._before(17 * 24, partial(self._tell, "asked", "fr", "email", "hospital_bill", ()))
        self._by_day(16 * 24, partial(self._ask, "asked"))
        self._by_day(24, partial(self._recommend, "papers"))
        self._by_day(7, partial(self._recommend, "virus"))
        self._before(3, self._on_open_cases)
        self._before(0.7, self._type)

    def _before(self, hours: float, act: Any) -> None:
        self.filling.plan.at(self.filling.plan.until - timedelta(hours=hours), act)

    def _by_day(self, hours: float, act: Any) -> None:
        """As `_before`, at an hour at which colleagues work where that comes soon enough."""
        until = self.filling.plan.until
        wanted = until - timedelta(hours=hours)
        moment = at_work(wanted)
        soon = moment < wanted + 12 * _HOUR and moment < until - _HOUR
        self.filling.plan.at(moment if soon else wanted, act)

    def _who(self, name: str, language: Language) -> Writer:
        # Who writes twice is the same person.
        twin = {"again": "once", "other": "first"}.get(name)
        return self.lives[twin].who if twin else writer(_NUMBER + len(self.lives), language, self.filling.rng)

    async def _tell(
        self,
        name: str,
        language: Language,
        channel: Channel,
        theme: str,
        files: tuple[Attached, ...],
        tx: Tx,
        now: datetime,
    ) -> None:
        filling, number = self.filling, _NUMBER + len(self.lives)
        who, matter = self._who(name, language), _matter(theme)
        story = filling.teller.write(matter, language, now.month, who.name)
        recorded = await filling.arriving.story(tx, story, who, channel, number, now, files)
        if recorded.case_id is not None:
            life = Life(recorded.case_id, matter, who, number, "founded")
            self.lives[name] = life
            filling.lives[life.case_id] = life
            filling.plan.at(now + timedelta(minutes=40), partial(self._take, life))

    async def _take(self, life: Life, tx: Tx, now: datetime) -> None:
        await self.filling.handling.take(tx, life, now)

    async def _answer(self, name: str, tx: Tx, now: datetime) -> None:
        await self.filling.handling.answer(tx, self.lives[name], now)

    async def _ask(self, name: str, tx: Tx, now: datetime) -> None:
        """A question that the department leaves without an answer."""
        await self.filling.departments.ask(tx, self.lives[name], now, answers=False)

    async def _recommend(self, name: str, tx: Tx, now: datetime) -> None:
        """A recommendation of which the department has not said anything yet."""
        await self.filling.handling.recommend(tx, self.lives[name], now)

    async def _rows(self, tx: Tx, gone: str, into: str) -> tuple[views.Row, views.Row]:
        viewer = self.filling.handling.all_seeing
        found = [await views.case(tx, viewer, self.lives[name].case_id) for name in (gone, into)]
        return found[0], found[1]  # type: ignore[return-value]  # Both were opened here.

    async def _merge(self, into: str, gone: str, tx: Tx, now: datetime) -> None:
        handling = self.filling.handling
        one, other = await self._rows(tx, gone, into)
        versions = (one.version, other.version)
        moved = deadlines.after_pause
        await merging.merge(tx, handling.somebody(other), one, other, moved=moved, now=now, versions=versions)

    async def _unmerge(self, into: str, gone: str, tx: Tx, now: datetime) -> None:
        handling = self.filling.handling
        one, other = await self._rows(tx, gone, into)
        await merging.unmerge(tx, handling.somebody(other), one, other, now=now, version=other.version)

    async def _second_matter(self, name: str, theme: str, tx: Tx, now: datetime) -> None:
        """The member answers, and speaks of something else as well."""
        life, filling = self.lives[name], self.filling
        query = select(messages.c.rfc_message_id).where(
            messages.c.case_id == life.case_id, messages.c.direction == "out", messages.c.author_id.is_not(None)
        )
        ours = (await tx.conn.execute(query.order_by(messages.c.id.desc()).limit(1))).scalar_one()
        story = filling.teller.write(_matter(theme), life.language, now.month, life.who.name)
        await filling.arriving.answer(tx, story.text, answer_read(life.language), life.who, _NUMBER + 900, now, ours)

    async def _split(self, name: str, tx: Tx, now: datetime) -> None:
        """What the member wrote last is a matter of its own."""
        handling, case_id = self.filling.handling, self.lives[name].case_id
        row = await handling.row(tx, case_id)
        movable = await splitting.movable(tx, handling.all_seeing, case_id)
        if row is None or not movable:
            return
        new = await splitting.split(
            tx, handling.somebody(row), row, [max(movable)], queue="digital", now=now, version=row.version
        )
        split_off = await views.case(tx, handling.all_seeing, new.case_id)
        day = deadlines.received_day(new.received_at)
        wanted = deadlines.clocks_for(split_off, day)  # type: ignore[arg-type]  # A row has what clocks ask of a decision.
        results = [(clock.id, clock.due_on, clock.source) for clock in wanted if clock.kind == "result"]
        await cases.add_deadlines(tx, new.case_id, results, running=True)
        await cases.refresh_due(tx, new.case_id)

    async def _talk(self, ends: Ends, channel: Channel, language: Language, place: int, tx: Tx, now: datetime) -> None:
        filling, number = self.filling, _NUMBER + 500 + place
        who = writer(number, language, filling.rng)
        theme = ("benefit", "app", "rights", "telephone", "reminder", "refund")[place]
        story = filling.teller.say(_matter(theme), language, now.month, who.name)
        await filling.talking.begin(tx, story, who, channel, number, now, ends)

    async def _on_open_cases(self, tx: Tx, now: datetime) -> None:
        """On cases that are open: some rest, some are asked about, on some an answer is half written or a colleague called."""
        filling, rng = self.filling, self.filling.rng
        found = [filling.lives[number] for number in await _open_cases(tx) if number in filling.lives]
        rng.shuffle(found)
        rested = 0
        while found and rested < len(_RESTS):
            days = _RESTS[rested][1]
            rested += await filling.resting.pause(tx, found.pop(), _RESTS[rested][0], now, days=days)
        asked = 0
        while found and asked < _QUESTIONS:
            asked += await filling.departments.ask(tx, found.pop(), now, answers=False)
        for life in found[:4]:
            await filling.resting.call(tx, life, now + timedelta(minutes=5), seen=False)
        for life in found[4:9]:
            await self._draft(tx, life, now + timedelta(minutes=20))

    async def _draft(self, tx: Tx, life: Life, now: datetime) -> None:
        row = await self.filling.handling.row(tx, life.case_id)
        if row is not None:
            text = unwrapped(manners().drafts[life.language]).format(name=life.who.name)
            who = self.filling.handling.somebody(row)
            await drafts.keep(tx, who, row.id, "reply", text, now=now)

    async def _type(self, tx: Tx, now: datetime) -> None:
        """Somebody at a counter types in what a member says, and has not recorded it yet."""
        agents = [user for user in await users.listing(tx) if user.role == "agent" and not user.disabled]
        for place, fields in enumerate(_ENTRIES):
            for user in agents:
                at = now + timedelta(minutes=11 * place)
                await entries.keep(tx, user.viewer, f"demo-entry-{place}", fields, now=at)


_TALKS: Final[tuple[tuple[Ends, Channel, Language, float], ...]] = (
    ("waits", "chat", "fr", 9),
    ("held", "chat", "nl", 14),
    ("midway", "telegram", "fr", 5),
    ("waits", "whatsapp", "nl", 4),
    ("done", "telegram", "nl", 31 * 60),
    ("person", "sms", "fr", 27 * 60),
)
_RESTS: Final[tuple[tuple[Reason, int], ...]] = (("member", 9), ("member", 4), ("department", 5), ("day", 6))
_QUESTIONS: Final = 3


def _matter(theme: str) -> Matter:
    return next(one for one in matters() if one.theme.id == theme)


async def _open_cases(tx: Tx) -> Sequence[int]:
    """Open cases of departments in which nobody is in a hurry, those due last first."""
    query = select(case_table.c.id).where(
        case_table.c.state == "open",
        case_table.c.sealed.is_(False),
        case_table.c.paused_until.is_(None),
        case_table.c.department.is_not(None),
        case_table.c.due_on.is_not(None),
    )
    return (
        (await tx.conn.execute(query.order_by(case_table.c.due_on.desc(), case_table.c.id).limit(24))).scalars().all()
    )
