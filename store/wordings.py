"""Texts for members that supervisors have published or are writing, by situation and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, update

from config.vocabulary import Language
from store import audit, texts
from store.database import Tx
from store.schema import published_texts, text_drafts, users
from store.sql import insert, new_id
from store.viewer import Viewer

_PUBLISHED: Final = texts.Place("published_texts", "body")
_DRAFT: Final = texts.Place("text_drafts", "body")

# Language → part ("subject", "long", "short") → words.
Body = Mapping[Language, Mapping[str, str]]


class StaleDraftError(Exception):
    """Somebody else has changed the draft meanwhile."""


@dataclass(frozen=True, slots=True)
class Published:
    """One publication of one situation. `old`: languages that were not read again since the first language changed."""

    id: int
    situation: str
    body: Body
    old: tuple[str, ...]
    comment: str
    author: str
    reader: str
    published_at: datetime
    active: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written. `version` grows with each save."""

    situation: str
    body: Body
    read_again: tuple[str, ...]
    author_id: int
    author: str
    updated_at: datetime
    version: int


async def newest(tx: Tx) -> tuple[int, int]:
    """What changes whenever something is published: (the newest id, the sum of the active ids)."""
    active = func.coalesce(func.sum(published_texts.c.id).filter(published_texts.c.active.is_(True)), 0)
    row = (await tx.conn.execute(select(func.coalesce(func.max(published_texts.c.id), 0), active))).one()
    return int(row[0]), int(row[1])


async def in_use(tx: Tx) -> dict[str, Published]:
    """What was published in place of the shipped texts, by situation."""
    rows = await tx.conn.execute(_published().where(published_texts.c.active.is_(True)))
    return {row.situation: _row(row) for row in rows}


async def history(tx: Tx, situation: str) -> list[Published]:
    """Every publication of a situation, the newest first."""
    rows = await tx.conn.execute(
        _published().where(published_texts.c.situation == situation).order_by(published_texts.c.id.desc()).limit(50)
    )
    return [_row(row) for row in rows]


async def publish(
    tx: Tx,
    viewer: Viewer,
    situation: str,
    body: Body,
    *,
    old: tuple[str, ...],
    comment: str,
    author_id: int,
    reader_id: int | None,
    now: datetime,
) -> int:
    """Let members get these words from now on, and forget the draft. Returns the number of the publication."""
    await _nothing_active(tx, situation)
    number = await new_id(
        tx,
        published_texts,
        situation=situation,
        body=texts.keep_json(body, _PUBLISHED),
        old=" ".join(old),
        comment=comment,
        author_id=author_id,
        reader_id=reader_id,
        published_at=now,
        active=True,
    )
    await tx.conn.execute(delete(text_drafts).where(text_drafts.c.situation == situation))
    detail = {"situation": situation, "number": number, "author": author_id, "reader": reader_id or 0}
    await audit.write(tx, actor=f"user:{viewer.user_id}", act="texts.published", at=now, detail=detail)
    return number


async def go_back(tx: Tx, viewer: Viewer, situation: str, number: int, *, now: datetime) -> bool:
    """Let members get the words of an earlier publication again, or with 0 the shipped ones; False when there is none.

    Where they get them already, as after the first of two clicks, nothing was done and the audit says nothing.
    """
    if number:
        wanted = (published_texts.c.situation == situation) & (published_texts.c.id == number)
        if (await tx.conn.execute(select(published_texts.c.id).where(wanted))).one_or_none() is None:
            return False
    ended = await _nothing_active(tx, situation, but=number)
    inactive = (published_texts.c.id == number) & published_texts.c.active.is_(False)
    begun = (await tx.conn.execute(update(published_texts).where(inactive).values(active=True))).rowcount
    if ended or begun:
        detail = {"situation": situation, "number": number}
        await audit.write(tx, actor=f"user:{viewer.user_id}", act="texts.returned", at=now, detail=detail)
    return True


async def _nothing_active(tx: Tx, situation: str, *, but: int = 0) -> int:
    """How many publications are used no more; `but` may stay."""
    active = (published_texts.c.situation == situation) & published_texts.c.active.is_(True)
    ended = update(published_texts).where(active, published_texts.c.id != but).values(active=False)
    return int((await tx.conn.execute(ended)).rowcount)


async def draft_of(tx: Tx, situation: str) -> Draft | None:
    """What is being written for a situation."""
    row = (
        await tx.conn.execute(
            select(text_drafts, users.c.name.label("author"))
            .join(users, users.c.id == text_drafts.c.author_id)
            .where(text_drafts.c.situation == situation)
        )
    ).one_or_none()
    if row is None:
        return None
    body = texts.read_json(row.body, _DRAFT)
    read_again = tuple(row.read_again.split())
    return Draft(row.situation, body, read_again, row.author_id, row.author, row.updated_at, row.version)


async def drafted(tx: Tx) -> set[str]:
    """The situations for which something is being written."""
    return set((await tx.conn.execute(select(text_drafts.c.situation))).scalars())


async def save_draft(
    tx: Tx, viewer: Viewer, situation: str, body: Body, *, read_again: tuple[str, ...], version: int, now: datetime
) -> None:
    """Keep what is being written, made from `version` of it (0: there was none). Raises StaleDraftError."""
    values: dict[str, Any] = {
        "body": texts.keep_json(body, _DRAFT),
        "read_again": " ".join(read_again),
        "author_id": viewer.user_id,
        "updated_at": now,
        "version": version + 1,
    }
    if version:
        of_version = (text_drafts.c.situation == situation) & (text_drafts.c.version == version)
        done = await tx.conn.execute(update(text_drafts).where(of_version).values(**values))
    else:
        adding = insert(tx, text_drafts).values(situation=situation, **values).on_conflict_do_nothing()
        done = await tx.conn.execute(adding)
    if done.rowcount != 1:
        raise StaleDraftError(situation)


async def drop_draft(tx: Tx, situation: str) -> None:
    """Forget what is being written."""
    await tx.conn.execute(delete(text_drafts).where(text_drafts.c.situation == situation))


def _published() -> Any:
    author, reader = users.alias("author"), users.alias("reader")
    return (
        select(published_texts, author.c.name.label("author"), reader.c.name.label("reader"))
        .join(author, author.c.id == published_texts.c.author_id)
        .outerjoin(reader, reader.c.id == published_texts.c.reader_id)
    )


def _row(row: Any) -> Published:
    return Published(
        row.id,
        row.situation,
        texts.read_json(row.body, _PUBLISHED),
        tuple(row.old.split()),
        row.comment,
        row.author,
        row.reader or "",
        row.published_at,
        row.active,
    )
