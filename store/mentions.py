"""That a colleague is to look at a case: they were named in a note, the case was given to them, or they got an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func, select, update

from store.database import Tx
from store.schema import cases, mentions, users
from store.sql import add as add_row
from store.viewer import Viewer

# Named in a note; the case was given to them; a department answered what they asked.
Why = Literal["note", "given", "answer"]


@dataclass(frozen=True, slots=True)
class Mention:
    """One case that somebody wants this person to look at."""

    id: int
    reference: str
    author: str
    why: str
    at: datetime
    seen_at: datetime | None


async def add(tx: Tx, case_id: int, user_id: int, why: Why, *, author_id: int | None, now: datetime) -> None:
    """Let a colleague know. Nobody is told of what they did themselves."""
    if user_id != author_id:
        await add_row(tx, mentions, case_id=case_id, user_id=user_id, author_id=author_id, why=why, at=now)


async def take_back(tx: Tx, case_id: int, *, author_id: int, at: datetime) -> None:
    """Tell nobody (any more) that they were given a case: it was given by mistake, at this moment."""
    given = (mentions.c.case_id == case_id, mentions.c.author_id == author_id, mentions.c.why == "given")
    await tx.conn.execute(delete(mentions).where(*given, mentions.c.at == at))


async def of(tx: Tx, viewer: Viewer, *, limit: int = 100) -> list[Mention]:
    """This person's mentions, the unseen first, then the latest; none of a case that they may not open (any more)."""
    rows = await tx.conn.execute(
        select(mentions.c.id, cases.c.reference, users.c.name, mentions.c.why, mentions.c.at, mentions.c.seen_at)
        .join(cases, cases.c.id == mentions.c.case_id)
        .outerjoin(users, users.c.id == mentions.c.author_id)
        .where(mentions.c.user_id == viewer.user_id, viewer.may_see())
        .order_by(mentions.c.seen_at.is_not(None), mentions.c.id.desc())
        .limit(limit)
    )
    return [Mention(row[0], row[1], row[2] or "", row[3], row[4], row[5]) for row in rows]


async def unseen(tx: Tx, viewer: Viewer) -> int:
    """How many wait for this person."""
    query = (
        select(func.count())
        .select_from(mentions.join(cases, cases.c.id == mentions.c.case_id))
        .where(mentions.c.user_id == viewer.user_id, mentions.c.seen_at.is_(None), viewer.may_see())
    )
    return int((await tx.conn.execute(query)).scalar_one())


async def seen(
    tx: Tx, viewer: Viewer, *, mention_id: int | None = None, case_id: int | None = None, now: datetime
) -> None:
    """This person has looked: at one mention, at those of a case, or, with neither, at all of them."""
    statement = update(mentions).where(mentions.c.user_id == viewer.user_id, mentions.c.seen_at.is_(None))
    if mention_id is not None:
        statement = statement.where(mentions.c.id == mention_id)
    if case_id is not None:
        statement = statement.where(mentions.c.case_id == case_id)
    await tx.conn.execute(statement.values(seen_at=now))
