"""Users of the console, their sessions, and the growing wait after failed sign-ins."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, select, update

from config.directions import straight
from config.vocabulary import QUEUES, Role
from store import audit
from store.database import Tx
from store.letting_go import let_go
from store.schema import sessions, sign_in_failures, users
from store.sql import new_id
from store.viewer import Viewer

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
# A sign-in that was not finished (a code, a password of one's own) waits so long.
HALF: Final = timedelta(minutes=10)


class UserExistsError(Exception):
    """There is a user with this login already."""


@dataclass(frozen=True, slots=True)
class User:
    """One colleague. `password` is the argon2 hash; `queues` those whose cases they may see, None for all.
    `once_until` is set while they have a password that somebody else made, which only lets them choose one of their own."""

    id: int
    login: str
    name: str
    role: Role
    medical: bool
    password: str
    disabled: bool
    queues: frozenset[str] | None = None
    once_until: datetime | None = None
    undo_seconds: int | None = None
    theme: str = ""
    text_size: str = ""

    @property
    def viewer(self) -> Viewer:
        """What they may see."""
        return Viewer(self.id, self.name, self.role, self.medical, self.queues)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `proved_at` is when its person last gave a password or code; `pending` what is still wanted of
    them before they are in, "" for nothing."""

    user: User
    csrf: str
    created_at: datetime
    proved_at: datetime | None = None
    pending: str = ""


_USER: Final = (
    users.c.id,
    users.c.login,
    users.c.name,
    users.c.role,
    users.c.medical,
    users.c.password,
    users.c.disabled,
    users.c.queues,
    users.c.once_until,
    users.c.undo_seconds,
    users.c.theme,
    users.c.text_size,
)


def hashed(secret: str) -> str:
    """What is kept of a session's secret, or of an account and address that failed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


async def add(
    tx: Tx,
    *,
    login: str,
    name: str,
    role: Role,
    medical: bool,
    password: str,
    actor: str,
    now: datetime,
    queues: Collection[str] | None = None,
    once_until: datetime | None = None,
) -> int:
    """Add a user; `queues` None gives all of them, `once_until` says that the password is for choosing another one.

    Raises UserExistsError.
    """
    if await by_login(tx, login):
        raise UserExistsError(login)
    user_id = await new_id(
        tx,
        users,
        login=login.strip().lower(),
        name=straight(name),
        role=role,
        medical=medical,
        queues=_kept(queues),
        password=password,
        once_until=once_until,
        disabled=False,
        created_at=now,
    )
    detail = {"user": user_id, "role": role, "medical": medical, "queues": _kept(queues)}
    await audit.write(tx, actor=actor, act="user.added", at=now, detail=detail)
    return user_id


async def set_rights(
    tx: Tx,
    user_id: int,
    *,
    role: Role,
    medical: bool,
    queues: Collection[str] | None,
    actor: str,
    now: datetime,
) -> None:
    """Give a user other rights; every session of theirs ends, so that nothing goes on under the old ones (rule S3).

    Cases in their hands which they may not open with these are nobody's from then on.
    """
    rights = {"role": role, "medical": medical, "queues": _kept(queues)}
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(**rights))
    await end_sessions_of(tx, user_id)
    viewer = Viewer(user_id, "", role, medical, None if queues is None else frozenset(queues))
    released = await let_go(tx, user_id, viewer, actor=actor, now=now)
    detail = {"user": user_id, **rights, **_told(released)}
    await audit.write(tx, actor=actor, act="user.rights", at=now, detail=detail)


async def stay_out(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
    """Nobody gives a user a role any more: their sessions end, and their open cases are nobody's from then on."""
    await end_sessions_of(tx, user_id)
    released = await let_go(tx, user_id, None, actor=actor, now=now)
    await audit.write(tx, actor=actor, act="user.sessions", at=now, detail={"user": user_id, **_told(released)})


def _told(released: Mapping[str, int]) -> dict[str, Any]:
    """What the audit says of the cases that were let go, by queue."""
    return {"released": dict(released)} if released else {}


def _kept(queues: Collection[str] | None) -> list[str] | None:
    return None if queues is None else sorted(queues)


def _user(row: Any) -> User:
    values = {column.name: getattr(row, column.name) for column in _USER}
    return User(**{**values, "queues": None if row.queues is None else frozenset(row.queues)})


async def by_login(tx: Tx, login: str) -> User | None:
    """The user with this login."""
    row = (await tx.conn.execute(select(*_USER).where(users.c.login == login.strip().lower()))).one_or_none()
    return _user(row) if row else None


async def by_id(tx: Tx, user_id: int) -> User | None:
    """The user with this number."""
    row = (await tx.conn.execute(select(*_USER).where(users.c.id == user_id))).one_or_none()
    return _user(row) if row else None


async def listing(tx: Tx) -> list[User]:
    """Every user, by name."""
    return [_user(row) for row in await tx.conn.execute(select(*_USER).order_by(users.c.name))]


def stands_for_rules(table: Any = users) -> ColumnElement[bool]:
    """The condition that a user may stand for rules today: who was shut out, or does something else now, does so no more."""
    return and_(table.c.disabled.is_(False), table.c.role == "supervisor")


async def is_medical(tx: Tx, user_id: int) -> bool:
    """Whether a colleague may open sealed cases."""
    return bool((await tx.conn.execute(select(users.c.medical).where(users.c.id == user_id))).scalar())


