"""Lists that colleagues gave a name: their own, and those that a supervisor shares with everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, or_, select

from config.directions import straight
from store import audit
from store.database import Tx
from store.schema import kept_views
from store.sql import new_id
from store.viewer import Viewer

LONGEST_NAME: Final = 60
# As many as a rail can hold; who keeps more would find none of them again.
MOST: Final = 20


class FullError(Exception):
    """This person keeps as many lists as they can."""


@dataclass(frozen=True, slots=True)
class KeptView:
    """A list with a name. `chosen` is what narrows it, by the names that stand in its address."""

    id: int
    name: str
    queue: str | None
    chosen: Mapping[str, str]
    shared: bool
    own: bool


async def for_viewer(tx: Tx, viewer: Viewer) -> list[KeptView]:
    """One's own and the shared ones, by name, but for those of queues that one has not (any more)."""
    if not viewer.reads_cases:
        return []
    mine = kept_views.c.owner_id == viewer.user_id
    rows = await tx.conn.execute(
        select(kept_views).where(or_(mine, kept_views.c.shared.is_(True))).order_by(kept_views.c.name, kept_views.c.id)
    )
    return [
        KeptView(row.id, row.name, row.queue, row.chosen, row.shared, row.owner_id == viewer.user_id)
        for row in rows
        if row.queue is None or viewer.has_queue(row.queue)
    ]


async def keep(
    tx: Tx, viewer: Viewer, name: str, queue: str | None, chosen: Mapping[str, str], *, shared: bool, now: datetime
) -> int:
    """Keep a list; it is shared only when a supervisor asks for it. Returns its id. Raises FullError."""
    mine = select(func.count()).where(kept_views.c.owner_id == viewer.user_id)
    if int((await tx.conn.execute(mine)).scalar_one()) >= MOST:
        raise FullError(viewer.user_id)
    is_shared = shared and viewer.supervises
    view_id = await new_id(
        tx,
        kept_views,
        owner_id=viewer.user_id,
        name=straight(name)[:LONGEST_NAME],
        queue=queue,
        chosen=dict(chosen),
        shared=is_shared,
        created_at=now,
    )
    await _noted(tx, viewer, "view.kept", {"view": view_id, "shared": is_shared}, now)
    return view_id


async def forget(tx: Tx, viewer: Viewer, view_id: int, *, now: datetime) -> bool:
    """Forget a list of one's own; a supervisor also a shared one. False when there is none such."""
    gone = await tx.conn.execute(delete(kept_views).where(kept_views.c.id == view_id, _may_forget(viewer)))
    if not gone.rowcount:
        return False
    await _noted(tx, viewer, "view.forgotten", {"view": view_id}, now)
    return True


def _may_forget(viewer: Viewer) -> ColumnElement[bool]:
    mine = kept_views.c.owner_id == viewer.user_id
    return or_(mine, kept_views.c.shared.is_(True)) if viewer.supervises else mine


async def _noted(tx: Tx, viewer: Viewer, act: str, detail: dict[str, Any], now: datetime) -> None:
    await audit.write(tx, actor=f"user:{viewer.user_id}", act=act, at=now, detail=detail)
