"""The browsers that somebody is signed in with, as they see them themselves, and may end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from store import audit
from store.database import Tx
from store.schema import sessions
from store.users import IDLE, LONGEST, hashed


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One browser. `key` names it in a form and says nothing of its secret; `here` is the one that asks."""

    key: str
    browser: str
    created_at: datetime
    seen_at: datetime
    here: bool


async def listing(tx: Tx, user_id: int, token: str, *, now: datetime) -> Sequence[OwnSession]:
    """Those of a person that still hold, this browser's first, then the one used last."""
    rows = await tx.conn.execute(
        select(sessions.c.token_hash, sessions.c.browser, sessions.c.created_at, sessions.c.seen_at)
        .where(
            sessions.c.user_id == user_id,
            sessions.c.pending == "",
            sessions.c.seen_at > now - IDLE,
            sessions.c.created_at > now - LONGEST,
        )
        .order_by(sessions.c.seen_at.desc())
    )
    own = hashed(token)
    found = [OwnSession(_key(row[0]), row[1], row[2], row[3], row[0] == own) for row in rows]
    return sorted(found, key=lambda one: not one.here)


async def end(tx: Tx, user_id: int, token: str, key: str, *, now: datetime) -> int:
    """End one of a person's sessions by its key, or with "others" all but this browser's. Returns how many."""
    rows = await tx.conn.execute(select(sessions.c.token_hash).where(sessions.c.user_id == user_id))
    kept = hashed(token)
    ended = [row[0] for row in rows if row[0] != kept and key in ("others", _key(row[0]))]
    if ended:
        await tx.conn.execute(delete(sessions).where(sessions.c.token_hash.in_(ended)))
        await audit.write(tx, actor=f"user:{user_id}", act="session.ended", at=now, detail={"sessions": len(ended)})
    return len(ended)


def _key(token_hash: str) -> str:
    return hashed(token_hash)[:16]
