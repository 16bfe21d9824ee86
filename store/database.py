"""Opening the database, SQLite or PostgreSQL, with the guarantees that "we said yes" rests on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from channels.contract import StoreUnavailableError
from store import migrate, sqlite_driver
from store.direct import Direct, PostgresDirect, Rows, SqliteDirect
from store.files import FileStore

# By this name the sessions of Guichet's processes are known to the server.
APPLICATION: Final = "guichet"
# A transaction whose process stands still may keep others waiting for so long; then its session is ended.
STANDSTILL_SECONDS: Final = 20


class UnsafeDatabaseError(Exception):
    """The database is set up so that it may lose what it acknowledged; the text names the setting."""


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction. The repositories of this package are functions over it."""

    conn: AsyncConnection
    dialect: str
    files: FileStore
    direct: Direct | None = None
    # With it numbers of people are made findable (store.numbers); empty where nobody gave one.
    number_key: bytes = b""

    @property
    def is_sqlite(self) -> bool:
        """Whether SQL must be written for SQLite rather than PostgreSQL."""
        return self.dialect == "sqlite"

    async def run(self, statement: Any, values: Mapping[str, Any]) -> Rows:
        """Run a statement that is a constant, with its values by name, by the short way where there is one."""
        if self.direct is not None:
            return await self.direct.run(statement, values)
        return await self.conn.execute(statement, values)

    async def run_many(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement that is a constant for each of some rows, which all have the same names."""
        if self.direct is not None:
            for row in rows:
                await self.direct.run(statement, row)
        elif rows:
            await self.conn.execute(statement, rows)


class Store:
    """The database of record and the files beside it.

    `write()` gives a transaction that commits at the end of its block; on SQLite only one exists at a time, taken with
    BEGIN IMMEDIATE so that it can never fail half-way for want of the lock. `read()` gives a snapshot.
    """

    def __init__(self, url: str, files: FileStore, *, unsafe_ok: bool = False, number_key: bytes = b"") -> None:
        """Open nothing yet. With `number_key` people are found by their numbers.

        Raises ValueError for an address that names neither SQLite nor PostgreSQL.
        """
        if not url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("neither SQLite nor PostgreSQL")
        self.url = url
        self.files = files
        self._unsafe_ok = unsafe_ok
        self._number_key = number_key
        self._sqlite = url.startswith("sqlite")
        self._writing = asyncio.Lock()
        try:
            self._writer, self._reader = self._engines()
        except ArgumentError:
            raise ValueError("not the address of a database") from None

    def _engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        if self._sqlite:
            path = self.url.partition("///")[2]
            writer = create_async_engine(
                self.url,
                pool_size=1,
                max_overflow=0,
                async_creator=partial(sqlite_driver.connect, path, inline=True),
                hide_parameters=True,
            )
            reader = create_async_engine(
                self.url,
                pool_size=4,
                max_overflow=4,
                async_creator=partial(sqlite_driver.connect, path, inline=False),
                hide_parameters=True,
            )
            _prepare_sqlite(writer, begin="BEGIN IMMEDIATE")
            _prepare_sqlite(reader, begin="BEGIN")
            return writer, reader
        engine = create_async_engine(
            self.url,
            hide_parameters=True,
            # None beyond: an overflow connection is opened for one use, which costs more than the use.
            pool_size=16,
            max_overflow=0,
            pool_timeout=5,
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": APPLICATION,
                    "statement_timeout": "30000",
                    "lock_timeout": "5000",
                    "idle_in_transaction_session_timeout": f"{STANDSTILL_SECONDS}000",
                    "timezone": "UTC",
                },
            },
        )
        _leave_out_closed_sessions(engine)
        return engine, engine

    @property
    def one_writer(self) -> bool:
        """Whether only one transaction can write at a time, so that sharing one between items saves commits."""
        return self._sqlite

    async def open(self) -> None:
        """Bring the schema up to date and read the safety settings back. Raises UnsafeDatabaseError, SchemaTooNewError."""
        if self._sqlite:
            Path(self.url.partition("///")[2]).parent.mkdir(parents=True, exist_ok=True)
        async with self.write() as tx:
            await tx.conn.run_sync(migrate.upgrade)
        async with self.write() as tx:
            await self._check(tx)

    async def _check(self, tx: Tx) -> None:
        wanted: dict[str, set[str]]
        if self._sqlite:
            wanted = {"journal_mode": {"wal"}, "synchronous": {"2"}, "foreign_keys": {"1"}, "secure_delete": {"1"}}
            wanted["busy_timeout"] = {"10000"}
            ask = "PRAGMA {}"
        else:
            wanted = {name: {"on"} for name in ("fsync", "full_page_writes")}
            wanted |= {
                "synchronous_commit": {"on", "remote_apply", "remote_write", "local"},
                "data_sync_retry": {"off"},
            }
            ask = "SHOW {}"
        for name, good in wanted.items():
            found = str((await tx.conn.execute(text(ask.format(name)))).scalar())
            if found not in good and not (self._unsafe_ok and not self._sqlite):
                raise UnsafeDatabaseError(f"{name} is {found}; it must be {' or '.join(sorted(good))}")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that commits at the end. Raises StoreUnavailableError when the database cannot be reached."""
        if not self._sqlite:
            async with _translated(), self._writer.begin() as conn:
                yield Tx(conn, "postgresql", self.files, _postgres(conn), self._number_key)
            return
        async with self._writing, _translated(), self._writer.begin() as conn:
            yield Tx(conn, "sqlite", self.files, _sqlite(conn), self._number_key)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Tx]:
        """For one statement that commits by itself, on PostgreSQL. Raises StoreUnavailableError as `write` does."""
        async with _translated(), self._writer.connect() as conn:
            await conn.execution_options(isolation_level="AUTOCOMMIT")
            yield Tx(conn, "postgresql", self.files, _postgres(conn), self._number_key)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A snapshot to read from; nothing written in it is kept."""
        async with _translated(), self._reader.connect() as conn:
            if self._sqlite:
                await conn.begin()
                yield Tx(conn, "sqlite", self.files, _sqlite(conn), self._number_key)
            else:
                yield Tx(conn, "postgresql", self.files, _postgres(conn, begin=False), self._number_key)

    async def close(self) -> None:
        """Give every connection back."""
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()


def _sqlite(conn: AsyncConnection) -> SqliteDirect:
    return SqliteDirect(_raw(conn).driver_connection)


def _postgres(conn: AsyncConnection, *, begin: bool = True) -> PostgresDirect:
    raw = _raw(conn)
    return PostgresDirect(raw.dbapi_connection, raw.driver_connection, begin=begin)


def _raw(conn: AsyncConnection) -> Any:
    # It has been checked out of the pool with `conn`: there is nothing to wait for, as `get_raw_connection` would.
    opened: Any = conn.sync_connection
    return opened.connection


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn "cannot reach or write the database" into the one error that doors answer with "later"."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailableError(type(error.orig).__name__) from error
    except DBAPIError as error:
        # asyncpg's own classes for a server that went away or is starting up arrive as plain DBAPIErrors.
        if error.connection_invalidated or _went_away(error):
            raise StoreUnavailableError(type(error.orig).__name__) from error
        raise
    except asyncpg.InterfaceError as error:
        # A connection that was closed under a statement which went the short way.
        raise StoreUnavailableError(type(error).__name__) from error
    except asyncpg.PostgresError as error:
        if _passes(str(error.sqlstate or "")):
            raise StoreUnavailableError(type(error).__name__) from error
        raise
    except (ConnectionError, TimeoutError, OSError, PoolTimeoutError, sqlite3.OperationalError) as error:
        raise StoreUnavailableError(type(error).__name__) from error


def _went_away(error: DBAPIError) -> bool:
    return _passes(str(getattr(error.orig, "sqlstate", "") or getattr(error.orig, "pgcode", "") or ""))


def _passes(state: str) -> bool:
    """Whether trying again may mend what an SQLSTATE names."""
    # Classes: 08 connection, 53 out of resources, 57P shutting down or starting up; and single ones: 40001 and 40P01
    # (serialisation, deadlock), 55P03 lock not available, 57014 statement time-out.
    return state.startswith(("08", "53", "57P")) or state in ("40001", "40P01", "55P03", "57014")


def _leave_out_closed_sessions(engine: AsyncEngine) -> None:
    """A session that the server has ended (a restart, say) is not handed out again, nor any as old as it.

    That costs nothing: a closed socket is seen by the event loop. Asking each session whether it lives, as SQLAlchemy
    offers, costs three round trips before the first statement of every transaction.
    """

    @event.listens_for(engine.sync_engine, "checkout")
    def look(connection: Any, _record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError


def _prepare_sqlite(engine: AsyncEngine, *, begin: str) -> None:
    """Each connection durable and strict; each transaction opened by us, since the driver's own BEGIN comes too late."""

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # The waiting time first: changing the journal mode is already something to wait for.
        for pragma in (
            "busy_timeout=10000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def open_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)
