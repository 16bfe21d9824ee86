"""The sequence of references. A number is taken in the transaction that uses it, and is never issued twice."""

from __future__ import annotations

from channels.reference import format_reference
from store.database import Tx
from store.schema import sequences
from store.sql import insert


async def next_reference(tx: Tx, year: int) -> str:
    """The next reference of a year, such as PM-2026-004217-75. Holds the year's row until the transaction ends."""
    statement = (
        insert(tx, sequences)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": sequences.c.last + 1})
        .returning(sequences.c.last)
    )
    return format_reference(year, int((await tx.conn.execute(statement)).scalar_one()))
