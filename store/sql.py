"""What SQLAlchemy spells differently for the two databases, spelled once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from store.database import Tx


def insert(tx: Tx, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT and RETURNING; the two dialects' classes share that interface."""
    return sqlite.insert(table) if tx.is_sqlite else postgresql.insert(table)


def skipping_locked(tx: Tx, query: Select[Any]) -> Select[Any]:
    """Rows that another worker holds are passed over; on SQLite the writer is alone and nothing is held."""
    return query if tx.is_sqlite else query.with_for_update(skip_locked=True)


async def new_id(tx: Tx, table: Table, **values: Any) -> int:
    """Insert one row and return its id."""
    found = await tx.conn.execute(table.insert().values(**values).returning(table.c.id))
    return int(found.scalar_one())
