"""What signing in needs beside users and sessions: when a session was last used, and what its owner should be told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from store import audit as log
from store.database import Tx
from store.schema import audit, sessions
from store.users import hashed

_WAITING = "sign_in.waiting"


async def seen_at(tx: Tx, token: str) -> datetime | None:
    """When the session was last noted as in use."""
    found = await tx.conn.execute(select(sessions.c.seen_at).where(sessions.c.token_hash == hashed(token)))
    moment: datetime | None = found.scalar()
    return moment


async def note_wait(tx: Tx, user_id: int, *, now: datetime) -> None:
    """Somebody gave wrong passwords for this user until they had to wait."""
    await log.write(tx, actor=f"user:{user_id}", act=_WAITING, at=now)


async def waits_since_last(tx: Tx, user_id: int) -> tuple[int, datetime | None]:
    """How often that happened since the user last signed in, and when last. Ask before the new session is started."""
    actor = f"user:{user_id}"
    last = select(func.max(audit.c.id)).where(audit.c.actor == actor, audit.c.act == "session.started")
    row = (
        await tx.conn.execute(
            select(func.count(), func.max(audit.c.at)).where(
                audit.c.actor == actor,
                audit.c.act == _WAITING,
                audit.c.id > func.coalesce(last.scalar_subquery(), 0),
            )
        )
    ).one()
    return int(row[0]), row[1]
