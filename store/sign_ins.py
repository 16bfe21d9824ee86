"""What signing in needs beside users and sessions: the growing wait after failures, and what an owner should be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, func, select

from store import audit as log
from store.database import Tx
from store.schema import audit, sessions, sign_in_failures
from store.sql import insert
from store.users import hashed

_WAITING: Final = "sign_in.waiting"
_FREE_FAILURES: Final = 5
_LONGEST_WAIT: Final = timedelta(minutes=15)


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


async def wait_for(tx: Tx, login: str, address: str, *, now: datetime) -> timedelta:
    """How long this account must wait before another try from this address; zero when it need not.

    The wait belongs to account *and* address: nobody can lock a colleague out from elsewhere.
    """
    row = (
        await tx.conn.execute(
            select(sign_in_failures.c.count.label("failures"), sign_in_failures.c.last_at).where(
                sign_in_failures.c.key_hash == hashed(f"{login.strip().lower()}\n{address}")
            )
        )
    ).one_or_none()
    if row is None or row.failures < _FREE_FAILURES:
        return timedelta(0)
    wait = min(timedelta(seconds=2 ** min(row.failures - _FREE_FAILURES + 1, 20)), _LONGEST_WAIT)
    last_at: datetime = row.last_at
    # Never more than the wait itself: a clock that was set back must not lock anybody out for longer.
    return min(max(last_at + wait - now, timedelta(0)), wait)


async def note_failure(tx: Tx, login: str, address: str, *, now: datetime) -> None:
    """Count a failed sign-in; the count starts again after a day of peace."""
    recent = sign_in_failures.c.last_at > now - timedelta(days=1)
    statement = insert(tx, sign_in_failures).values(
        key_hash=hashed(f"{login.strip().lower()}\n{address}"), count=1, last_at=now
    )
    await tx.conn.execute(
        statement.on_conflict_do_update(
            index_elements=["key_hash"],
            set_={"count": case((recent, sign_in_failures.c.count + 1), else_=1), "last_at": now},
        )
    )


async def forget_failures(tx: Tx, login: str, address: str) -> None:
    """A sign-in that succeeds ends the wait."""
    await tx.conn.execute(
        delete(sign_in_failures).where(sign_in_failures.c.key_hash == hashed(f"{login.strip().lower()}\n{address}"))
    )
