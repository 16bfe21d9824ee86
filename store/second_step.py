"""The second step of signing in (rule S6): a seed for each person, each of its codes once, and codes for recovery, once each.

What is kept here is encrypted or hashed by the caller; nobody who reads these tables can make a code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from store import audit, passkeys
from store.database import Tx
from store.schema import recovery_codes, totp
from store.sql import insert


async def seed_of(tx: Tx, user_id: int) -> bytes | None:
    """The encrypted seed of a person; None when they have no second step."""
    found = (await tx.conn.execute(select(totp.c.seed).where(totp.c.user_id == user_id))).scalar()
    return None if found is None else bytes(found)


async def set_up(tx: Tx, user_id: int, seed: bytes, codes: Sequence[str], *, step: int, now: datetime) -> None:
    """Give a person a second step, or another one in its place: the encrypted seed, and the hashes of their codes for
    recovery. `step` is that of the code with which they have shown that it works."""
    new = {"seed": seed, "last_step": step, "set_at": now}
    statement = insert(tx, totp).values(user_id=user_id, **new)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=new))
    await _write_codes(tx, user_id, codes)
    await audit.write(tx, actor=f"user:{user_id}", act="user.second_step", at=now, detail={"user": user_id})


async def use_step(tx: Tx, user_id: int, step: int) -> bool:
    """Use the code of a step; False when it, or one after it, was used before. One update decides."""
    newer = update(totp).where(totp.c.user_id == user_id, totp.c.last_step < step).values(last_step=step)
    return bool((await tx.conn.execute(newer)).rowcount == 1)


async def new_codes(tx: Tx, user_id: int, codes: Sequence[str], *, now: datetime) -> None:
    """Other codes for recovery; those of before are no more."""
    await _write_codes(tx, user_id, codes)
    await audit.write(tx, actor=f"user:{user_id}", act="user.recovery_codes", at=now, detail={"user": user_id})


async def use_code(tx: Tx, user_id: int, hashes: Sequence[str], *, now: datetime) -> bool:
    """Use a code for recovery, given by its hash under each key of the house; False when it is none, or was used."""
    theirs = (recovery_codes.c.user_id == user_id, recovery_codes.c.code_hash.in_(hashes))
    unused = update(recovery_codes).where(*theirs, recovery_codes.c.used_at.is_(None)).values(used_at=now)
    if (await tx.conn.execute(unused)).rowcount != 1:
        return False
    await audit.write(tx, actor=f"user:{user_id}", act="user.recovered", at=now, detail={"user": user_id})
    return True


async def codes_left(tx: Tx, user_id: int) -> int:
    """How many codes for recovery are not used yet."""
    query = select(func.count()).where(recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None))
    return int((await tx.conn.execute(query)).scalar_one())


async def forget(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
    """Take the second step away, for instance from somebody who lost their telephone: codes, codes for recovery and passkeys."""
    await tx.conn.execute(delete(totp).where(totp.c.user_id == user_id))
    await tx.conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    await passkeys.forget(tx, user_id)
    await audit.write(tx, actor=actor, act="user.second_step_off", at=now, detail={"user": user_id})


async def _write_codes(tx: Tx, user_id: int, codes: Sequence[str]) -> None:
    await tx.conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": code} for code in codes]
    await tx.conn.execute(recovery_codes.insert(), rows)
