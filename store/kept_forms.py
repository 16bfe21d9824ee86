"""The form that waits while its person proves who they are at an issuer's page (rule S10).

It belongs to a session, and goes on with the one that its person comes back with. What is kept is encrypted by the caller.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update

from store.database import Tx
from store.schema import kept_forms
from store.sql import insert
from store.users import hashed

# As long as somebody may take at the issuer's page.
LIFE: Final = timedelta(minutes=10)


async def keep(tx: Tx, token: str, user_id: int, content: bytes, *, now: datetime) -> None:
    """Keep a form of a session, in place of one that was kept before."""
    new = {"user_id": user_id, "content": content, "kept_at": now}
    statement = insert(tx, kept_forms).values(token_hash=hashed(token), **new)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=["token_hash"], set_=new))


async def move(tx: Tx, before: str, after: str, user_id: int) -> None:
    """Let it go on with another session of the same person; of anybody else's it is forgotten."""
    await tx.conn.execute(
        update(kept_forms)
        .where(kept_forms.c.token_hash == hashed(before), kept_forms.c.user_id == user_id)
        .values(token_hash=hashed(after))
    )
    await tx.conn.execute(delete(kept_forms).where(kept_forms.c.token_hash == hashed(before)))


async def of(tx: Tx, token: str, user_id: int, *, now: datetime) -> bytes | None:
    """The form that waits for this session; None when there is none, or it waited too long."""
    mine = (kept_forms.c.token_hash == hashed(token), kept_forms.c.user_id == user_id)
    found = (
        await tx.conn.execute(select(kept_forms.c.content).where(*mine, kept_forms.c.kept_at > now - LIFE))
    ).scalar()
    return None if found is None else bytes(found)


async def forget_old(tx: Tx, *, now: datetime) -> None:
    """Drop those that nobody came back to."""
    await tx.conn.execute(delete(kept_forms).where(kept_forms.c.kept_at <= now - LIFE))
