"""SQLite for the event loop, with one change of thread a transaction instead of four a statement.

SQLAlchemy's asynchronous SQLite dialect is written for aiosqlite, which sends every cursor, statement, fetch and close
to a thread of its own: eighty changes of thread to record one message. These two classes stand in for aiosqlite's
connection and cursor.
What may wait for the disk or for a lock (BEGIN, COMMIT, ROLLBACK, closing), what carries a large value, and everything on
a connection for reading goes to the connection's thread; the small indexed statements of a writing transaction, which take
some ten microseconds each, run where they are.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

# A value beyond this may take a millisecond to copy.
_LARGE: Final = 32 * 1024
_SIZED: Final = (bytes, str)
_WAITS: Final = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")


class Cursor:
    """What SQLAlchemy uses of aiosqlite's cursor; rows are fetched with the statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._real = connection.real.cursor()
        self._rows: list[Any] = []

    @property
    def description(self) -> Any:
        """As in the DB-API."""
        return self._real.description

    @property
    def rowcount(self) -> int:
        """As in the DB-API."""
        return self._real.rowcount

    @property
    def lastrowid(self) -> int | None:
        """As in the DB-API."""
        return self._real.lastrowid

    async def __aenter__(self) -> Cursor:
        """Entered by SQLAlchemy when it makes a cursor."""
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement and fetch its rows. Raises sqlite3.Error."""
        if self._connection.inline and not operation.startswith(_WAITS) and not _large(parameters):
            self._run(operation, parameters)
        else:
            await self._connection.in_thread(self._run, operation, parameters)

    def _run(self, operation: str, parameters: Sequence[Any]) -> None:
        self._real.execute(operation, parameters)
        self._rows = self._real.fetchall() if self._real.description else []

    async def executemany(self, operation: str, seq_of_parameters: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows. Raises sqlite3.Error."""
        await self._connection.in_thread(self._real.executemany, operation, seq_of_parameters)

    async def fetchall(self) -> list[Any]:
        """The rows that came with the statement."""
        return self._rows

    async def close(self) -> None:
        """Forget the statement."""
        self._real.close()


class Connection:
    """What SQLAlchemy uses of aiosqlite's connection. `inline`: small statements run where they are."""

    def __init__(self, real: sqlite3.Connection, *, inline: bool) -> None:
        self.real = real
        self.inline = inline
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        # SQLAlchemy asks whether the connection is open by looking whether this is there.
        self._connection: sqlite3.Connection | None = real

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something in the connection's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *arguments))

    async def fetched(self, operation: str, parameters: Sequence[Any]) -> tuple[list[Any], int]:
        """(rows, rows met) of one statement inside a transaction that has begun. Raises sqlite3.Error."""
        if self.inline and not _large(parameters):
            return self._fetched(operation, parameters)
        found: tuple[list[Any], int] = await self.in_thread(self._fetched, operation, parameters)
        return found

    def _fetched(self, operation: str, parameters: Sequence[Any]) -> tuple[list[Any], int]:
        cursor = self.real.execute(operation, parameters)
        # Rows first: what RETURNING gives counts as met only once it is fetched.
        rows = cursor.fetchall() if cursor.description else []
        return rows, cursor.rowcount

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self)

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Give SQL a function; SQLAlchemy adds REGEXP to every connection."""
        self.real.create_function(*arguments, **options)

    async def commit(self) -> None:
        """Make the transaction durable."""
        await self.in_thread(self.real.commit)

    async def rollback(self) -> None:
        """Forget the transaction."""
        await self.in_thread(self.real.rollback)

    async def close(self) -> None:
        """Close; a second time does nothing."""
        if self._connection is not None:
            self._connection = None
            await self.in_thread(self.real.close)
            self._thread.shutdown(wait=False)

    def stop(self) -> None:
        """Close without an event loop to wait in."""
        if self._connection is not None:
            self._connection = None
            self.real.close()
            self._thread.shutdown(wait=False)


async def connect(path: str, *, inline: bool) -> Connection:
    """Open a database file. Raises sqlite3.Error."""
    real = await asyncio.to_thread(
        sqlite3.connect, path, timeout=10, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    return Connection(real, inline=inline)


def _large(parameters: Sequence[Any]) -> bool:
    for value in parameters:  # noqa: SIM110 (asked for every statement; a generator takes twice as long)
        if isinstance(value, _SIZED) and len(value) > _LARGE:
            return True
    return False
