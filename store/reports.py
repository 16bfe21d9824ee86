"""The monthly report as people wrote and approved it: two sentences, and the figures frozen on the day of approval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select, update

from store import audit, texts
from store.database import Tx
from store.schema import reports, users
from store.sql import insert

_SENTENCES: Final = texts.Place("reports", "sentences")


class StaleReportError(Exception):
    """Somebody else has changed or approved the report since the form was made."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a month. `version` is 0 while nobody wrote; `body` is "" until it is approved."""

    month: date
    sentences: str = ""
    version: int = 0
    body: str = ""
    approved_by: str = ""
    approved_at: datetime | None = None


async def of_month(tx: Tx, month: date) -> Kept:
    """What is kept of the month that begins on this day."""
    query = select(reports, users.c.name).outerjoin(users, users.c.id == reports.c.approved_by)
    row = (await tx.conn.execute(query.where(reports.c.month == month))).one_or_none()
    if row is None:
        return Kept(month)
    sentences = texts.read(row.sentences, _SENTENCES)
    return Kept(month, sentences, row.version, row.body, row.name or "", row.approved_at)


async def approved_since(tx: Tx, since: datetime, *, before: date) -> list[date]:
    """The months before one of which the report was approved since then, the oldest first."""
    query = select(reports.c.month).where(reports.c.approved_at >= since, reports.c.month < before)
    return list(await tx.conn.scalars(query.order_by(reports.c.month)))


async def write(tx: Tx, month: date, sentences: str, *, version: int, user_id: int, now: datetime) -> None:
    """Keep the sentences of a draft. Raises StaleReportError when it is no longer at `version`, or approved."""
    kept = texts.keep(sentences, _SENTENCES)
    if version == 0:
        statement = insert(tx, reports).values(month=month, sentences=kept, version=1, body="")
        done = await tx.conn.execute(statement.on_conflict_do_nothing())
        changed = done.rowcount == 1
    else:
        changed = await _change(tx, month, version, sentences=kept)
    if not changed:
        raise StaleReportError(month)
    await _note(tx, "report.written", month, user_id, now)


async def approve(tx: Tx, month: date, body: str, *, version: int, user_id: int, now: datetime) -> None:
    """Freeze the figures. Raises StaleReportError as `write`."""
    if not await _change(tx, month, version, body=body, approved_by=user_id, approved_at=now):
        raise StaleReportError(month)
    await _note(tx, "report.approved", month, user_id, now)


async def _change(tx: Tx, month: date, version: int, **values: Any) -> bool:
    done = await tx.conn.execute(
        update(reports)
        .where(reports.c.month == month, reports.c.version == version, reports.c.approved_at.is_(None))
        .values(version=reports.c.version + 1, **values)
    )
    return bool(done.rowcount == 1)


async def _note(tx: Tx, act: str, month: date, user_id: int, now: datetime) -> None:
    await audit.write(tx, actor=f"user:{user_id}", act=act, at=now, detail={"month": f"{month:%Y-%m}"})
