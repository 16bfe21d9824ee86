"""Cases that have to do with each other and stay apart: a married couple's, or the same fault met by two members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case as either
from sqlalchemy import delete, or_, select

from store.database import Tx
from store.family import open_to
from store.schema import case_links, cases
from store.sql import insert
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Related:
    """A case that is linked to the one that is looked at."""

    reference: str
    kind: str
    queue: str
    state: str


async def link(tx: Tx, viewer: Viewer, case_id: int, other_id: int, *, now: datetime) -> bool:
    """Link two cases, whichever is named first; False when they are already. The caller writes the audit."""
    first, second = sorted((case_id, other_id))
    statement = insert(tx, case_links).values(case_id=first, other_id=second, author_id=viewer.user_id, at=now)
    return bool((await tx.conn.execute(statement.on_conflict_do_nothing())).rowcount == 1)


async def unlink(tx: Tx, case_id: int, other_id: int) -> bool:
    """Take the link away; False when there is none."""
    first, second = sorted((case_id, other_id))
    pair = (case_links.c.case_id == first, case_links.c.other_id == second)
    return bool((await tx.conn.execute(delete(case_links).where(*pair))).rowcount == 1)


async def of_case(tx: Tx, viewer: Viewer, case_id: int) -> list[Related]:
    """The cases that are linked to one and that this viewer may open, in the order of their references."""
    other = either((case_links.c.case_id == case_id, case_links.c.other_id), else_=case_links.c.case_id)
    rows = await tx.conn.execute(
        select(cases.c.reference, cases.c.kind, cases.c.queue, cases.c.state)
        .join(case_links, cases.c.id == other)
        .where(
            or_(case_links.c.case_id == case_id, case_links.c.other_id == case_id),
            viewer.may_see(),
            open_to(viewer, case_id),
        )
        .order_by(cases.c.reference)
    )
    return [Related(*row) for row in rows]
