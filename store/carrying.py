"""What goes along when a case goes on in another one, and comes back when the merge is undone: what waits for somebody.

Messages, notes, questions and recommendations stay with the case that they came to; whoever opens the one that goes on reads
those of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, select, update

from store import drafts as drafting
from store import texts
from store.database import Tx
from store.schema import classifications, drafts, held, inbox, mentions, messages, outbox

# Held messages are decided, and mentions followed, under the fence of the case that goes on.
_CARRIED: Final[Mapping[str, Table]] = {"mentions": mentions, "held": held}


async def carry(tx: Tx, gone_id: int, into_id: int, reference: str) -> dict[str, list[int]]:
    """Let what waits on a case wait on the one that it goes on in. Returns the ids of what was taken along, by kind.

    `reference` is that of the case that is gone: it stands before a draft that is put below another one of the same colleague.
    """
    taken: dict[str, list[int]] = {}
    for kind, table in _CARRIED.items():
        statement = update(table).where(table.c.case_id == gone_id).values(case_id=into_id).returning(table.c.id)
        taken[kind] = sorted(await tx.conn.scalars(statement))
    taken["drafts"] = await _carry_drafts(tx, gone_id, into_id, reference)
    return taken


async def carry_back(tx: Tx, gone_id: int, into_id: int, taken: Mapping[str, Sequence[int]]) -> None:
    """Give back what was taken along and is still there."""
    for kind, table in {**_CARRIED, "drafts": drafts}.items():
        mine = (table.c.case_id == into_id, table.c.id.in_(taken.get(kind, ())))
        await tx.conn.execute(update(table).where(*mine).values(case_id=gone_id))


async def move_messages(tx: Tx, case_id: int, chosen: Sequence[Any]) -> None:
    """Let messages (rows of the table) belong to another case, with what was said of them and what is on its way."""
    ids = [message.id for message in chosen]
    items = [message.inbox_id for message in chosen if message.inbox_id is not None]
    await tx.conn.execute(update(messages).where(messages.c.id.in_(ids)).values(case_id=case_id))
    for table, column, wanted in (
        (classifications, classifications.c.message_id, ids),
        (outbox, outbox.c.message_id, ids),
        (inbox, inbox.c.id, items),
    ):
        await tx.conn.execute(update(table).where(column.in_(wanted)).values(case_id=case_id))


async def said_since(tx: Tx, case_id: int, contact_ids: Sequence[int], *, since: datetime) -> Sequence[Any]:
    """What was said on a case since then by and to these contacts."""
    query = select(messages).where(
        messages.c.case_id == case_id, messages.c.contact_id.in_(contact_ids), messages.c.at >= since
    )
    return (await tx.conn.execute(query)).all()


async def _carry_drafts(tx: Tx, gone_id: int, into_id: int, reference: str) -> list[int]:
    """Drafts that find their place free move; others are put below the one that is there, so that no word of them is lost."""
    there = {
        (row.user_id, row.purpose): row
        for row in await tx.conn.execute(select(drafts).where(drafts.c.case_id == into_id))
    }
    moved: list[int] = []
    for row in (await tx.conn.execute(select(drafts).where(drafts.c.case_id == gone_id))).all():
        other = there.get((row.user_id, row.purpose))
        if other is None:
            await tx.conn.execute(update(drafts).where(drafts.c.id == row.id).values(case_id=into_id))
            moved.append(row.id)
            continue
        both = [texts.read(one.text, drafting.TEXT).rstrip() for one in (other, row)]
        words = texts.keep(f"{both[0]}\n\n{reference}\n\n{both[1]}", drafting.TEXT)
        await tx.conn.execute(
            update(drafts).where(drafts.c.id == other.id).values(text=words, at=max(other.at, row.at))
        )
        await tx.conn.execute(delete(drafts).where(drafts.c.id == row.id))
    return moved
