"""Conversations that came to no case: what was said in them is forgotten after a while (rule D7).

Of each item its place in the count stays, with its fate and without its words; of the audit, which holds no words, everything.
The contents of files lie under their hash, which other messages may share: they go once no row names them any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, union, update

from store import texts
from store.database import Store, Tx
from store.schema import classifications, conversations, files, inbox, message_files, messages, outbox
from store.sql import skipping_locked

# So many in one transaction; the next run goes on with the others.
_AT_ONCE: Final = 500
# How the keys of what is said to a group begin.
GROUP: Final = "group"
# A transaction that writes a file ends within minutes; so long ago it has ended for sure.
_UNNAMED_FOR: Final = timedelta(hours=6)


async def without_a_case(tx: Tx, *, before: datetime) -> int:
    """Forget conversations of which no line is in a case and in which nobody has spoken since `before`. Returns how many.

    One with an item that nobody could read, or with a message that has not gone out, stays: people have to look at it.
    """
    of_this = messages.c.conversation_id == conversations.c.id
    in_a_case = select(messages.c.id).where(of_this, messages.c.case_id.is_not(None)).exists()
    unread = (
        select(messages.c.id)
        .join(inbox, inbox.c.id == messages.c.inbox_id)
        .where(of_this, inbox.c.state != "done")
        .exists()
    )
    unsent = (
        select(messages.c.id)
        .join(outbox, outbox.c.message_id == messages.c.id)
        .where(of_this, outbox.c.state.in_(("waiting", "taken")))
        .exists()
    )
    query = (
        select(conversations.c.id)
        .where(
            or_(conversations.c.stage == "ended", conversations.c.stage == "robot"),
            conversations.c.case_id.is_(None),
            conversations.c.heard_at < before,
            ~in_a_case,
            ~unread,
            ~unsent,
        )
        .order_by(conversations.c.heard_at)
        .limit(_AT_ONCE)
    )
    gone = list((await tx.conn.execute(skipping_locked(tx, query))).scalars())
    if gone:
        await _forget(tx, gone)
    return len(gone)


async def group_notices(tx: Tx, *, before: datetime) -> int:
    """Forget what was said to groups that a bot was asked in, and has gone out or failed before then. Returns how many."""
    done = await tx.conn.execute(
        delete(outbox).where(
            outbox.c.channel == "telegram",
            outbox.c.key.startswith(GROUP),
            outbox.c.case_id.is_(None),
            outbox.c.message_id.is_(None),
            outbox.c.ended_at < before,
        )
    )
    return int(done.rowcount)


async def unnamed_files(store: Store, *, now: datetime) -> int:
    """Remove the contents that no row names and that nobody has written for hours (see `FileStore`). Returns how many.

    Each in a transaction of its own: nobody waits for a disk.
    """
    kept, before = store.files, now - _UNNAMED_FOR
    old, gone = await asyncio.to_thread(kept.old, before=before), 0
    for start in range(0, len(old), _AT_ONCE):
        names = old[start : start + _AT_ONCE]
        async with store.read() as tx:
            named = await _named(tx, names)
        for name in names:
            if name not in named and await asyncio.to_thread(kept.set_aside, name, before=before):
                gone += await _drop(store, name)
    return gone


async def _drop(store: Store, name: str) -> bool:
    """Remove one that was set aside, unless a row names it after all.

    A writer who is about to name it has written it anew by now. Where its row goes under them, their transaction fails, and
    is tried again like any other that the database refuses; where theirs came first, ours fails, and the next run looks again.
    """
    unnamed = False
    try:
        async with store.write() as tx:
            unnamed = not await _named(tx, [name])
            if unnamed:
                await tx.conn.execute(delete(files).where(files.c.hash == name))
    except BaseException:
        # Whether the row is gone or not: a file too many is found by the next run, one too few by nobody.
        await asyncio.to_thread(store.files.put_back, name)
        raise
    await asyncio.to_thread(store.files.drop if unnamed else store.files.put_back, name)
    return unnamed


async def _named(tx: Tx, names: Sequence[str]) -> set[str]:
    query = union(
        select(message_files.c.hash).where(message_files.c.hash.in_(names)),
        select(inbox.c.raw_file).where(inbox.c.raw_file.in_(names)),
    )
    return set((await tx.conn.execute(query)).scalars())


async def _forget(tx: Tx, gone: list[int]) -> None:
    lines = select(messages.c.id).where(messages.c.conversation_id.in_(gone)).scalar_subquery()
    items = select(messages.c.inbox_id).where(messages.c.conversation_id.in_(gone)).scalar_subquery()
    nothing = texts.keep_bytes(b"", texts.Place("inbox", "raw"))
    no_envelope = texts.keep_json({}, texts.Place("inbox", "envelope"))
    await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id.in_(items))
        .values(raw=nothing, raw_file=None, envelope=no_envelope, thread=None, error=None)
    )
    for table in (outbox, classifications, message_files):
        await tx.conn.execute(delete(table).where(table.c.message_id.in_(lines)))
    await tx.conn.execute(delete(messages).where(messages.c.conversation_id.in_(gone)))
    await tx.conn.execute(delete(conversations).where(conversations.c.id.in_(gone)))
