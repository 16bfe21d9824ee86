"""Quick entries: what a colleague types in for a member. Everybody sees their own only, until it is a case like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select, update

from store import audit, texts
from store.database import Tx
from store.schema import audit as audit_table
from store.schema import entries, inbox
from store.sql import insert_or_leave
from store.viewer import Viewer

# As long as the member may still stand there: then the secret link of the receipt is forgotten.
RECEIPT_LIFE: Final = timedelta(hours=2)
# A slip that is printed twice within this time is one that was pressed for twice.
_ONCE: Final = timedelta(minutes=1)
_CONTENT: Final = texts.Place("entries", "content")
_LINK: Final = texts.Place("entries", "link")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `fields` are what was typed; of one that is recorded, as the item `inbox_id`, what its receipt needs."""

    client_id: str
    fields: Mapping[str, str]
    updated_at: datetime
    inbox_id: int | None
    reference: str
    link: bytes
    printed_at: datetime | None = None


async def keep(tx: Tx, viewer: Viewer, client_id: str, fields: Mapping[str, str], *, now: datetime) -> bool:
    """Keep what was typed so far; False when this entry was recorded meanwhile, and stays as it is."""
    content = texts.keep_json(dict(fields), _CONTENT)
    await _make_place(tx, viewer, client_id, now=now)
    done = await tx.conn.execute(
        update(entries)
        .where(*_own(viewer, client_id), entries.c.inbox_id.is_(None))
        .values(content=content, updated_at=now)
    )
    return bool(done.rowcount)


async def taken(tx: Tx, viewer: Viewer, client_id: str, *, now: datetime) -> Entry:
    """The entry, made where there is none, and nobody else's until the transaction ends: the same page sent twice waits here."""
    await _make_place(tx, viewer, client_id, now=now)
    query = select(entries).where(*_own(viewer, client_id))
    return _entry((await tx.conn.execute(query if tx.is_sqlite else query.with_for_update())).one())


async def recorded(
    tx: Tx,
    viewer: Viewer,
    client_id: str,
    *,
    item_id: int,
    reference: str,
    link: bytes,
    typed_from: int | None,
    channel: str,
    told: Mapping[str, str],
    now: datetime,
) -> None:
    """The entry is an item of the inbox now, which holds what was typed; `told` is what the receipt needs of it."""
    await tx.conn.execute(
        update(entries)
        .where(*_own(viewer, client_id))
        .values(
            content=texts.keep_json(dict(told), _CONTENT),
            inbox_id=item_id,
            reference=reference,
            link=texts.keep_bytes(link, _LINK),
            typed_from=typed_from,
            updated_at=now,
        )
    )
    detail = {"item": item_id, "channel": channel}
    await audit.write(tx, actor=f"user:{viewer.user_id}", act="entry.recorded", at=now, detail=detail)


async def slip_printed(tx: Tx, viewer: Viewer, client_id: str, *, now: datetime) -> None:
    """The slip of their recorded entry was printed: its case tells it, or will when it comes to be (`tell_of_slip`)."""
    statement = update(entries).where(*_own(viewer, client_id), entries.c.inbox_id.is_not(None)).values(printed_at=now)
    item_id = await tx.conn.scalar(statement.returning(entries.c.inbox_id))
    case_id = await tx.conn.scalar(select(inbox.c.case_id).where(inbox.c.id == item_id))
    actor = f"user:{viewer.user_id}"
    act = "case.slip_printed"
    if case_id is not None and not await audit.done_since(tx, case_id, act, actor=actor, since=now - _ONCE):
        await audit.write(tx, actor=actor, act=act, at=now, case_id=case_id)


async def tell_of_slip(tx: Tx, item_id: int, case_id: int) -> None:
    """Say on the case that an entry has just become that its slip was printed before, where it was."""
    # Held until the case is there to be seen: whoever prints meanwhile waits, and says it themselves.
    query = select(entries.c.author_id, entries.c.printed_at).where(entries.c.inbox_id == item_id)
    row = (await tx.conn.execute(query if tx.is_sqlite else query.with_for_update())).one_or_none()
    if row is not None and row.printed_at is not None:
        actor = f"user:{row.author_id}"
        await audit.write(tx, actor=actor, act="case.slip_printed", at=row.printed_at, case_id=case_id)


async def of(tx: Tx, viewer: Viewer, client_id: str) -> Entry | None:
    """One of their own entries."""
    row = (await tx.conn.execute(select(entries).where(*_own(viewer, client_id)))).one_or_none()
    return _entry(row) if row else None


async def unfinished(tx: Tx, viewer: Viewer, *, since: datetime) -> list[Entry]:
    """Their own entries that are not recorded yet and were worked on since a moment, the oldest first."""
    rows = await tx.conn.execute(
        select(entries)
        .where(entries.c.author_id == viewer.user_id, entries.c.inbox_id.is_(None), entries.c.updated_at > since)
        .order_by(entries.c.id)
        .limit(50)
    )
    return [entry for entry in map(_entry, rows) if entry.fields]


async def typed_in(tx: Tx, viewer: Viewer, case_id: int, *, since: datetime) -> bool:
    """Whether this viewer has typed in what a case is made of since then. Their entry itself is soon forgotten; that they
    recorded it is not."""
    recorded_ = select(audit_table.c.detail).where(
        audit_table.c.actor == f"user:{viewer.user_id}",
        audit_table.c.act == "entry.recorded",
        audit_table.c.at >= since,
    )
    items = [int(detail["item"]) for detail in await tx.conn.scalars(recorded_)]
    found = select(inbox.c.id).where(inbox.c.id.in_(items), inbox.c.case_id == case_id)
    return bool(items) and (await tx.conn.execute(found.limit(1))).first() is not None


async def discard(tx: Tx, viewer: Viewer, client_id: str) -> None:
    """Forget an entry that is not recorded."""
    await tx.conn.execute(delete(entries).where(*_own(viewer, client_id), entries.c.inbox_id.is_(None)))


async def forget_old(tx: Tx, *, life: timedelta, now: datetime) -> int:
    """Drop entries that nobody went on with for their whole life, and receipts whose time is up. Returns how many."""
    unfinished_ = entries.c.inbox_id.is_(None)
    done = await tx.conn.execute(
        delete(entries).where(
            or_(
                unfinished_ & (entries.c.updated_at <= now - life),
                ~unfinished_ & (entries.c.updated_at < now - RECEIPT_LIFE),
            )
        )
    )
    return int(done.rowcount)


async def _make_place(tx: Tx, viewer: Viewer, client_id: str, *, now: datetime) -> None:
    values: dict[str, Any] = {
        "author_id": viewer.user_id,
        "client_id": client_id,
        "content": texts.keep_json({}, _CONTENT),
        "updated_at": now,
        "reference": "",
        "link": b"",
    }
    await tx.run(insert_or_leave(entries, is_sqlite=tx.is_sqlite), values)


def _own(viewer: Viewer, client_id: str) -> tuple[Any, Any]:
    return entries.c.author_id == viewer.user_id, entries.c.client_id == client_id


def _entry(row: Any) -> Entry:
    return Entry(
        row.client_id,
        texts.read_json(row.content, _CONTENT),
        row.updated_at,
        row.inbox_id,
        row.reference,
        texts.read_bytes(row.link, _LINK),
        row.printed_at,
    )
