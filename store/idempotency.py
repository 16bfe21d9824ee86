"""Idempotency keys of the API: the same key and body give the first answer again, another body a conflict."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from store import texts
from store.database import Tx
from store.schema import idempotency
from store.sql import insert

LIFE: Final = timedelta(hours=24)
_ANSWER = texts.Place("idempotency", "answer")


class ConflictError(Exception):
    """The key was used with another body."""


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


async def begin(tx: Tx, key: str, body_hash: str, *, now: datetime) -> Any | None:
    """Take a key in this transaction. Returns the answer given before, or None when this call is the first.

    Two calls at once are decided by the primary key: the second waits for the first's transaction. Raises ConflictError.
    """
    await tx.conn.execute(
        delete(idempotency).where(idempotency.c.key_hash == hashed(key), idempotency.c.created_at < now - LIFE)
    )
    statement = insert(tx, idempotency).values(key_hash=hashed(key), body_hash=body_hash, created_at=now)
    if (await tx.conn.execute(statement.on_conflict_do_nothing())).rowcount == 1:
        return None
    row = (await tx.conn.execute(select(idempotency).where(idempotency.c.key_hash == hashed(key)))).one()
    if row.body_hash != body_hash:
        raise ConflictError
    return texts.read_json(row.answer, _ANSWER)


async def answer(tx: Tx, key: str, value: Any) -> None:
    """Keep the answer in the same transaction that took the key."""
    await tx.conn.execute(
        update(idempotency).where(idempotency.c.key_hash == hashed(key)).values(answer=texts.keep_json(value, _ANSWER))
    )


async def forget_old(tx: Tx, *, now: datetime) -> int:
    """Drop keys older than a day."""
    return int((await tx.conn.execute(delete(idempotency).where(idempotency.c.created_at < now - LIFE))).rowcount)
