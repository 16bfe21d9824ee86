"""What the monthly report counts. Every case is counted, sealed ones too: that they exist is no secret, and small counts are
hidden where they could point at a person (rule E3). Words of a case come from unsealed ones only.

A case that was merged into another counts once, with the other. What was closed as spam or a robot's letter is counted apart
and in no other figure, until its sender writes again. All moments are UTC, from `start` up to, not including, `end`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, not_, select

from config.vocabulary import ROBOT
from store import cases as register
from store import texts
from store.database import Tx
from store.people import NAME
from store.schema import cases, classifications, deadlines, messages, people, ratings
from store.viewer import Viewer
from store.views import Row, row_of, row_query


@dataclass(frozen=True, slots=True)
class Group:
    """How many cases were received that are alike in all this."""

    kind: str
    department: str | None
    channel: str
    language: str
    refused: str
    sealed: bool
    count: int


@dataclass(frozen=True, slots=True)
class ClockEnd:
    """A clock and how it ended. `ended_at` is None while it runs, and for those of refused cases, which are kept as met."""

    clock: str
    due_on: date
    state: str
    ended_at: datetime | None
    case_id: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """A case that was closed. `cause` is what was behind it (`config.causes`), "" where nobody said."""

    kind: str
    outcome: str
    refused: str
    received_at: datetime
    closed_at: datetime
    cause: str = ""
    case_id: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody complained about: the words of the message that opened the case, and what the classifier pointed at."""

    case_id: int
    department: str
    channel: str
    name: str
    text: str
    evidence: Sequence[Any]


def _scope(viewer: Viewer) -> ColumnElement[Any]:
    """The condition under which a case counts for this viewer."""
    return _own(viewer) & cases.c.outcome.is_distinct_from(ROBOT)


def _own(viewer: Viewer) -> ColumnElement[Any]:
    return viewer.may_list() & cases.c.merged_into.is_(None)


def _received(start: datetime, end: datetime) -> ColumnElement[Any]:
    return (cases.c.received_at >= start) & (cases.c.received_at < end)


