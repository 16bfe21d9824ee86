"""Passkeys of colleagues (rule S6): the public part of each, and what a browser was last asked to sign with one.

Nobody who reads these tables can sign anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import and_, delete, literal, or_, select, update

from config.directions import straight
from store import audit
from store.database import Tx
from store.schema import passkeys, sessions
from store.sql import insert
from store.users import hashed

# What a signature is asked for: to add the passkey, for the second step of signing in, or as fresh proof.
Purpose = Literal["add", "step", "proof"]
# So long may somebody look for their key.
LIFE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey. `credential` is its identifier and public key, as fido2 keeps them; `signed` how often it has signed."""

    id: int
    name: str
    credential: bytes
    signed: int
    added_at: datetime
    used_at: datetime | None


async def of(tx: Tx, user_id: int) -> Sequence[Passkey]:
    """Those of a person, the oldest first."""
    columns = (passkeys.c[name] for name in ("id", "name", "credential", "signed", "added_at", "used_at"))
    rows = await tx.conn.execute(select(*columns).where(passkeys.c.user_id == user_id).order_by(passkeys.c.id))
    return [Passkey(row.id, row.name, bytes(row.credential), row.signed, row.added_at, row.used_at) for row in rows]


async def has_any(tx: Tx, user_id: int) -> bool:
    """Whether a person has one."""
    return (
        await tx.conn.execute(select(passkeys.c.id).where(passkeys.c.user_id == user_id).limit(1))
    ).first() is not None


async def add(tx: Tx, user_id: int, *, name: str, key: bytes, credential: bytes, signed: int, now: datetime) -> bool:
    """Give a person a passkey, by its identifier `key`; False when it is somebody's already."""
    new = {
        "user_id": user_id,
        "name": straight(name),
        "key_hash": hashlib.sha256(key).hexdigest(),
        "credential": credential,
    }
    statement = insert(tx, passkeys).values(**new, signed=signed, added_at=now)
    if (await tx.conn.execute(statement.on_conflict_do_nothing(index_elements=["key_hash"]))).rowcount != 1:
        return False
    await audit.write(tx, actor=f"user:{user_id}", act="user.passkey", at=now, detail={"user": user_id})
    return True


async def remove(tx: Tx, user_id: int, passkey_id: int, *, now: datetime) -> bool:
    """Take one of their passkeys from a person; False when it is none of theirs."""
    theirs = (passkeys.c.user_id == user_id, passkeys.c.id == passkey_id)
    if (await tx.conn.execute(delete(passkeys).where(*theirs))).rowcount != 1:
        return False
    await audit.write(tx, actor=f"user:{user_id}", act="user.passkey_off", at=now, detail={"user": user_id})
    return True


async def use(tx: Tx, user_id: int, passkey_id: int, *, signed: int, now: datetime) -> bool:
    """Note that one has signed, by its own count for the `signed`th time; False when it says that it signed less often than we
    have seen: then there are two of it, and neither is to be trusted. One update decides."""
    counts = or_(passkeys.c.signed < signed, and_(passkeys.c.signed == 0, literal(signed) == 0))
    noted = update(passkeys).where(passkeys.c.id == passkey_id, counts).values(signed=signed, used_at=now)
    if (await tx.conn.execute(noted)).rowcount == 1:
        return True
    await audit.write(tx, actor=f"user:{user_id}", act="user.passkey_copied", at=now, detail={"user": user_id})
    return False


async def ask(tx: Tx, token: str, purpose: Purpose, challenge: str, *, now: datetime) -> None:
    """Ask the browser of a session, half or whole, for a signature; what it was asked before counts no more."""
    new = {"challenge": f"{purpose} {challenge}", "challenge_at": now}
    await tx.conn.execute(update(sessions).where(sessions.c.token_hash == hashed(token)).values(**new))


async def take(tx: Tx, token: str, purpose: Purpose, *, now: datetime) -> str:
    """What this session was asked to sign for this purpose, this once; "" for nothing, or too long ago."""
    row: Any = (
        await tx.conn.execute(
            select(sessions.c.challenge, sessions.c.challenge_at).where(sessions.c.token_hash == hashed(token))
        )
    ).one_or_none()
    if row is None or row.challenge is None:
        return ""
    # Two answers at once: one of them finds it gone.
    asked = (sessions.c.token_hash == hashed(token), sessions.c.challenge == row.challenge)
    taken = await tx.conn.execute(update(sessions).where(*asked).values(challenge=None, challenge_at=None))
    wanted, _, challenge = row.challenge.partition(" ")
    is_fresh = abs(now - row.challenge_at) <= LIFE
    return str(challenge) if taken.rowcount == 1 and wanted == purpose and is_fresh else ""


async def forget(tx: Tx, user_id: int) -> None:
    """Take all passkeys from a person."""
    await tx.conn.execute(delete(passkeys).where(passkeys.c.user_id == user_id))
