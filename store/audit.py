"""The audit: who did what, when, to which case. Append only, and never content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, literal, or_, select

from store.database import Tx
from store.schema import audit, cases, users
from store.sql import add
from store.viewer import Viewer


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
    """Which entries are looked for; what is empty does not narrow."""

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
    if asked.actor:
        query = query.where(audit.c.actor == asked.actor)
    if asked.act:
        query = query.where(audit.c.act == asked.act)
    if asked.reference:
        query = query.where(cases.c.reference == asked.reference)
    if asked.since:
        query = query.where(audit.c.at >= asked.since)
    if asked.until:
        query = query.where(audit.c.at < asked.until)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [_line(row, viewer) for row in await tx.conn.execute(query)]


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
