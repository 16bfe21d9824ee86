"""Who has which access, as the people page shows it: beside each user, when they were last here and since when they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import desc, func, select

from store import audit as log
from store import second_step, users
from store.database import Tx
from store.schema import audit, passkeys, sessions, totp
from store.users import IDLE, LONGEST, User

# What is done to somebody's access, by act of the audit; `detail.user` names them.
ACTS = (
    "user.added",
    "user.rights",
    "user.disabled",
    "user.enabled",
    "user.password",
    "user.sessions",
    "user.second_step",
    "user.second_step_off",
    "user.recovery_codes",
    "user.recovered",
    "user.passkey",
    "user.passkey_off",
    "user.passkey_copied",
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user. `last_at` is when they last signed in; `open` how many browsers they are signed in with, and
    `second_step` whether they give a code or use a passkey as well."""

    user: User
    last_at: datetime | None
    open: int
    second_step: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done to somebody's access."""

    at: datetime
    actor: str
    act: str
    detail: Mapping[str, Any]


async def colleagues(tx: Tx, *, now: datetime) -> Sequence[Colleague]:
    """Everybody, by name; those who were shut out last."""
    query = select(audit.c.actor, func.max(audit.c.at)).where(audit.c.act == "session.started").group_by(audit.c.actor)
    last = {row[0]: row[1] for row in await tx.conn.execute(query)}
    current = (sessions.c.seen_at > now - IDLE, sessions.c.created_at > now - LONGEST, sessions.c.pending == "")
    counted = select(sessions.c.user_id, func.count()).where(*current).group_by(sessions.c.user_id)
    open_ = {row[0]: int(row[1]) for row in await tx.conn.execute(counted)}
    second = set(await tx.conn.scalars(select(totp.c.user_id).union(select(passkeys.c.user_id))))
    found = [
        Colleague(user, last.get(f"user:{user.id}"), open_.get(user.id, 0), user.id in second)
        for user in await users.listing(tx)
    ]
    return sorted(found, key=lambda one: (one.user.disabled, one.user.name.casefold()))


async def changes(tx: Tx, user_id: int, *, limit: int = 50) -> Sequence[Change]:
    """What was done to somebody's access, the latest first."""
    query = select(audit.c.at, audit.c.actor, audit.c.act, audit.c.detail).where(
        audit.c.act.in_(ACTS), audit.c.detail["user"].as_integer() == user_id
    )
    rows = await tx.conn.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [Change(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Looks:
    """How many sealed cases somebody opened, and when the last time. Which ones is for the audit, and who may read that."""

    user: User
    cases: int
    last_at: datetime


async def looks(tx: Tx, *, since: datetime) -> Sequence[Looks]:
    """Who has opened sealed cases since a moment, whether or not they still may; the latest first."""
    query = (
        select(audit.c.actor, func.count(audit.c.case_id.distinct()), func.max(audit.c.at).label("last"))
        .where(audit.c.act == "case.unsealed", audit.c.at > since)
        .group_by(audit.c.actor)
        .order_by(desc("last"))
    )
    known = {f"user:{user.id}": user for user in await users.listing(tx)}
    return [Looks(known[actor], int(count), at) for actor, count, at in await tx.conn.execute(query) if actor in known]


async def end_sessions(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
    """Sign somebody out everywhere."""
    await users.end_sessions_of(tx, user_id)
    await log.write(tx, actor=actor, act="user.sessions", at=now, detail={"user": user_id})


async def reset_second_step(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
    """Take somebody's second step away, and sign them out everywhere."""
    await second_step.forget(tx, user_id, actor=actor, now=now)
    await users.end_sessions_of(tx, user_id)
