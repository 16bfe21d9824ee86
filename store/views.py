"""What the console and the member's page read of a case: its row in a list, its clocks, its notes. Each takes the viewer,
except the member's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from store import cases as register
from store import texts
from store.clocks import ClockRow, of_case
from store.database import Tx
from store.family import family, open_to
from store.people import NAME as PERSON_NAME
from store.schema import (
    cases,
    classifications,
    decisions,
    notes,
    people,
    users,
)
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list. For a sealed case that the viewer may not open, the texts are empty and `locked` is set."""

    id: int
    reference: str
    kind: str
    queue: str
    department: str | None
    priority: str
    situation: str
    state: str
    refused: str
    outcome: str | None
    sealed: bool
    locked: bool
    flags: Mapping[str, bool]
    abstained: bool
    language: str
    channel: str
    person: str
    subject: str
    first_words: str
    assignee_id: int | None
    assignee: str
    received_at: datetime
    due_on: date | None
    unread: bool
    version: int
    person_id: int | None
    closed_at: datetime | None
    paused_until: date | None = None
    paused_for: str = ""
    merged_into: int | None = None
    cause: str = ""


def row_query() -> Any:
    """Cases with the names that their rows in lists bear."""
    return (
        select(cases, people.c.name.label("person_name"), users.c.name.label("assignee_name"))
        .outerjoin(people, people.c.id == cases.c.person_id)
        .outerjoin(users, users.c.id == cases.c.assignee_id)
    )


def row_of(row: Any, viewer: Viewer) -> Row:
    """What a viewer may know of a case that `row_query` found."""
    locked = row.sealed and not viewer.medical
    return Row(
        id=row.id,
        reference=row.reference,
        kind="" if locked else row.kind,
        queue=row.queue,
        department=None if locked else row.department,
        priority=row.priority,
        situation="" if locked else row.situation,
        state=row.state,
        refused=row.refused,
        outcome=row.outcome,
        sealed=row.sealed,
        locked=locked,
        flags={} if locked else row.flags,
        abstained=row.abstained,
        language=row.language,
        channel=row.channel,
        person="" if locked or row.person_name is None else texts.read(row.person_name, PERSON_NAME),
        subject="" if locked else texts.read(row.subject, register.SUBJECT),
        first_words="" if locked else texts.read(row.first_words, register.FIRST_WORDS),
        assignee_id=row.assignee_id,
        assignee=row.assignee_name or "",
        received_at=row.received_at,
        due_on=row.due_on,
        unread=row.unread,
        version=row.version,
        person_id=None if locked else row.person_id,
        closed_at=row.closed_at,
        paused_until=None if locked else row.paused_until,
        paused_for="" if locked else row.paused_for,
        merged_into=row.merged_into,
        cause="" if locked else row.cause,
    )


async def counts(tx: Tx, viewer: Viewer) -> dict[str, int]:
    """Open cases by queue, of the viewer's queues. Sealed ones are counted: that they exist is no secret, what they say is."""
    rows = await tx.conn.execute(
        select(cases.c.queue, func.count())
        .where(cases.c.state == "open", cases.c.merged_into.is_(None), viewer.may_list())
        .group_by(cases.c.queue)
    )
    return {row[0]: int(row[1]) for row in rows}


async def case(tx: Tx, viewer: Viewer, case_id: int) -> Row | None:
    """One case that this viewer may list; check `locked` before showing anything of it."""
    row = (await tx.conn.execute(row_query().where(cases.c.id == case_id, viewer.may_list()))).one_or_none()
    return row_of(row, viewer) if row else None


async def case_by_reference(tx: Tx, viewer: Viewer, reference: str) -> Row | None:
    """One case by its reference, as `case`."""
    found = (await tx.conn.execute(select(cases.c.id).where(cases.c.reference == reference))).scalar()
    return await case(tx, viewer, int(found)) if found is not None else None


@dataclass(frozen=True, slots=True)
class NoteRow:
    """An internal note. `about` is "closing" when it says what was done."""

    id: int
    author: str
    text: str
    at: datetime
    about: str = ""


async def notes_of(tx: Tx, viewer: Viewer, case_id: int) -> list[NoteRow]:
    """The notes on a case and on what was merged into it, oldest first; none when the viewer may not open it."""
    rows = await tx.conn.execute(
        select(notes.c.id, users.c.name, notes.c.text, notes.c.at, notes.c.about)
        .outerjoin(users, users.c.id == notes.c.author_id)
        .where(notes.c.case_id.in_(family(case_id)), open_to(viewer, case_id))
        .order_by(notes.c.id)
    )
    return [NoteRow(row[0], row[1] or "", texts.read(row[2], register.NOTE), row[3], row[4]) for row in rows]


async def last_note(tx: Tx, viewer: Viewer, case_id: int) -> tuple[int, str]:
    """The id of the last note that `notes_of` tells, and who wrote it; 0 without any."""
    query = select(notes.c.id, users.c.name).outerjoin(users, users.c.id == notes.c.author_id)
    query = query.where(notes.c.case_id.in_(family(case_id)), open_to(viewer, case_id))
    row = (await tx.conn.execute(query.order_by(notes.c.id.desc()).limit(1))).one_or_none()
    return (row[0], row[1] or "") if row else (0, "")


async def clocks_of(tx: Tx, viewer: Viewer, case_id: int) -> list[ClockRow]:
    """The clocks of a case, the earliest first; none when the viewer may not open it."""
    return [ClockRow(*row) for row in await tx.conn.execute(of_case(case_id).where(open_to(viewer, case_id)))]


async def classification_of(tx: Tx, viewer: Viewer, case_id: int) -> Any | None:
    """What the classifier said of the message that opened the case."""
    return await _body(tx, viewer, case_id, classifications, register.CLASSIFICATION)


async def decision_of(tx: Tx, viewer: Viewer, case_id: int) -> Any | None:
    """The decision that routed the case, with its trace."""
    return await _body(tx, viewer, case_id, decisions, register.DECISION)


async def _body(tx: Tx, viewer: Viewer, case_id: int, table: Any, place: texts.Place) -> Any | None:
    found = await tx.conn.execute(
        select(table.c.body)
        .join(cases, cases.c.id == table.c.case_id)
        .where(table.c.case_id == case_id, viewer.may_see())
        .order_by(table.c.id)
        .limit(1)
    )
    body = found.scalar()
    return None if body is None else texts.read_json(body, place)
