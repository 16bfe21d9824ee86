"""Cases that rest: until a day, for a reason. The clocks that may wait for the member wait; the others go on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Final, Literal

from sqlalchemy import select, update

from store import cases as register
from store.database import Tx
from store.schema import cases, deadlines, pauses
from store.sql import add

# We wait for the member; for the department; for a day on which something happens.
Reason = Literal["member", "department", "day"]
REASONS: Final[tuple[Reason, ...]] = ("member", "department", "day")
# The due date of a clock that waited from one moment to another (router.deadlines.after_pause).
Moved = Callable[[date, datetime, datetime], date]


async def begin(
    tx: Tx,
    case_id: int,
    *,
    reason: Reason,
    until: date,
    waiting: Collection[str],
    author_id: int | None,
    today: date,
    now: datetime,
) -> None:
    """Begin a pause of a case that has none; the clocks named in `waiting` stand still, unless they are over: what is late
    stays late. Who calls changes the case."""
    await add(tx, pauses, case_id=case_id, author_id=author_id, reason=reason, until_on=until, began_at=now)
    await tx.conn.execute(
        update(deadlines)
        .where(
            deadlines.c.case_id == case_id,
            deadlines.c.state == "running",
            deadlines.c.clock.in_(waiting),
            deadlines.c.due_on >= today,
        )
        .values(state="paused")
    )
    await register.refresh_due(tx, case_id)


async def wake(tx: Tx, case_id: int, *, actor: str, moved: Moved, now: datetime, version: int | None = None) -> bool:
    """End the pause of a case: clocks that waited go on, later by the working days that it took. False when it had none.

    Raises StaleError when the case is past `version`.
    """
    row = (
        await tx.conn.execute(
            update(pauses)
            .where(pauses.c.case_id == case_id, pauses.c.ended_at.is_(None))
            .values(ended_at=now)
            .returning(pauses.c.began_at, pauses.c.reason)
        )
    ).first()
    if row is None:
        return False
    query = select(deadlines.c.id, deadlines.c.due_on).where(
        deadlines.c.case_id == case_id, deadlines.c.state == "paused"
    )
    for clock in (await tx.conn.execute(query)).all():
        due_on = moved(clock.due_on, row.began_at, now)
        await tx.conn.execute(
            update(deadlines).where(deadlines.c.id == clock.id).values(state="running", due_on=due_on)
        )
    await register.change(
        tx,
        case_id,
        actor=actor,
        act="case.woken",
        now=now,
        version=version,
        detail={"reason": row.reason},
        paused_until=None,
        paused_for="",
        unread=True,
    )
    await register.refresh_due(tx, case_id)
    return True


async def wake_if(tx: Tx, case_id: int, reasons: Collection[str], *, moved: Moved, now: datetime) -> bool:
    """Wake a case that rests for one of these reasons, because what it waited for is there."""
    query = select(cases.c.id).where(cases.c.id == case_id, cases.c.paused_for.in_(reasons))
    if (await tx.conn.execute(query)).scalar() is None:
        return False
    return await wake(tx, case_id, actor="system", moved=moved, now=now)


async def over(tx: Tx, *, today: date) -> list[int]:
    """Open cases whose pause ends today or has ended."""
    query = select(cases.c.id).where(cases.c.paused_until <= today, cases.c.state == "open").order_by(cases.c.id)
    return list((await tx.conn.execute(query)).scalars())
