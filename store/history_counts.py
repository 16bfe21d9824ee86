"""What reports count: cases received in a period, without anything of their content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from store.database import Tx
from store.schema import cases, deadlines


@dataclass(frozen=True, slots=True)
class Counted:
    """One case as it is counted. `late`: one of its clocks was missed."""

    kind: str
    queue: str
    channel: str
    language: str
    state: str
    outcome: str | None
    late: bool


async def received_between(tx: Tx, start: datetime, end: datetime) -> list[Counted]:
    """Every case received from `start` up to, not including, `end`."""
    missed = (
        select(func.count())
        .where(deadlines.c.case_id == cases.c.id, deadlines.c.escalated_at.is_not(None))
        .scalar_subquery()
    )
    rows = await tx.conn.execute(
        select(
            cases.c.kind,
            cases.c.queue,
            cases.c.channel,
            cases.c.language,
            cases.c.state,
            cases.c.outcome,
            missed.label("missed"),
        ).where(cases.c.received_at >= start, cases.c.received_at < end)
    )
    return [Counted(*row[:6], late=row.missed > 0) for row in rows]
