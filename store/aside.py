"""Items that were taken for automatic ones: kept, never answered, and looked through for a person's message among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from store.database import Tx
from store.schema import inbox
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Aside:
    """One item. Nothing of its content is here: it was never read, and may be about anything."""

    id: int
    channel: str
    account: str
    size: int
    received_at: datetime


_COLUMNS = (inbox.c.id, inbox.c.channel, inbox.c.account, inbox.c.size, inbox.c.received_at)


async def robots(tx: Tx, viewer: Viewer, *, before: int | None = None, limit: int = 50) -> list[Aside]:
    """The items with the fate "robot", the latest first; `before` is the id of the last one of the page before."""
    if not viewer.handles_cases:
        return []
    query = select(*_COLUMNS).where(inbox.c.fate == "robot", inbox.c.state == "done")
    if before is not None:
        query = query.where(inbox.c.id < before)
    return [Aside(*row) for row in await tx.conn.execute(query.order_by(inbox.c.id.desc()).limit(limit))]


async def robot(tx: Tx, viewer: Viewer, item_id: int) -> Aside | None:
    """One of them. Only for those who may see medical matters: nobody has read yet what it is about."""
    if not (viewer.handles_cases and viewer.medical):
        return None
    row = (
        await tx.conn.execute(
            select(*_COLUMNS).where(inbox.c.id == item_id, inbox.c.fate == "robot", inbox.c.state == "done")
        )
    ).one_or_none()
    return Aside(*row) if row else None