async def groups(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> list[Group]:
    """Cases received, counted by everything that the report splits them by."""
    by = (
        cases.c.kind,
        cases.c.department,
        cases.c.channel,
        cases.c.language,
        cases.c.refused,
        cases.c.sealed,
    )
    query = select(*by, func.count()).where(_scope(viewer), _received(start, end)).group_by(*by)
    return [Group(*row) for row in await tx.conn.execute(query)]


async def received(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> int:
    """How many cases were received."""
    query = select(func.count()).select_from(cases).where(_scope(viewer), _received(start, end))
    return int((await tx.conn.execute(query)).scalar_one())


async def merged(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> int:
    """How many cases received then go on in another one."""
    gone = viewer.may_list() & cases.c.merged_into.is_not(None)
    query = select(func.count()).select_from(cases).where(gone, _received(start, end))
    return int((await tx.conn.execute(query)).scalar_one())


async def robots(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> int:
    """How many of those received then were no message for us."""
    away = _own(viewer) & (cases.c.outcome == ROBOT)
    query = select(func.count()).select_from(cases).where(away, _received(start, end))
    return int((await tx.conn.execute(query)).scalar_one())


async def clocks_due(tx: Tx, viewer: Viewer, first: date, last: date) -> list[ClockEnd]:
    """The clocks whose day lies between two days, both included."""
    query = (
        select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.state, deadlines.c.ended_at, deadlines.c.case_id)
        .join(cases, cases.c.id == deadlines.c.case_id)
        .where(_scope(viewer), deadlines.c.due_on >= first, deadlines.c.due_on <= last)
    )
    return [ClockEnd(*row) for row in await tx.conn.execute(query)]


async def acknowledged(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> list[tuple[datetime, datetime, int]]:
    """(received, acknowledged, case) of each case received then whose receipt has gone."""
    query = (
        select(cases.c.received_at, deadlines.c.ended_at, cases.c.id)
        .join(deadlines, deadlines.c.case_id == cases.c.id)
        .where(
            _scope(viewer),
            _received(start, end),
            deadlines.c.clock == "acknowledgement",
            deadlines.c.ended_at.is_not(None),
        )
    )
    return [(row[0], row[1], row[2]) for row in await tx.conn.execute(query)]


async def closed(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> list[Closed]:
    """The cases that were closed then, whenever they came."""
    columns = (
        cases.c.kind,
        cases.c.outcome,
        cases.c.refused,
        cases.c.received_at,
        cases.c.closed_at,
        cases.c.cause,
        cases.c.id,
    )
    query = select(*columns).where(
        _scope(viewer), cases.c.state == "closed", cases.c.closed_at >= start, cases.c.closed_at < end
    )
    return [Closed(row[0], row[1] or "", *row[2:]) for row in await tx.conn.execute(query)]


async def scores(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> list[int]:
    """What members gave then, from 1 (bad) to 5 (good)."""
    query = (
        select(ratings.c.score)
        .join(cases, cases.c.id == ratings.c.case_id)
        .where(_scope(viewer), ratings.c.at >= start, ratings.c.at < end)
    )
    return list((await tx.conn.execute(query)).scalars())


async def rows(
    tx: Tx, viewer: Viewer, start: datetime, end: datetime, *, by: str, value: str, limit: int
) -> list[Row] | None:
    """The cases behind a count, the latest first: those received then of which the split `by` says `value`, or closed then with
    an outcome or a cause. Sealed ones only where the viewer may open them, or where nothing else is said of them than that they
    are sealed. None for a split that there is not."""
    if by not in _BY:
        return None
    query = row_query().where(_own(viewer) if by == "apart" else _scope(viewer), _BY[by](value))
    if (by, value) != ("department", "medical") and by not in ("channel", "language"):
        query = query.where(viewer.may_see())
    if by in ("outcome", "cause"):
        when = (cases.c.closed_at >= start) & (cases.c.closed_at < end)
        query = query.where(cases.c.state == "closed", cases.c.kind == "complaint", when)
    else:
        query = query.where(_received(start, end))
    found = await tx.conn.execute(query.order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(limit))
    return [row_of(row, viewer) for row in found]


async def rows_of(tx: Tx, viewer: Viewer, ids: Sequence[int], *, limit: int) -> list[Row]:
    """Of these cases the latest, those that the viewer may open."""
    query = row_query().where(_scope(viewer), viewer.may_see(), cases.c.id.in_(ids))
    found = await tx.conn.execute(query.order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(limit))
    return [row_of(row, viewer) for row in found]


async def rated(tx: Tx, viewer: Viewer, start: datetime, end: datetime, score: int) -> list[int]:
    """The cases to which members gave this score then."""
    query = (
        select(ratings.c.case_id)
        .join(cases, cases.c.id == ratings.c.case_id)
        .where(_scope(viewer), ratings.c.at >= start, ratings.c.at < end, ratings.c.score == score)
    )
    return list((await tx.conn.execute(query)).scalars())


def _of_department(value: str) -> ColumnElement[Any]:
    if value == "medical":
        return cases.c.sealed.is_(True)
    named = cases.c.department.is_(None) if value == "none" else cases.c.department == value
    return named & not_(cases.c.sealed)


_BY: Final[Mapping[str, Callable[[str], ColumnElement[Any]]]] = {
    "kind": lambda value: cases.c.kind == value,
    "department": _of_department,
    "channel": lambda value: cases.c.channel == value,
    "language": lambda value: cases.c.language == value,
    "refused": lambda value: (cases.c.refused == value) & (cases.c.refused != ""),
    "outcome": lambda value: cases.c.outcome == value,
    "apart": lambda value: cases.c.outcome == (ROBOT if value == "robots" else ""),
    "cause": lambda value: cases.c.cause == ("" if value == "none" else value),
}


async def told(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> list[Told]:
    """The complaints received then that are about a department, sealed and refused ones left out, the latest first."""
    query = (
        select(
            cases.c.id,
            cases.c.department,
            cases.c.channel,
            people.c.name,
            messages.c.reply,
            classifications.c.body,
        )
        .join(classifications, classifications.c.case_id == cases.c.id)
        .join(messages, messages.c.id == classifications.c.message_id)
        .outerjoin(people, people.c.id == cases.c.person_id)
        .where(
            _scope(viewer),
            _received(start, end),
            not_(cases.c.sealed),
            cases.c.kind == "complaint",
            cases.c.refused == "",
            cases.c.department.is_not(None),
        )
        .order_by(cases.c.id.desc(), classifications.c.id)
    )
    first: dict[int, Told] = {}
    for row in await tx.conn.execute(query):
        # Of several messages the first one opened the case.
        if row.id not in first:
            body = texts.read_json(row.body, register.CLASSIFICATION)
            name = texts.read(row.name, NAME) if row.name is not None else ""
            text = texts.read(row.reply, register.REPLY)
            first[row.id] = Told(row.id, row.department, row.channel, name, text, body["evidence"])
    return list(first.values())
