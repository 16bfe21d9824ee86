"""Colleagues who sign in with an account elsewhere: a person is (issuer, subject), whatever address the issuer names."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select

from config.vocabulary import Role
from store import users
from store.database import Tx
from store.schema import identities
from store.users import User


async def user_of(tx: Tx, issuer: str, subject: str) -> User | None:
    """The colleague behind an account, None when it was never here."""
    found = await tx.conn.execute(
        select(identities.c.user_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
    )
    user_id = found.scalar()
    return None if user_id is None else await users.by_id(tx, int(user_id))


async def add(tx: Tx, issuer: str, subject: str, *, name: str, email: str, role: Role, now: datetime) -> User:
    """A colleague for an account that comes for the first time; without a password, and without a right to medical matters.

    The address becomes their login where nobody has it yet: it never leads to somebody who is here already.
    """
    account = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:20]
    login = email if email and await users.by_login(tx, email) is None else f"account-{account}"
    user_id = await users.add(
        tx, login=login, name=name or login, role=role, medical=False, password="", actor="system", now=now
    )
    await tx.conn.execute(identities.insert().values(issuer=issuer, subject=subject, user_id=user_id))
    user = await users.by_id(tx, user_id)
    if user is None:
        raise LookupError(user_id)
    return user


async def take_role(tx: Tx, user: User, role: Role | None, *, now: datetime) -> User | None:
    """Give a colleague the role that their groups say today, None: shut out of every session, and of their cases. Queues and
    medical matters stay as the administrator gave them. Returns them as they are now, or None without a role."""
    if role is None:
        await users.stay_out(tx, user.id, actor="system", now=now)
        return None
    if role == user.role:
        return user
    medical = user.medical and role != "administrator"
    await users.set_rights(tx, user.id, role=role, medical=medical, queues=user.queues, actor="system", now=now)
    return await users.by_id(tx, user.id)
