"""Answers whose words went out again, to another address of the same member."""

from __future__ import annotations

from sqlalchemy import select

from store import sql
from store.database import Tx
from store.family import family, open_to
from store.schema import messages, sent_again
from store.viewer import Viewer


async def keep(tx: Tx, message_id: int, again_id: int) -> None:
    """These words went out again; of several times the last one counts."""
    adding = sql.insert(tx, sent_again).values(message_id=message_id, again_id=again_id)
    await tx.conn.execute(
        adding.on_conflict_do_update(index_elements=["message_id"], set_={"again_id": adding.excluded.again_id})
    )


async def of_case(tx: Tx, viewer: Viewer, case_id: int) -> dict[int, int]:
    """By its number: the message as which each went out again, of a case that the viewer may open."""
    rows = await tx.conn.execute(
        select(sent_again.c.message_id, sent_again.c.again_id)
        .join(messages, messages.c.id == sent_again.c.message_id)
        .where(messages.c.case_id.in_(family(case_id)), open_to(viewer, case_id))
    )
    return {row.message_id: row.again_id for row in rows}
