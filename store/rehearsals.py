"""Rehearsals and what they found: kept while they run, read by page, judged case by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select, true, update

from store import texts
from store.database import Tx
from store.schema import cases, rehearsal_changes, rehearsals, users
from store.sql import new_id
from store.viewer import Viewer

NOTE: Final = texts.Place("rehearsal_changes", "note")
JUDGEMENTS: Final = ("better", "same", "worse")
# A rehearsal that gave no sign for so long has ended with its process.
SILENT: Final = timedelta(seconds=90)
NO_HARM: Final = 9
PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One rehearsal. `body` is the draft as it was, as JSON; `sums` what was found so far. `state`: running, done, stopped,
    failed."""

    id: int
    base: str
    body: str
    days: int
    until: datetime
    state: str
    done: int
    total: int
    sums: Mapping[str, Any]
    started_by: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class NewChange:
    """A case that the draft would treat in another way; `before` and `after` hold queue, rule, text and the rest."""

    case_id: int
    sealed: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    harms: Sequence[str]
    worst: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change as people look at it. `sealed`: the case is, or either set seals it."""

    id: int
    case_id: int
    reference: str
    sealed: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    harms: Sequence[str]
    judged: str
    note: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes are shown: those of one cell of the table, and those not judged yet."""

    before: str = ""
    after: str = ""
    open_only: bool = False


async def begin(
    tx: Tx, *, base: str, body: str, days: int, until: datetime, total: int, user_id: int, now: datetime
) -> int:
    """Note that a rehearsal runs from now on."""
    return await new_id(
        tx,
        rehearsals,
        base=base,
        body=body,
        days=days,
        until=until,
        state="running",
        done=0,
        total=total,
        stop_asked=False,
        sums={},
        started_by=user_id,
        started_at=now,
        seen_at=now,
    )


async def go_on(
    tx: Tx, rehearsal: int, *, done: int, sums: Mapping[str, Any], changes: Sequence[NewChange], now: datetime
) -> bool:
    """Keep what a part found; False when somebody asked to stop."""
    if changes:
        await tx.conn.execute(
            rehearsal_changes.insert(),
            [
                {
                    "rehearsal_id": rehearsal,
                    "case_id": change.case_id,
                    "sealed": change.sealed,
                    "queue_before": change.before["queue"],
                    "queue_after": change.after["queue"],
                    "before": dict(change.before),
                    "after": dict(change.after),
                    "harms": list(change.harms),
                    "worst": change.worst,
                    "judged": "",
                    "note": b"",
                }
                for change in changes
            ],
        )
    mine = rehearsals.c.id == rehearsal
    await tx.conn.execute(update(rehearsals).where(mine).values(done=done, sums=dict(sums), seen_at=now))
    return not (await tx.conn.execute(select(rehearsals.c.stop_asked).where(mine))).scalar()


async def end(tx: Tx, rehearsal: int, state: str) -> None:
    """Say how it ended."""
    await tx.conn.execute(
        update(rehearsals).where(rehearsals.c.id == rehearsal, rehearsals.c.state == "running").values(state=state)
    )


async def ask_to_stop(tx: Tx, rehearsal: int) -> None:
    """Let it stop after the part it is at."""
    await tx.conn.execute(update(rehearsals).where(rehearsals.c.id == rehearsal).values(stop_asked=True))


async def latest(tx: Tx, *, now: datetime) -> Rehearsal | None:
    """The rehearsal that was begun last."""
    newest = (await tx.conn.execute(select(func.max(rehearsals.c.id)))).scalar()
    return await one(tx, int(newest), now=now) if newest is not None else None


async def one(tx: Tx, rehearsal: int, *, now: datetime) -> Rehearsal | None:
    """One rehearsal; one that has been silent for long counts as failed."""
    row = (
        await tx.conn.execute(
            select(rehearsals, users.c.name)
            .join(users, users.c.id == rehearsals.c.started_by)
            .where(rehearsals.c.id == rehearsal)
        )
    ).one_or_none()
    if row is None:
        return None
    state = "failed" if row.state == "running" and now - row.seen_at > SILENT else row.state
    return Rehearsal(
        row.id, row.base, row.body, row.days, row.until, state, row.done, row.total, row.sums, row.name, row.started_at
    )


