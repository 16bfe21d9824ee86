"""Questions to departments by mail, and what they answer, which comes back into the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from config.departments import queue_name
from config.vocabulary import DEPARTMENTS
from console.contract import QuestionMail
from console.words import catalogue
from gateway.demo.arriving import Arriving
from gateway.demo.handling import Handling, Life
from gateway.demo.letters import Letter
from gateway.demo.plan import Plan
from gateway.demo.stories import answer_read
from gateway.demo.templates import in_house
from gateway.demo.volumes import at_work
from store import mentions
from store.database import Tx
from store.schema import messages

# Where questions go in the demonstration's house, as the setting has it.
ADDRESSES: Final = {name: f"{name.replace('_', '-')}@diensten.partenamut.example" for name in DEPARTMENTS}


@dataclass(frozen=True, slots=True)
class Departments:
    """Asks departments, and lets them answer. A house in which none can be asked asks none."""

    plan: Plan
    arriving: Arriving
    handling: Handling

    async def ask(self, tx: Tx, life: Life, now: datetime, *, answers: bool = True) -> bool:
        """A colleague asks the department of a case; False where there is nothing to ask."""
        row, language = await self.handling.row(tx, life.case_id), in_house(life.language)
        known = life.matter.topic.asked.get(language)
        desk = self.handling.desk
        department = row.department if row is not None else None
        if row is None or row.sealed or not known or department is None or department not in desk.departments:
            return False
        question, answer = self.handling.teller.next((life.matter.name, language, "asked"), known)
        who, words = self.handling.somebody(row), catalogue()[language]
        mail = QuestionMail(
            subject=words["ask.subject"].replace("{reference}", row.reference),
            below=words["ask.below"].replace("{name}", who.name),
            language=language,
        )
        await desk.ask(tx, who, row.id, department, question, mail=mail, now=now, version=row.version)
        if answers:
            later = at_work(now + timedelta(hours=self.handling.rng.uniform(3, 90)))
            self.plan.at(later, partial(self._answer, life, department, answer))
        return True

    async def _answer(self, life: Life, department: str, text: str, tx: Tx, now: datetime) -> None:
        query = select(messages.c.rfc_message_id).where(
            messages.c.case_id == life.case_id, messages.c.direction == "ask", messages.c.rfc_message_id.is_not(None)
        )
        asked = (await tx.conn.execute(query.order_by(messages.c.id.desc()).limit(1))).scalar_one()
        language = in_house(life.language)
        letter = Letter(
            name=f"department-{life.number}-{now:%j%H%M}",
            subject="Re: Guichet",
            text=text,
            sender=queue_name(department, language),
            address=self.handling.desk.departments[department],
            box=self.arriving.box(language),
            at=now,
            in_reply_to=asked,
            proven=True,
        )
        await self.arriving.record(tx, letter.raw(), answer_read(life.language))
        self.plan.at(at_work(now + timedelta(hours=self.handling.rng.uniform(1, 20))), partial(self._read, life))

    async def _read(self, life: Life, tx: Tx, now: datetime) -> None:
        """Whoever asked has looked at the answer."""
        for colleague in self.handling.staff:
            await mentions.seen(tx, colleague, case_id=life.case_id, now=now)
