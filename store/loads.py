"""What lies in each queue, and who looks after it: for the page of queues and departments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from store.database import Tx
from store.schema import cases
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Load:
    """The open cases of a queue. `next_due` is the earliest day on which one is due."""

    queue: str
    open: int
    late: int
    unassigned: int
    next_due: date | None


async def loads(tx: Tx, viewer: Viewer, *, today: date) -> dict[str, Load]:
    """The load of each queue that has an open case, for this viewer's queues."""
    rows = await tx.conn.execute(
        select(
            cases.c.queue,
            func.count(),
            func.count().filter(cases.c.due_on < today),
            func.count().filter(cases.c.assignee_id.is_(None)),
            func.min(cases.c.due_on),
        )
        .where(cases.c.state == "open", cases.c.merged_into.is_(None), viewer.may_list())
        .group_by(cases.c.queue)
    )
    return {row[0]: Load(*row) for row in rows}
