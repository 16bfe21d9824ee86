"""Where a reference comes from: the register's transaction on SQLite, one of its own on PostgreSQL.

All references of a year come from one row. Taken in the transaction that uses it, the row would be locked until that ends,
and every other door and worker would wait for it: for as long as the process stands, when it stands still. In a transaction
of its own it is locked for one statement. What is not used then is a gap in the numbers; none is ever given twice (D8).
"""

from __future__ import annotations

from gateway.house import House
from store import references
from store.database import Tx


async def next_reference(house: House, tx: Tx, year: int) -> str:
    """The next reference, for what is being written in this transaction."""
    if house.store.one_writer:
        return await references.next_reference(tx, year)
    async with house.store.statement() as own:
        return await references.next_reference(own, year)


async def reserved(house: House, year: int) -> str | None:
    """The next reference, taken before a transaction is opened; None where it is taken inside.

    A door with many visitors takes it so: each waiting inside a transaction for a second connection, they would wait for
    each other.
    """
    if house.store.one_writer:
        return None
    async with house.store.statement() as own:
        return await references.next_reference(own, year)
