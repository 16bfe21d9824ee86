"""A case with everything that was merged into it: its own number and theirs, however deep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from store.database import Tx
from store.schema import cases
from store.viewer import Viewer


def family(case_id: int) -> Select[Any]:
    """The numbers, to be selected from within another statement."""
    own = select(cases.c.id).where(cases.c.id == case_id).cte("family", recursive=True)
    # UNION, which leaves out what it has found: merges that went in a circle would end.
    every = own.union(select(cases.c.id).join(own, cases.c.merged_into == own.c.id))
    return select(every.c.id)


def open_to(viewer: Viewer, case_id: int) -> ColumnElement[bool]:
    """Whether this viewer may read the case. What was merged into it is read with it: the fence is the one of the case that
    goes on, whose seal and queue are those of the matter."""
    return select(cases.c.id).where(cases.c.id == case_id, viewer.may_see()).exists()


async def members(tx: Tx, case_id: int) -> Sequence[int]:
    """The numbers, the case itself among them."""
    return list(await tx.conn.scalars(family(case_id)))


async def goes_on_as(tx: Tx, case_id: int) -> Any:
    """The row of the case that goes on: this one, or the one it was merged into, however often. None for no such case."""
    seen: set[int] = set()
    row: Any = None
    while case_id not in seen:
        seen.add(case_id)
        row = (await tx.conn.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
        if row is None or row.merged_into is None:
            break
        case_id = row.merged_into
    return row
