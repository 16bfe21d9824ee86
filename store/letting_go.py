"""Open cases leave the hands of who may not open them (any more), so that their queues see that nobody has them.

What else there is of theirs stays as it is: a text begun is theirs alone, an answer on its way goes, a case that rests rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import false, not_, select, update

from store import audit
from store.database import Tx
from store.schema import cases, users
from store.viewer import Viewer


async def let_go(tx: Tx, user_id: int, viewer: Viewer | None, *, actor: str, now: datetime) -> Mapping[str, int]:
    """Release the open cases of a colleague which they may not handle as `viewer`; None: they are shut out, and handle none.

    Returns how many wait in which queue now.
    """
    keeps = viewer.may_see() if viewer is not None and viewer.handles_cases else false()
    theirs = update(cases).where(cases.c.assignee_id == user_id, cases.c.state == "open", not_(keeps))
    left = theirs.values(assignee_id=None, version=cases.c.version + 1).returning(cases.c.id, cases.c.queue)
    released = sorted((await tx.conn.execute(left)).all())
    for case_id, _ in released:
        await _write(tx, case_id, user_id, actor=actor, now=now)
    return dict(sorted(Counter(queue for _, queue in released).items()))


async def let_go_of(tx: Tx, case_id: int, *, now: datetime) -> None:
    """Release this one, open in a queue and under a seal of its own just now, if who has it may not open it so. The caller
    has raised its version."""
    columns = (users.c.id, users.c.name, users.c.role, users.c.medical, users.c.queues, users.c.disabled)
    of_case = (cases.c.queue, cases.c.sealed)
    query = select(*columns, *of_case).join(cases, cases.c.assignee_id == users.c.id)
    row = (await tx.conn.execute(query.where(cases.c.id == case_id, cases.c.state == "open"))).one_or_none()
    if row is None:
        return
    queues = None if row.queues is None else frozenset(row.queues)
    viewer = Viewer(row.id, row.name, row.role, row.medical, queues)
    may_open = viewer.has_queue(row.queue) and (viewer.medical or not row.sealed)
    if row.disabled or not viewer.handles_cases or not may_open:
        await tx.conn.execute(update(cases).where(cases.c.id == case_id).values(assignee_id=None))
        await _write(tx, case_id, row.id, actor="system", now=now)


async def _write(tx: Tx, case_id: int, user_id: int, *, actor: str, now: datetime) -> None:
    await audit.write(tx, actor=actor, act="case.released", at=now, case_id=case_id, detail={"from": f"user:{user_id}"})