async def to_tell(tx: Tx, names: Sequence[str], *, sealed: bool) -> list[User]:
    """The colleagues behind these queues and roles whose login is a mail address.

    A queue is its mediators' and supervisors' who have it, the one for medical advisers theirs who may open sealed cases.
    """
    named = [name for name in names if name in QUEUES]
    only_medical = sealed or set(names) == {"medical_coordinator"}
    return [
        user
        for user in await listing(tx)
        if (user.role in names or (user.viewer.handles_cases and any(map(user.viewer.has_queue, named))))
        and (user.medical or not only_medical)
        and not user.disabled
        and "@" in user.login
    ]


async def start_session(
    tx: Tx, user_id: int, *, token: str, csrf: str, now: datetime, pending: str = "", browser: str = ""
) -> None:
    """Sign a user in, or half-way with something `pending`; the token is only kept hashed."""
    await tx.conn.execute(
        sessions.insert().values(
            token_hash=hashed(token),
            user_id=user_id,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            proved_at=now,
            pending=pending,
            browser=browser,
        )
    )
    if not pending:
        await audit.write(tx, actor=f"user:{user_id}", act="session.started", at=now)


async def session_of(tx: Tx, token: str, *, now: datetime) -> Session | None:
    """The session with this token, unless it was idle too long, is too old, is not whole yet, or its user was disabled."""
    return await _session(
        tx, token, sessions.c.pending == "", sessions.c.seen_at > now - IDLE, sessions.c.created_at > now - LONGEST
    )


async def half_session_of(tx: Tx, token: str, *, now: datetime) -> Session | None:
    """The session with this token of which something is still pending, for ten minutes."""
    return await _session(tx, token, sessions.c.pending != "", sessions.c.created_at > now - HALF)


async def _session(tx: Tx, token: str, *conditions: ColumnElement[bool]) -> Session | None:
    query = (
        select(*_USER, sessions.c.csrf, sessions.c.created_at, sessions.c.proved_at, sessions.c.pending)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.token_hash == hashed(token), users.c.disabled.is_(False), *conditions)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    return Session(_user(row), row.csrf, row.created_at, row.proved_at, row.pending) if row else None


async def prefer(tx: Tx, user_id: int, *, undo_seconds: int | None, theme: str, text_size: str) -> None:
    """Keep how somebody wants the console."""
    new = {"undo_seconds": undo_seconds, "theme": theme, "text_size": text_size}
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(**new))


async def undo_of(tx: Tx, user_id: int | None) -> timedelta | None:
    """How long an answer of this colleague can be taken back; None where they have not chosen."""
    found = (await tx.conn.execute(select(users.c.undo_seconds).where(users.c.id == user_id))).scalar()
    return None if found is None else timedelta(seconds=found)


async def note_proof(tx: Tx, token: str, *, now: datetime) -> None:
    """The person of this session has just given their password or a code again."""
    await tx.conn.execute(update(sessions).where(sessions.c.token_hash == hashed(token)).values(proved_at=now))


async def touch_session(tx: Tx, token: str, *, now: datetime) -> None:
    """Note that the session is in use."""
    await tx.conn.execute(update(sessions).where(sessions.c.token_hash == hashed(token)).values(seen_at=now))


async def end_session(tx: Tx, token: str, *, now: datetime) -> None:
    """Sign out."""
    found = await tx.conn.execute(
        delete(sessions).where(sessions.c.token_hash == hashed(token)).returning(sessions.c.user_id)
    )
    user_id = found.scalar()
    if user_id is not None:
        await audit.write(tx, actor=f"user:{user_id}", act="session.ended", at=now)


async def end_sessions_of(tx: Tx, user_id: int) -> None:
    """End every session of a user, for instance when their rights change."""
    await tx.conn.execute(delete(sessions).where(sessions.c.user_id == user_id))


async def disable(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
    """Shut a user out, everywhere and at once. Their open cases are nobody's from then on, so that their queues see them."""
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(disabled=True))
    await end_sessions_of(tx, user_id)
    released = await let_go(tx, user_id, None, actor=actor, now=now)
    await audit.write(tx, actor=actor, act="user.disabled", at=now, detail={"user": user_id, **_told(released)})


async def enable(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
    """Let a user in again."""
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(disabled=False))
    await audit.write(tx, actor=actor, act="user.enabled", at=now, detail={"user": user_id})


async def set_password(
    tx: Tx, user_id: int, password: str, *, actor: str, now: datetime, once_until: datetime | None = None
) -> None:
    """Give a user another password (hashed), for choosing one of their own until `once_until` if that is given.

    Who was signed in with the old one is no more.
    """
    new = {"password": password, "once_until": once_until}
    await tx.conn.execute(update(users).where(users.c.id == user_id).values(**new))
    await end_sessions_of(tx, user_id)
    await audit.write(tx, actor=actor, act="user.password", at=now, detail={"user": user_id})


async def forget_old(tx: Tx, *, now: datetime) -> int:
    """Drop sessions and failures that no longer count."""
    ended = await tx.conn.execute(
        delete(sessions).where((sessions.c.seen_at < now - IDLE) | (sessions.c.created_at < now - LONGEST))
    )
    await tx.conn.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at < now - timedelta(days=1)))
    return int(ended.rowcount)
