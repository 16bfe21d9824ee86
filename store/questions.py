"""Questions to departments, and their answers: on the case, and never before the member's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from store.database import Tx
from store.family import family, open_to
from store.schema import messages, questions
from store.sql import new_id
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a department. `message_id` is the message of the case that holds its words."""

    id: int
    case_id: int
    message_id: int | None
    department: str
    asked_at: datetime
    answered_at: datetime | None


async def asker(tx: Tx, question: Question) -> int | None:
    """Who asked it."""
    query = select(messages.c.author_id).where(messages.c.id == question.message_id)
    found: int | None = (await tx.conn.execute(query)).scalar()
    return found


_COLUMNS = (
    questions.c.id,
    questions.c.case_id,
    questions.c.message_id,
    questions.c.department,
    questions.c.asked_at,
    questions.c.answered_at,
)


async def add(tx: Tx, case_id: int, department: str, *, now: datetime) -> int:
    """A question that is about to be put; its words are tied to it by `worded`."""
    return await new_id(tx, questions, case_id=case_id, department=department, asked_at=now)


async def worded(tx: Tx, question_id: int, message_id: int) -> None:
    """Tie a question to the message that asks it."""
    await tx.conn.execute(update(questions).where(questions.c.id == question_id).values(message_id=message_id))


async def taken_back(tx: Tx, message_id: int) -> None:
    """The message that asked it never left: nobody was asked."""
    await tx.conn.execute(delete(questions).where(questions.c.message_id == message_id))


async def answered(tx: Tx, question_id: int, *, now: datetime) -> None:
    """An answer came; a second one leaves the moment of the first."""
    await tx.conn.execute(
        update(questions)
        .where(questions.c.id == question_id, questions.c.answered_at.is_(None))
        .values(answered_at=now)
    )


async def by_id(tx: Tx, question_id: int) -> Question | None:
    """The question that a signed address names; for the house, which shows nothing of it."""
    row = (await tx.conn.execute(select(*_COLUMNS).where(questions.c.id == question_id))).one_or_none()
    return Question(*row) if row else None


async def of_case(tx: Tx, viewer: Viewer, case_id: int) -> list[Question]:
    """The questions put on a case and on what was merged into it, oldest first; none when the viewer may not open it."""
    rows = await tx.conn.execute(
        select(*_COLUMNS)
        .where(questions.c.case_id.in_(family(case_id)), open_to(viewer, case_id))
        .order_by(questions.c.id)
    )
    return [Question(*row) for row in rows]
