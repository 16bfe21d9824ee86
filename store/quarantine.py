"""The quarantine: what could not be processed, kept whole, shown to supervisors, and replayed once the cause is mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from store import audit
from store.database import Tx
from store.schema import inbox


@dataclass(frozen=True, slots=True)
class Kept:
    """One item in quarantine. `error` says what went wrong in words that hold nothing of the message."""

    id: int
    channel: str
    account: str
    size: int
    received_at: datetime
    attempts: int
    error: str


async def listing(tx: Tx, *, limit: int = 500) -> list[Kept]:
    """What is kept, oldest first."""
    rows = await tx.conn.execute(
        select(
            inbox.c.id,
            inbox.c.channel,
            inbox.c.account,
            inbox.c.size,
            inbox.c.received_at,
            inbox.c.attempts,
            inbox.c.error,
        )
        .where(inbox.c.state == "quarantined")
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return [Kept(*row[:6], row.error or "") for row in rows]


async def replay(tx: Tx, item_id: int, *, actor: str, now: datetime) -> bool:
    """Let one item be tried again from the beginning; False when it is not in quarantine."""
    done = await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item_id, inbox.c.state == "quarantined")
        .values(state="waiting", attempts=0, due_at=now, fate=None, fate_at=None)
    )
    if done.rowcount == 1:
        await audit.write(tx, actor=actor, act="quarantine.replay", at=now, detail={"item": item_id})
    return bool(done.rowcount == 1)
