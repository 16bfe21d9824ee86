"""That a colleague is to look at a case: they were named in a note, the case was given to them, or they got an answer."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import delete, func, select, update

from store import cases as register
from store import texts
from store.database import Tx
from store.people import NAME
from store.schema import cases, mentions, notes, people, users
from store.sql import add as add_row
from store.viewer import Viewer

# Named in a note; the case was given to them; a department answered what they asked.
Why = Literal["note", "given", "answer"]

_FIRST_WORDS: Final = 160


@dataclass(frozen=True, slots=True)
class Mention:
    """One case that somebody wants this person to look at. `person` is its member, `words` how the note begins that names
    them; of a sealed case neither is told, for it is opened with a reason and not by the way."""

    id: int
    reference: str
    author: str
    why: str
    at: datetime
    seen_at: datetime | None
    sealed: bool = False
    person: str = ""
    words: str = ""


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
    # The note was written by the same press as the mention, at the same moment; two of one press have the later one's words.
    note = (
        select(notes.c.text)
        .where(
            notes.c.case_id == mentions.c.case_id,
            notes.c.author_id == mentions.c.author_id,
            notes.c.at == mentions.c.at,
            mentions.c.why == "note",
        )
        .order_by(notes.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await tx.conn.execute(
        select(
            mentions,
            cases.c.reference,
            cases.c.sealed,
            users.c.name.label("author"),
            people.c.name.label("person"),
            note.label("note"),
        )
        .join(cases, cases.c.id == mentions.c.case_id)
        .outerjoin(people, people.c.id == cases.c.person_id)
        .outerjoin(users, users.c.id == mentions.c.author_id)
        .where(mentions.c.user_id == viewer.user_id, viewer.may_see())
        .order_by(mentions.c.seen_at.is_not(None), mentions.c.id.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


def _read(row: Any) -> Mention:
    told = not row.sealed
    words = texts.read(row.note, register.NOTE) if told and row.note is not None else ""
    return Mention(
        id=row.id,
        reference=row.reference,
        author=row.author or "",
        why=row.why,
        at=row.at,
        seen_at=row.seen_at,
        sealed=row.sealed,
        person=texts.read(row.person, NAME) if told and row.person is not None else "",
        words=textwrap.shorten(words, _FIRST_WORDS, placeholder=" …"),
    )


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
