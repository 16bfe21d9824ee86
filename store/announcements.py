"""What supervisors put before members while a door is in trouble: one sentence for each door, until its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text, update

from config.announcements import Sentence
from config.vocabulary import Channel
from store import audit, texts
from store.database import Tx
from store.schema import announcements, users
from store.sql import new_id
from store.viewer import Viewer

_BODY: Final = texts.Place("announcements", "body")
_LOCK: Final = 7_140_023  # Any number that nothing else in this database locks.


@dataclass(frozen=True, slots=True)
class Announcement:
    """One sentence that stands, about one door."""

    id: int
    door: Channel
    body: Sentence
    author_id: int
    author: str
    put_up_at: datetime
    until: datetime


async def standing(tx: Tx, *, now: datetime) -> list[Announcement]:
    """What stands before members now, the oldest first."""
    rows = await tx.conn.execute(
        select(announcements, users.c.name.label("author"))
        .join(users, users.c.id == announcements.c.author_id)
        .where(*_standing(now))
        .order_by(announcements.c.id)
    )
    return [
        Announcement(
            row.id, row.door, texts.read_json(row.body, _BODY), row.author_id, row.author, row.put_up_at, row.until
        )
        for row in rows
    ]


async def put_up(
    tx: Tx, viewer: Viewer, door: Channel, body: Sentence, *, until: datetime, now: datetime
) -> Announcement:
    """Let a sentence stand until then, in place of the one that stood about this door. Who puts up the same twice has put up
    one."""
    await _alone(tx)
    for one in await standing(tx, now=now):
        if (one.door, one.body, one.until, one.author_id) == (door, body, until, viewer.user_id):
            return one
    await _end(tx, viewer, announcements.c.door == door, now)
    number = await new_id(
        tx,
        announcements,
        door=door,
        body=texts.keep_json(body, _BODY),
        author_id=viewer.user_id,
        put_up_at=now,
        until=until,
    )
    detail = {"door": door, "number": number, "until": until.isoformat(timespec="minutes")}
    await audit.write(tx, actor=f"user:{viewer.user_id}", act="announcement.put_up", at=now, detail=detail)
    return Announcement(number, door, body, viewer.user_id, viewer.name, now, until)


async def _alone(tx: Tx) -> None:
    """Until the transaction ends, nobody else puts up a sentence: of two at once, one would not see the other."""
    if not tx.is_sqlite:
        await tx.conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


async def take_off(tx: Tx, viewer: Viewer, number: int, *, now: datetime) -> bool:
    """End a sentence before its time; False when it does not stand (any more)."""
    if not await _end(tx, viewer, announcements.c.id == number, now):
        return False
    detail = {"number": number}
    await audit.write(tx, actor=f"user:{viewer.user_id}", act="announcement.taken_off", at=now, detail=detail)
    return True


async def _end(tx: Tx, viewer: Viewer, which: Any, now: datetime) -> bool:
    ended = update(announcements).where(which, *_standing(now))
    done = await tx.conn.execute(ended.values(taken_off_at=now, taken_off_by=viewer.user_id))
    return bool(done.rowcount)


def _standing(now: datetime) -> tuple[Any, ...]:
    return (announcements.c.until > now, announcements.c.taken_off_at.is_(None))
