"""Conversations that came to no case: what was said in them is forgotten after a while (rule D7).

Of each item its place in the count stays, with its fate and without its words; of the audit, which holds no words, everything.
The contents of files lie under their hash, which other messages may share, and stay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_, select, update

from store import texts
from store.database import Tx
from store.schema import classifications, conversations, inbox, message_files, messages, outbox
from store.sql import skipping_locked

# So many in one transaction; the next run goes on with the others.
_AT_ONCE: Final = 500


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
