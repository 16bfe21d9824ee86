"""How many running clocks of open cases end on each day, for the calendar of deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select

from store.database import Tx
from store.schema import cases, deadlines
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class DueCase:
    """One open case whose clock ends on the day that was asked for. What a sealed case is about is not here."""

    reference: str
    queue: str
    clock: str
    sealed: bool
    assigned: bool


async def counts(tx: Tx, viewer: Viewer, *, first: date, last: date) -> dict[date, int]:
    """Open cases by the day on which their earliest clock ends, from `first` to `last`, both included."""
    rows = await tx.conn.execute(
        select(cases.c.due_on, func.count())
        .where(*_listed(viewer), cases.c.due_on >= first, cases.c.due_on <= last)
        .group_by(cases.c.due_on)
    )
    return {day: int(count) for day, count in rows}


async def late(tx: Tx, viewer: Viewer, *, today: date) -> int:
    """Open cases whose earliest clock has ended."""
    query = select(func.count()).select_from(cases).where(*_listed(viewer), cases.c.due_on < today)
    return int((await tx.conn.execute(query)).scalar_one())


async def on_day(tx: Tx, viewer: Viewer, day: date, *, limit: int = 200) -> list[DueCase]:
    """The clocks of open cases that end on a day, by queue."""
    rows = await tx.conn.execute(
        select(
            cases.c.reference,
            cases.c.queue,
            deadlines.c.clock,
            cases.c.sealed,
            cases.c.assignee_id.is_not(None),
        )
        .join(deadlines, deadlines.c.case_id == cases.c.id)
        .where(*_listed(viewer), deadlines.c.state == "running", deadlines.c.due_on == day)
        .order_by(cases.c.queue, cases.c.id)
        .limit(limit)
    )
    return [DueCase(*row) for row in rows]


def _listed(viewer: Viewer) -> tuple[ColumnElement[Any], ...]:
    return (cases.c.state == "open", cases.c.merged_into.is_(None), viewer.may_list())
