"""What SQLAlchemy spells differently for the two databases, spelled once.

Building a statement costs more than running it. What is asked for every message is therefore built once, with its values
as parameters: for one database by `@cache` on a function of the table or of `tx.is_sqlite`, for both as a constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from store.database import Tx


def insert(tx: Tx, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT and RETURNING; the two dialects' classes share that interface."""
    return insert_for(table, is_sqlite=tx.is_sqlite)


def insert_for(table: Table, *, is_sqlite: bool) -> Any:
    """As `insert`, for a statement that is built once."""
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


@cache
def insert_or_leave(table: Table, *, is_sqlite: bool) -> Any:
    """An INSERT that leaves a row which is there as it is."""
    return insert_for(table, is_sqlite=is_sqlite).on_conflict_do_nothing()


def skipping_locked(tx: Tx, query: Select[Any]) -> Select[Any]:
    """Rows that another worker holds are passed over; on SQLite the writer is alone and nothing is held."""
    return query if tx.is_sqlite else query.with_for_update(skip_locked=True)


@cache
def held_rows(query: Select[Any], *, is_sqlite: bool) -> Select[Any]:
    """A constant query whose rows nobody else has until the transaction ends; on SQLite the writer is alone anyway."""
    return query if is_sqlite else query.with_for_update()


@cache
def free_rows(query: Select[Any], *, is_sqlite: bool) -> Select[Any]:
    """As `skipping_locked`, for a constant query: it is built, and so compiled, once."""
    return query if is_sqlite else query.with_for_update(skip_locked=True)


async def add(tx: Tx, table: Table, **values: Any) -> None:
    """Insert one row."""
    await tx.run(_plain(table), values)


async def add_all(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert some rows, which all have the same columns."""
    await tx.run_many(_plain(table), rows)


async def new_id(tx: Tx, table: Table, **values: Any) -> int:
    """Insert one row and return its id."""
    found = await tx.run(_returning_id(table), values)
    return int(found.scalar_one())


@cache
def _plain(table: Table) -> Any:
    return table.insert()


@cache
def _returning_id(table: Table) -> Any:
    return table.insert().returning(table.c.id)
