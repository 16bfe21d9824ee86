"""What colleagues and members do with a case later: take, note, correct, answer, close, rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, cast

from config.vocabulary import DEPARTMENTS, Language
from console.contract import NoWayBackError
from gateway.demo.stories import stories
from gateway.desk import HouseDesk
from gateway.house import House
from store import cases, corrections, links, outbox, ratings, recommendations, views
from store.database import Tx
from store.labels import WrongLabelsError
from store.viewer import Viewer

_OUTCOMES: Final = {
    "founded": 30,
    "partly_founded": 20,
    "not_founded": 22,
    "explained": 22,
    "withdrawn": 4,
    "not_ours": 2,
}
# What was behind the complaints that were judged: mostly time, and in each department something of its own.
_CAUSES: Final = {
    "delay": 26,
    "no_answer": 14,
    "information": 16,
    "handling": 14,
    "documents": 10,
    "wrong_rule": 6,
    "the_rule": 5,
    "other": 3,
}
_OWN_CAUSES: Final = {"branches": {"reception": 40}, "digital": {"technology": 60}}
_JUDGED: Final = frozenset({"founded", "partly_founded"})
_FOLLOWED: Final[tuple[recommendations.State, ...]] = ("open", "open", "accepted", "done", "done", "refused")
_SCORES: Final = {1: 8, 2: 10, 3: 20, 4: 36, 5: 26}


@dataclass(frozen=True, slots=True)
class Handling:
    """The colleagues at work. `staff` handle cases; the first of them may open sealed ones."""

    house: House
    desk: HouseDesk
    staff: tuple[Viewer, ...]
    rng: Random

    def somebody(self, row: views.Row) -> Viewer:
        """Who has the case: the same colleague for each department, those with the right for sealed ones."""
        able = [one for one in self.staff if one.medical or not row.sealed]
        return able[sum(map(ord, row.department or row.queue)) % len(able)]

    async def row(self, tx: Tx, case_id: int) -> views.Row | None:
        """The case as it is, while it is open."""
        row = await views.case(tx, self._all(), case_id)
        return row if row is not None and row.state == "open" else None

    def _all(self) -> Viewer:
        return next(one for one in self.staff if one.medical)

    async def take(self, tx: Tx, case_id: int, now: datetime) -> None:
        """Somebody makes the case theirs, and sometimes writes something down."""
        row = await self.row(tx, case_id)
        if row is None:
            return
        who = self.somebody(row)
        await self._change(tx, row, who, "case.taken", now, assignee_id=who.user_id)
        if self.rng.random() < 0.3:
            await cases.add_note(tx, case_id, who.user_id, self.rng.choice(stories().notes), now=now)

    async def correct(self, tx: Tx, case_id: int, now: datetime) -> None:
        """Somebody says which department it really was."""
        row = await self.row(tx, case_id)
        if row is None or row.sealed or row.department is None:
            return
        wanted = self.rng.choice([name for name in DEPARTMENTS if name != row.department])
        try:
            await corrections.correct(tx, self.somebody(row), case_id, {"department": wanted}, now=now)
        except (corrections.NothingToCorrectError, WrongLabelsError):
            return

    async def recommend(self, tx: Tx, case_id: int, now: datetime) -> None:
        """Mediation recommends something to the department, which follows it or not, or has not said yet."""
        row = await self.row(tx, case_id)
        if row is None or row.department is None:
            return
        who, text = self.somebody(row), self.rng.choice(stories().recommendations)
        due_on = (now + timedelta(days=45)).date()
        made = await recommendations.make(
            tx, who, case_id, department=row.department, text=text, due_on=due_on, now=now
        )
        actor, detail = f"user:{who.user_id}", {"to": row.department}
        await cases.change(tx, row.id, actor=actor, act="case.recommended", now=now, version=row.version, detail=detail)
        state = self.rng.choice(_FOLLOWED)
        if state != "open":
            await recommendations.follow(tx, case_id, made, state, "", now=now)

    async def answer(self, tx: Tx, case_id: int, now: datetime) -> bool:
        """Somebody answers the member; False where no way leads to them."""
        row = await self.row(tx, case_id)
        if row is None:
            return False
        text = self.rng.choice(stories().answers[cast(Language, row.language)])
        who = self.somebody(row)
        try:
            await self.desk.reply(tx, who, case_id, f"{text}\n\n{who.name}", now=now, version=row.version)
        except NoWayBackError:
            return False
        return True

    async def close(self, tx: Tx, case_id: int, now: datetime) -> None:
        """Somebody closes the case with its outcome."""
        row = await self.row(tx, case_id)
        if row is None:
            return
        outcome = (
            self.rng.choices(tuple(_OUTCOMES), tuple(_OUTCOMES.values()))[0] if row.kind == "complaint" else "explained"
        )
        cause = self._cause(row) if outcome in _JUDGED else ""
        actor = f"user:{self.somebody(row).user_id}"
        await cases.close(tx, case_id, outcome=outcome, cause=cause, actor=actor, now=now, version=row.version)

    def _cause(self, row: views.Row) -> str:
        known = _CAUSES | _OWN_CAUSES.get(row.department or "", {})
        return self.rng.choices(tuple(known), tuple(known.values()))[0]

    async def rate(self, tx: Tx, case_id: int, language: Language, now: datetime) -> None:
        """The member says what they thought of it, if it is over."""
        if await self.row(tx, case_id) is None:
            score = self.rng.choices(tuple(_SCORES), tuple(_SCORES.values()))[0]
            await ratings.keep(tx, case_id, score, self.rng.choice(stories().comments[language]), now=now)

    async def _change(self, tx: Tx, row: views.Row, who: Viewer, act: str, now: datetime, **values: Any) -> None:
        actor = f"user:{who.user_id}"
        await cases.change(tx, row.id, actor=actor, act=act, now=now, version=row.version, unread=False, **values)


async def deliver(tx: Tx, house: House, now: datetime) -> int:
    """What was to go out by then is noted as gone, some seconds after it was due. Returns how much that was."""
    gone = await outbox.claim(tx, limit=10_000, now=now, lease=house.lease)
    for outgoing in gone:
        at = outgoing.created_at + timedelta(seconds=12)
        masked = links.masked(outgoing.message.text, with_code=outgoing.message_id is None)
        await outbox.sent(tx, outgoing, code="250 2.0.0 taken", provider_id="", masked=masked, now=at)
        if outgoing.message.auto and outgoing.case_id is not None and outgoing.message_id is not None:
            await cases.end_clocks(tx, outgoing.case_id, now=at, clock="acknowledgement")
    return len(gone)
