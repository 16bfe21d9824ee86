"""Cases in lists, for one viewer: by the earliest due date or, when closed, the latest first; a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, and_, literal, literal_column, select, tuple_

from store.columns import Id, Moment
from store.database import Tx
from store.schema import cases
from store.viewer import Viewer
from store.views import Row, row_of, row_query

PAGE: Final = 50
# Written into the statements as they are, so that the database plans with how rare they are.
_STATES: Final[Mapping[str, ColumnElement[str]]] = {name: literal_column(f"'{name}'") for name in ("open", "closed")}
_URGENT: Final[ColumnElement[str]] = literal_column("'urgent'")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases a list shows; what is left out shows all.

    `mine`, `unassigned` and `assignee` narrow by who has them; `urgent` to those in distress, or all others; `due` to what is
    due from the first day to the second, each included and None for no bound; `undated` to what no date is promised for;
    `resting` to what rests until a day, or all others.
    """

    queue: str | None = None
    state: str = "open"
    mine: bool = False
    unassigned: bool = False
    assignee: int | None = None
    urgent: bool | None = None
    kind: str = ""
    department: str = ""
    flag: str = ""
    language: str = ""
    channel: str = ""
    due: tuple[date | None, date | None] | None = None
    undated: bool = False
    resting: bool | None = None

    def but(self, **changed: Any) -> Filter:
        """The same with other choices."""
        return replace(self, **changed)


async def listing(
    tx: Tx, viewer: Viewer, wanted: Filter, *, after: tuple[date, int] | None = None, limit: int = PAGE
) -> list[Row]:
    """Cases by the earliest due date, those for which nothing is promised last.

    `after` is the (due date or date.max, id) of the last row of the page before.
    """
    conditions = _conditions(viewer, wanted)
    in_dated = not wanted.undated and (after is None or after[0] != date.max)
    found = await _dated(tx, conditions, wanted, after, limit) if in_dated else []
    if len(found) < limit and wanted.due is None:
        found += await _undated(tx, conditions, 0 if in_dated or not after else after[1], limit - len(found))
    return [row_of(row, viewer) for row in found]


async def _dated(
    tx: Tx, conditions: Sequence[Any], wanted: Filter, after: tuple[date, int] | None, limit: int
) -> list[Any]:
    narrowed = [*conditions, cases.c.due_on.is_not(None), *_due(wanted)]
    if after:
        place = tuple_(literal(after[0], Date), literal(after[1], Id))
        narrowed.append(tuple_(cases.c.due_on, cases.c.id) > place)
    query = row_query().where(*narrowed).order_by(cases.c.due_on, cases.c.id).limit(limit)
    return list(await tx.conn.execute(query))


async def _undated(tx: Tx, conditions: Sequence[Any], after: int, limit: int) -> list[Any]:
    narrowed = [*conditions, cases.c.due_on.is_(None), cases.c.id > after]
    return list(await tx.conn.execute(row_query().where(*narrowed).order_by(cases.c.id).limit(limit)))


async def resting(
    tx: Tx, viewer: Viewer, wanted: Filter, *, after: tuple[date, int] | None = None, limit: int = PAGE
) -> list[Row]:
    """Cases that rest until a day, those that come back first before the others; `after` is the (paused_until, id) of the
    last row of the page before."""
    conditions = [*_conditions(viewer, wanted.but(resting=True)), *_due(wanted)]
    if wanted.undated:
        conditions.append(cases.c.due_on.is_(None))
    if after:
        place = tuple_(literal(after[0], Date), literal(after[1], Id))
        conditions.append(tuple_(cases.c.paused_until, cases.c.id) > place)
    query = row_query().where(*conditions).order_by(cases.c.paused_until, cases.c.id).limit(limit)
    return [row_of(row, viewer) for row in await tx.conn.execute(query)]


async def closed(
    tx: Tx,
    viewer: Viewer,
    wanted: Filter,
    *,
    before: tuple[datetime, int] | None = None,
    back_to: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> list[Row]:
    """Closed cases, the latest first; `before` is the (closed_at, id) of the last row of the page before, `back_to` that of
    the earliest case to look at."""
    conditions = _conditions(viewer, wanted.but(state="closed"))
    conditions.append(cases.c.closed_at.is_not(None))
    if before:
        conditions.append(tuple_(cases.c.closed_at, cases.c.id) < _closing(before))
    if back_to:
        conditions.append(tuple_(cases.c.closed_at, cases.c.id) >= _closing(back_to))
    query = row_query().where(*conditions).order_by(cases.c.closed_at.desc(), cases.c.id.desc()).limit(limit)
    return [row_of(row, viewer) for row in await tx.conn.execute(query)]


async def reach(
    tx: Tx, wanted: Filter, *, before: tuple[datetime, int] | None = None, cases_back: int
) -> tuple[datetime, int] | None:
    """How far back so many closed cases of the queue go, as a place for `closed`; None where there are fewer.

    What is rare among a million closed cases would otherwise be looked for in all of them, for one page.
    """
    conditions = [cases.c.state == _STATES["closed"], cases.c.closed_at.is_not(None)]
    if wanted.queue:
        conditions.append(cases.c.queue == wanted.queue)
    if before:
        conditions.append(tuple_(cases.c.closed_at, cases.c.id) < _closing(before))
    query = select(cases.c.closed_at, cases.c.id).where(*conditions)
    query = query.order_by(cases.c.closed_at.desc(), cases.c.id.desc()).offset(cases_back - 1).limit(1)
    row = (await tx.conn.execute(query)).one_or_none()
    return (row.closed_at, row.id) if row else None


def _closing(place: tuple[datetime, int]) -> Any:
    return tuple_(literal(place[0], Moment), literal(place[1], Id))


def _due(wanted: Filter) -> list[ColumnElement[Any]]:
    first, last = wanted.due or (None, None)
    return ([cases.c.due_on >= first] if first else []) + ([cases.c.due_on <= last] if last else [])


def _conditions(viewer: Viewer, wanted: Filter) -> list[ColumnElement[Any]]:
    # A sealed case is listed as existing, without its words; it is never found by what it says or what it is about.
    conditions: list[ColumnElement[Any]] = [cases.c.merged_into.is_(None), viewer.may_list()]
    if wanted.kind or wanted.department or wanted.flag:
        conditions.append(viewer.may_see())
    if wanted.state != "all":
        conditions.append(cases.c.state == _STATES[wanted.state])
    if wanted.mine:
        conditions.append(cases.c.assignee_id == viewer.user_id)
    if wanted.unassigned:
        conditions.append(cases.c.assignee_id.is_(None))
    if wanted.urgent is not None:
        conditions.append(cases.c.priority == _URGENT if wanted.urgent else cases.c.priority != _URGENT)
    if wanted.resting is not None:
        conditions.append(_rests(viewer) if wanted.resting else ~_rests(viewer))
    if wanted.flag:
        conditions.append(cases.c.flags[wanted.flag].as_boolean().is_(True))
    for column, value in (
        (cases.c.queue, wanted.queue),
        (cases.c.assignee_id, wanted.assignee),
        (cases.c.kind, wanted.kind),
        (cases.c.department, wanted.department),
        (cases.c.language, wanted.language),
        (cases.c.channel, wanted.channel),
    ):
        if value:
            conditions.append(column == value)
    return conditions


def _rests(viewer: Viewer) -> ColumnElement[Any]:
    """That a sealed case rests is for those who may read why; for others it waits like any."""
    rests = cases.c.paused_until.is_not(None)
    return rests if viewer.medical else and_(rests, cases.c.sealed.is_(False))
