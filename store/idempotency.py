"""Idempotency keys of the API: the same key and body give the first answer again, another body a conflict."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update

from store import texts
from store.database import Tx
from store.schema import idempotency
from store.sql import insert_or_leave

LIFE: Final = timedelta(hours=24)
_ANSWER = texts.Place("idempotency", "answer")
_OF_KEY = idempotency.c.key_hash == bindparam("of_key")
_FORGET = delete(idempotency).where(_OF_KEY, idempotency.c.created_at < bindparam("before"))
_FIND = select(idempotency.c.body_hash, idempotency.c.answer).where(_OF_KEY)
_ANSWERED = update(idempotency).where(_OF_KEY).values(answer=bindparam("given"))


class ConflictError(Exception):
    """The key was used with another body."""


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


async def begin(tx: Tx, key: str, body_hash: str, *, now: datetime) -> Any | None:
    """Take a key in this transaction. Returns the answer given before, or None when this call is the first.

    Two calls at once are decided by the primary key: the second waits for the first's transaction. Raises ConflictError.
    """
    await tx.run(_FORGET, {"of_key": hashed(key), "before": now - LIFE})
    taken = {"key_hash": hashed(key), "body_hash": body_hash, "created_at": now}
    if (await tx.run(insert_or_leave(idempotency, is_sqlite=tx.is_sqlite), taken)).rowcount == 1:
        return None
    row = (await tx.run(_FIND, {"of_key": hashed(key)})).one()
    if row.body_hash != body_hash:
        raise ConflictError
    return texts.read_json(row.answer, _ANSWER)


async def answer(tx: Tx, key: str, value: Any) -> None:
    """Keep the answer in the same transaction that took the key."""
    await tx.run(_ANSWERED, {"of_key": hashed(key), "given": texts.keep_json(value, _ANSWER)})


async def forget_old(tx: Tx, *, now: datetime) -> int:
    """Drop keys older than a day."""
    return int((await tx.conn.execute(delete(idempotency).where(idempotency.c.created_at < now - LIFE))).rowcount)
