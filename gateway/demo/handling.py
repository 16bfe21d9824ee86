"""What colleagues and members do with a case later: take, note, correct, answer, close, rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from config.vocabulary import ROBOT, Language
from console.contract import NoWayBackError
from gateway.demo.people import Writer
from gateway.demo.stories import Matter, Teller
from gateway.demo.templates import in_house, manners, unwrapped
from gateway.desk import HouseDesk
from gateway.house import House
from store import cases, links, outbox, ratings, recommendations, views
from store.database import Tx
from store.viewer import Viewer

_OUTCOMES: Final = {
    "founded": 25,
    "partly_founded": 16,
    "not_founded": 25,
    "explained": 27,
    "withdrawn": 5,
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
_RIGHT: Final = ("founded", "partly_founded")
_FOLLOWED: Final[tuple[recommendations.State, ...]] = ("accepted", "accepted", "accepted", "done", "done", "refused")
_REMARKS: Final = {
    ("fr", "accepted"): "D'accord, prévu pour le prochain trimestre.",
    ("fr", "done"): "En place depuis le début du mois, merci.",
    ("fr", "refused"): "Pas possible avec le logiciel actuel ; à revoir avec le suivant.",
    ("nl", "accepted"): "Akkoord, gepland voor het volgende kwartaal.",
    ("nl", "done"): "In voege sinds het begin van de maand, bedankt.",
    ("nl", "refused"): "Niet mogelijk met de huidige software; we bekijken het bij de volgende.",
}
_DAY: Final = timedelta(days=1)
_SCORES: Final = {1: 8, 2: 10, 3: 20, 4: 36, 5: 26}


@dataclass(frozen=True, slots=True)
class Life:
    """A case and what is going to become of it. `number` is that of the message that opened it, `wrong` what the classifier is
    mistaken in, as it should be."""

    case_id: int
    matter: Matter
    who: Writer
    number: int
    outcome: str
    wrong: Mapping[str, Any] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        """The member's."""
        return self.who.language


@dataclass(frozen=True, slots=True)
class Handling:
    """The colleagues at work. `staff` handle cases; one of them at least may open sealed ones."""

    house: House
    desk: HouseDesk
    staff: tuple[Viewer, ...]
    rng: Random
    teller: Teller

    def outcome(self, matter: Matter) -> str:
        """How such a case will end."""
        if matter.theme.kind == "other":
            return self.rng.choice((ROBOT, "explained"))
        if matter.theme.kind != "complaint":
            return "explained"
        return self.rng.choices(tuple(_OUTCOMES), tuple(_OUTCOMES.values()))[0]

    def somebody(self, row: views.Row) -> Viewer:
        """Who has the case: the same colleague for each department, those with the right for sealed ones."""
        able = [one for one in self.staff if one.medical or not row.sealed]
        return able[sum(map(ord, row.department or row.queue)) % len(able)]

    async def row(self, tx: Tx, case_id: int) -> views.Row | None:
        """The case as it is, while it is open."""
        row = await views.case(tx, self.all_seeing, case_id)
        return row if row is not None and row.state == "open" else None

    @property
    def all_seeing(self) -> Viewer:
        """Somebody who may open sealed cases."""
        return next(one for one in self.staff if one.medical)

    async def take(self, tx: Tx, life: Life, now: datetime) -> None:
        """Somebody makes the case theirs, and sometimes writes something down."""
        row = await self.row(tx, life.case_id)
        if row is None:
            return
        who = self.somebody(row)
        await self.change(tx, row, who, "case.taken", now, assignee_id=who.user_id)
        if self.rng.random() < 0.3:
            notes = life.matter.topic.notes[in_house(life.language)]
            note = self.teller.next((life.matter.name, life.language, "notes"), notes)
            await cases.add_note(tx, life.case_id, who.user_id, note, now=now)

    async def recommend(self, tx: Tx, life: Life, now: datetime) -> int | None:
        """Mediation recommends something to the department. Returns the recommendation."""
        row, language = await self.row(tx, life.case_id), in_house(life.language)
        texts = life.matter.topic.recommended.get(language)
        if row is None or row.department is None or not texts:
            return None
        who, text = self.somebody(row), self.teller.next((life.matter.name, language, "recommended"), texts)
        due_on = (now + 45 * _DAY).date()
        made = await recommendations.make(tx, who, row.id, department=row.department, text=text, due_on=due_on, now=now)
        await self.change(tx, row, who, "case.recommended", now, detail={"to": row.department})
        return made

    async def follow(
        self, tx: Tx, life: Life, made: int, now: datetime, state: recommendations.State | None = None
    ) -> recommendations.State:
        """The department says what it makes of a recommendation. Returns how that stands then."""
        becomes = self.rng.choice(_FOLLOWED) if state is None else state
        remark = _REMARKS[in_house(life.language), becomes]
        await recommendations.follow(tx, life.case_id, made, becomes, remark, now=now)
        return becomes

    async def answer(self, tx: Tx, life: Life, now: datetime) -> bool:
        """Somebody answers the member; False where no way leads to them, or nothing is to be said."""
        row = await self.row(tx, life.case_id)
        topic, language = life.matter.topic, life.language
        right = life.outcome in _RIGHT or not topic.unfounded
        texts = (topic.founded if right else topic.unfounded).get(language)
        if row is None or not texts:
            return False
        who = self.somebody(row)
        greeting = manners().answer_greetings[language].format(name=life.who.name)
        text = unwrapped(self.teller.next((life.matter.name, language, "right" if right else "wrong"), texts))
        try:
            await self.desk.reply(tx, who, row.id, f"{greeting}\n\n{text}\n\n{who.name}", now=now, version=row.version)
        except NoWayBackError:
            return False
        return True

    async def close(self, tx: Tx, life: Life, now: datetime) -> None:
        """Somebody closes the case with its outcome."""
        row = await self.row(tx, life.case_id)
        if row is None:
            return
        cause = self._cause(row) if life.outcome in _RIGHT else ""
        actor = f"user:{self.somebody(row).user_id}"
        await cases.close(tx, row.id, outcome=life.outcome, cause=cause, actor=actor, now=now, version=row.version)

    def _cause(self, row: views.Row) -> str:
        known = _CAUSES | _OWN_CAUSES.get(row.department or "", {})
        return self.rng.choices(tuple(known), tuple(known.values()))[0]

    async def rate(self, tx: Tx, life: Life, now: datetime) -> None:
        """The member says what they thought of it, if it is over."""
        if life.outcome != ROBOT and await self.row(tx, life.case_id) is None:
            score = self.rng.choices(tuple(_SCORES), tuple(_SCORES.values()))[0]
            comment = self.rng.choice(manners().comments[life.language])
            await ratings.keep(tx, life.case_id, score, comment, now=now)

    async def change(self, tx: Tx, row: views.Row, who: Viewer, act: str, now: datetime, **values: Any) -> None:
        """A change of a case by a colleague, who has read it."""
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
