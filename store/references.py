"""The sequence of references. A number is taken in the transaction that uses it, and is never issued twice."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import update

from channels.reference import format_reference
from store import audit
from store.database import Tx
from store.schema import sequences
from store.sql import insert, insert_for

# More than were ever given out between a backup and the loss of what came after it.
_JUMP: Final = 10_000


async def next_reference(tx: Tx, year: int) -> str:
    """The next reference of a year, such as PM-2026-004217-75. Holds the year's row until the transaction ends."""
    found = await tx.run(_next(is_sqlite=tx.is_sqlite), {"year": year, "last": 1})
    return format_reference(year, int(found.scalar_one()))


@cache
def _next(*, is_sqlite: bool) -> Any:
    return (
        insert_for(sequences, is_sqlite=is_sqlite)
        .on_conflict_do_update(index_elements=["year"], set_={"last": sequences.c.last + 1})
        .returning(sequences.c.last)
    )


async def jump(tx: Tx, *, year: int, now: datetime) -> None:
    """After a restore: go on far beyond what was given out since the backup, so that no reference is issued twice."""
    statement = insert(tx, sequences).values(year=year, last=0).on_conflict_do_nothing()
    await tx.conn.execute(statement)
    await tx.conn.execute(update(sequences).where(sequences.c.year >= year - 1).values(last=sequences.c.last + _JUMP))
    await audit.write(tx, actor="command", act="database.restored", at=now, detail={"year": year, "jump": _JUMP})
