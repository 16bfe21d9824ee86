"""An earlier version of the rules that somebody wants back, until another supervisor confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from store import audit, rule_sets
from store.database import Tx
from store.schema import rule_returns, users
from store.sql import new_id
from store.users import stands_for_rules

# So long after new rules were published, what decided before them comes back on one supervisor's word.
AT_ONCE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Return:
    """What was asked for: `version` instead of `live`, why, and why it is right that cases are treated worse ("" for none)."""

    version: str
    live: str
    comment: str
    harm: str
    asked_by: int
    asked_name: str
    asked_at: datetime


async def waiting(tx: Tx) -> Return | None:
    """The return that waits; None when there is none, when other rules were published since, or when whoever asked for it may
    not stand for rules any more."""
    row = (
        await tx.conn.execute(
            select(rule_returns, users.c.name)
            .join(users, users.c.id == rule_returns.c.asked_by)
            .where(rule_returns.c.live == await rule_sets.active_version(tx), stands_for_rules())
        )
    ).one_or_none()
    if row is None:
        return None
    return Return(row.version, row.live, row.comment, row.harm, row.asked_by, row.name, row.asked_at)


async def at_once(tx: Tx, *, now: datetime) -> str:
    """The version that one supervisor may bring back alone: what decided until the live one was published, if that was for the
    first time and lately, and if two people stood for it, or it came with Guichet. "" where there is none.

    Who undoes such a return in turn needs a second supervisor: one of two who disagree would else have the last word.
    """
    published = await rule_sets.publications(tx)
    if len(published) < 2 or published[0].again or now - published[0].at > AT_ONCE:
        return ""
    before = next(one for one in reversed(published) if one.version == published[1].version)
    shipped = before is published[-1] and not before.author
    return before.version if shipped or (before.author and before.reader) else ""


async def ask(tx: Tx, *, version: str, live: str, comment: str, harm: str, user_id: int, now: datetime) -> None:
    """Want a version back; what was wanted before is forgotten. The same once more, for the same reasons, is nothing new."""
    await rule_sets.alone(tx)
    there = await waiting(tx)
    asked = (version, live, comment, harm, user_id)
    if there is not None and (there.version, there.live, there.comment, there.harm, there.asked_by) == asked:
        return
    await tx.conn.execute(delete(rule_returns))
    await new_id(
        tx, rule_returns, version=version, live=live, comment=comment, harm=harm, asked_by=user_id, asked_at=now
    )
    await audit.write(tx, actor=f"user:{user_id}", act="rules.return_asked", at=now, detail={"version": version})


async def end(tx: Tx, *, user_id: int, now: datetime, confirmed: bool) -> None:
    """Forget it: it was confirmed, or nobody wants it any more."""
    gone = await tx.conn.execute(delete(rule_returns))
    if gone.rowcount and not confirmed:
        await audit.write(tx, actor=f"user:{user_id}", act="rules.return_dropped", at=now, detail={})
