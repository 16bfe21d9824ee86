"""What the frame of the console counts: cases by queue, one's own, what was put aside and what is kept in quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from store import mentions
from store.database import Tx
from store.schema import cases, held, inbox
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Rail:
    """Open cases by queue, how many of each are late, and the numbers of one person. `kept_since` is when the oldest
    item in quarantine came in."""

    queues: Mapping[str, int]
    late: Mapping[str, int]
    mine: int = 0
    mentions: int = 0
    held: int = 0
    kept: int = 0
    kept_since: datetime | None = None

    @property
    def all(self) -> int:
        """Every open case."""
        return sum(self.queues.values())


async def rail(tx: Tx, viewer: Viewer, *, today: date) -> Rail:
    """The counts for this viewer, of their queues alone.

    Sealed cases are counted: that they exist is no secret, what they say is.
    """
    if not viewer.reads_cases:
        return Rail({}, {})
    late = cases.c.due_on < today
    rows = await tx.conn.execute(
        select(
            cases.c.queue,
            func.count().label("all"),
            func.count().filter(late).label("late"),
            func.count().filter(cases.c.assignee_id == viewer.user_id).label("mine"),
        )
        .where(cases.c.state == "open", cases.c.merged_into.is_(None), viewer.may_list())
        .group_by(cases.c.queue)
    )
    found = rows.all()
    kept, kept_since = await _kept(tx) if viewer.supervises else (0, None)
    return Rail(
        queues={row.queue: int(row.all) for row in found},
        late={row.queue: int(row.late) for row in found if row.late},
        mine=sum(int(row.mine) for row in found),
        mentions=await mentions.unseen(tx, viewer),
        held=await _held(tx, viewer) if viewer.handles_cases else 0,
        kept=kept,
        kept_since=kept_since,
    )


async def _held(tx: Tx, viewer: Viewer) -> int:
    # Each of the few that wait is held against its case; joined, SQLite may begin with the cases and read them all.
    of_case = select(cases.c.id).where(cases.c.id == held.c.case_id, viewer.may_see()).exists()
    query = select(func.count()).where(held.c.state == "waiting", of_case)
    if not viewer.medical:
        query = query.where(held.c.sealed.is_(False))
    return int((await tx.conn.execute(query)).scalar_one())


async def _kept(tx: Tx) -> tuple[int, datetime | None]:
    row = (
        await tx.conn.execute(select(func.count(), func.min(inbox.c.received_at)).where(inbox.c.state == "quarantined"))
    ).one()
    return int(row[0]), row[1]
