"""The audit: who did what, when, to which case. Append only, and never content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, case, cast, func, literal, or_, select

from store import texts
from store.database import Tx
from store.people import NAME
from store.schema import audit, cases, people, users
from store.sql import add
from store.viewer import Viewer

# Acts by which somebody saw something, and changed nothing.
LOOKS: Final = frozenset(
    {
        *("case.copied", "case.printed", "case.seen", "case.unlocked", "case.unsealed", "case.viewed"),
        *("access.exported", "access.fetched", "audit.cases_exported", "audit.exported", "report.exported"),
        *("conversation.viewed", "quarantine.viewed", "receipt.used", "robot.viewed"),
    }
)
_IS_LOOK: Final = audit.c.act.in_(sorted(LOOKS))


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `actor` is "system", "member" or "user:<id>"; `detail` holds ids and labels only."""

    at: datetime
    actor: str
    act: str
    detail: Mapping[str, Any]


async def write(
    tx: Tx, *, actor: str, act: str, at: datetime, case_id: int | None = None, detail: Mapping[str, Any] | None = None
) -> None:
    """Add one entry in the transaction that does the act."""
    await add(tx, audit, at=at, actor=actor, act=act, case_id=case_id, detail=dict(detail or {}))


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is looked through: who acted by name, and the case by its reference. `locked`: it is about a sealed case
    that the viewer may not open, and its detail is empty."""

    id: int
    at: datetime
    actor: str
    name: str
    act: str
    reference: str
    detail: Mapping[str, Any]
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are looked for; what is empty does not narrow. `act` is an act, or "seen" or "changed" for all of a sort."""

    actor: str = ""
    act: str = ""
    reference: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def search(tx: Tx, viewer: Viewer, asked: Asked, *, before: int | None = None, limit: int = 100) -> list[Line]:
    """Entries, the latest first. Those of cases that the viewer may not know of are left out."""
    query = (
        select(audit, cases.c.reference, cases.c.sealed, users.c.name.label("name"))
        .outerjoin(cases, cases.c.id == audit.c.case_id)
        .outerjoin(users, audit.c.actor == literal("user:") + cast(users.c.id, String))
        .where(or_(audit.c.case_id.is_(None), viewer.may_list()))
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    query = query.where(*_conditions(asked))
    if before is not None:
        query = query.where(audit.c.id < before)
    return [_line(row, viewer) for row in await tx.conn.execute(query)]


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found = []
    if asked.actor:
        found.append(audit.c.actor == asked.actor)
    if asked.act in ("seen", "changed"):
        found.append(_IS_LOOK if asked.act == "seen" else ~_IS_LOOK)
    elif asked.act:
        found.append(audit.c.act == asked.act)
    if asked.reference:
        found.append(cases.c.reference == asked.reference)
    if asked.since:
        found.append(audit.c.at >= asked.since)
    if asked.until:
        found.append(audit.c.at < asked.until)
    return found


@dataclass(frozen=True, slots=True)
class Touched:
    """A case that somebody saw or changed: how often each, how many they were, when first and last. `member`: whose case it is;
    empty where nobody is known, and where it is sealed and not for the viewer."""

    reference: str
    member: str
    sealed: bool
    seen: int
    changed: int
    actors: int
    first: datetime
    last: datetime


async def touched(tx: Tx, viewer: Viewer, asked: Asked, *, limit: int) -> list[Touched]:
    """The cases that these entries are about, in the order of their first; of those that the viewer may know of."""
    looks = func.sum(case((_IS_LOOK, 1), else_=0))
    first, last = func.min(audit.c.at), func.max(audit.c.at)
    rows = await tx.conn.execute(
        select(
            cases.c.reference,
            cases.c.sealed,
            people.c.name,
            looks.label("looks"),
            func.count().label("acts"),
            func.count(audit.c.actor.distinct()).label("actors"),
            first.label("first"),
            last.label("last"),
        )
        .select_from(audit)
        .join(cases, cases.c.id == audit.c.case_id)
        .outerjoin(people, people.c.id == cases.c.person_id)
        .where(viewer.may_list(), *_conditions(asked))
        .group_by(cases.c.id, cases.c.reference, cases.c.sealed, people.c.name)
        .order_by(first, cases.c.id)
        .limit(limit)
    )
    return [_touched(row, viewer) for row in rows]


def _touched(row: Any, viewer: Viewer) -> Touched:
    hidden = row.name is None or (row.sealed and not viewer.medical)
    member = "" if hidden else texts.read(row.name, NAME)
    return Touched(row.reference, member, row.sealed, row.looks, row.acts - row.looks, row.actors, row.first, row.last)


def _line(row: Any, viewer: Viewer) -> Line:
    locked = bool(row.sealed) and not viewer.medical
    detail = {} if locked else row.detail
    return Line(row.id, row.at, row.actor, row.name or "", row.act, row.reference or "", detail, locked)


async def acts(tx: Tx) -> list[str]:
    """Every act that was ever recorded, by name."""
    return list((await tx.conn.execute(select(audit.c.act).distinct().order_by(audit.c.act))).scalars())


async def of_case(tx: Tx, case_id: int) -> list[Entry]:
    """Everything that was done to a case, oldest first."""
    rows = await tx.conn.execute(
        select(audit.c.at, audit.c.actor, audit.c.act, audit.c.detail)
        .where(audit.c.case_id == case_id)
        .order_by(audit.c.id)
    )
    return [Entry(*row) for row in rows]


async def done_since(tx: Tx, case_id: int, act: str, *, actor: str, since: datetime) -> bool:
    """Whether somebody has done this on the case since then; for the one who did it."""
    query = select(audit.c.id).where(
        audit.c.case_id == case_id, audit.c.act == act, audit.c.actor == actor, audit.c.at >= since
    )
    return (await tx.conn.execute(query.limit(1))).first() is not None