async def table(tx: Tx, rehearsal: int) -> Mapping[tuple[str, str], int]:
    """How many cases move from one queue to another; sealed ones are counted, because numbers say nothing of them."""
    rows = await tx.conn.execute(
        select(rehearsal_changes.c.queue_before, rehearsal_changes.c.queue_after, func.count())
        .where(
            rehearsal_changes.c.rehearsal_id == rehearsal,
            rehearsal_changes.c.queue_before != rehearsal_changes.c.queue_after,
        )
        .group_by(rehearsal_changes.c.queue_before, rehearsal_changes.c.queue_after)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


async def changes(
    tx: Tx, viewer: Viewer, rehearsal: int, wanted: Wanted, *, after: tuple[int, int] | None = None
) -> list[Change]:
    """The changes that a viewer may see, the worst first; `after` is (worst, id) of the last of the page before. One more
    than a page, where there are more."""
    conditions = [rehearsal_changes.c.rehearsal_id == rehearsal, _shown_to(viewer)]
    if wanted.before:
        conditions.append(rehearsal_changes.c.queue_before == wanted.before)
    if wanted.after:
        conditions.append(rehearsal_changes.c.queue_after == wanted.after)
    if wanted.open_only:
        conditions.append(rehearsal_changes.c.judged == "")
    if after is not None:
        worst, last = rehearsal_changes.c.worst, rehearsal_changes.c.id
        conditions.append((worst > after[0]) | and_(worst == after[0], last > after[1]))
    rows = await tx.conn.execute(
        select(rehearsal_changes, cases.c.reference)
        .join(cases, cases.c.id == rehearsal_changes.c.case_id)
        .where(*conditions)
        .order_by(rehearsal_changes.c.worst, rehearsal_changes.c.id)
        .limit(PAGE + 1)
    )
    return [
        Change(
            row.id,
            row.case_id,
            row.reference,
            row.sealed,
            row.before,
            row.after,
            row.harms,
            row.judged,
            texts.read(row.note, NOTE),
        )
        for row in rows
    ]


async def judge(tx: Tx, viewer: Viewer, change: int, judged: str, note: str) -> int | None:
    """Say what a change is worth; the rehearsal's id, None when the viewer may not see the case."""
    found = await tx.conn.execute(
        select(rehearsal_changes.c.rehearsal_id)
        .join(cases, cases.c.id == rehearsal_changes.c.case_id)
        .where(rehearsal_changes.c.id == change, _shown_to(viewer))
    )
    rehearsal = found.scalar()
    if rehearsal is not None:
        await tx.conn.execute(
            update(rehearsal_changes)
            .where(rehearsal_changes.c.id == change)
            .values(judged=judged, note=texts.keep(note, NOTE), judged_by=viewer.user_id)
        )
    return rehearsal


async def judged(tx: Tx, rehearsal: int) -> Mapping[str, int]:
    """How many changes were judged how; "" for those not judged yet, and "sealed" for all that only the medical team sees."""
    rows = await tx.conn.execute(
        select(rehearsal_changes.c.judged, rehearsal_changes.c.sealed, func.count())
        .where(rehearsal_changes.c.rehearsal_id == rehearsal)
        .group_by(rehearsal_changes.c.judged, rehearsal_changes.c.sealed)
    )
    sums = dict.fromkeys(("", *JUDGEMENTS, "sealed"), 0)
    for verdict, sealed, number in rows:
        sums[verdict] += int(number)
        sums["sealed"] += int(number) if sealed else 0
    return sums


def _shown_to(viewer: Viewer) -> Any:
    """A case that either set seals is shown to the medical team alone, whatever it is now."""
    unsealed = true() if viewer.medical else ~rehearsal_changes.c.sealed
    return and_(viewer.may_see(), unsealed)
