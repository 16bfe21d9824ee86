"""Statements that are asked for every message: compiled once, then run without SQLAlchemy's machinery.

A database runs a small statement in a few microseconds; what SQLAlchemy does around each (a greenlet, an execution context,
a cursor adapter, a result) takes some hundred. The statement stays an SQLAlchemy construct, and its types convert values in
both directions as ever; only the way from it to the driver is short.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

from store.sqlite_driver import Connection

_SQLITE: Final[Any] = sqlite.dialect(paramstyle="qmark")
_POSTGRESQL: Final[Any] = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so


class Rows(Protocol):
    """What the register uses of a result: that of SQLAlchemy has it, and so has that of a direct statement."""

    @property
    def rowcount(self) -> int:
        """How many rows an UPDATE or DELETE has met."""
        ...

    def one(self) -> Any:
        """The only row. Raises NoResultFound, MultipleResultsFound."""
        ...

    def one_or_none(self) -> Any:
        """The only row, or None. Raises MultipleResultsFound."""
        ...

    def all(self) -> Sequence[Any]:
        """Every row."""
        ...

    def scalar(self) -> Any:
        """The first value of the first row, or None."""
        ...

    def scalar_one(self) -> Any:
        """The first value of the only row. Raises NoResultFound, MultipleResultsFound."""
        ...


class Found:
    """The rows of a direct statement, all of them."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def all(self) -> Sequence[Any]:
        """Every row."""
        return self._rows

    def one(self) -> Any:
        """The only row. Raises NoResultFound, MultipleResultsFound."""
        if not self._rows:
            raise NoResultFound("No row was found when one was required")
        return self.one_or_none()

    def one_or_none(self) -> Any:
        """The only row, or None. Raises MultipleResultsFound."""
        if len(self._rows) > 1:
            raise MultipleResultsFound("Multiple rows were found when one or none was required")
        return self._rows[0] if self._rows else None

    def scalar(self) -> Any:
        """The first value of the first row, or None."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first value of the only row. Raises NoResultFound, MultipleResultsFound."""
        return self.one()[0]


class _Prepared:
    """The text of a statement, and how its values go in and its rows come out."""

    def __init__(self, statement: Any, keys: tuple[str, ...], dialect: Any) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=list(keys))
        if compiled.literal_execute_params or compiled.post_compile_params:
            raise TypeError("a statement whose text depends on its values cannot be compiled once")
        fixed = {column.key: _default(column) for column in compiled.insert_prefetch or ()}
        fixed |= {name: value for name, value in compiled.params.items() if name not in keys and name not in fixed}
        self.sql = str(compiled)
        self._plan: list[tuple[str | None, Callable[[Any], Any] | None, Any]] = []
        for name in compiled.positiontup or ():
            into = _into(compiled.binds[name].type, dialect)
            if name in keys:
                self._plan.append((name, into, None))
            else:
                value = fixed[name]
                self._plan.append((None, None, into(value) if into else value))
        columns = list(getattr(statement, "exported_columns", ()))
        self._out = [_out_of(column.type, dialect) for column in columns]
        names = [column.key for column in columns]
        self.only_reads = statement.is_select and statement._for_update_arg is None
        # What has no name of its own (a count, say) is read by its place.
        self._row: Any = namedtuple("Row", names, rename=True) if columns else None

    @property
    def returns_rows(self) -> bool:
        """Whether the statement is a query, or gives back what it wrote."""
        return self._row is not None

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values as the driver takes them. Raises KeyError for one that is missing."""
        return [
            value if name is None else into(given[name]) if into else given[name] for name, into, value in self._plan
        ]

    def rows(self, found: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """The driver's rows as the register reads them."""
        if self._row is None:
            return found
        return [
            self._row(*(out(value) if out else value for out, value in zip(self._out, row, strict=True)))
            for row in found
        ]


def _default(column: Any) -> Any:
    if not column.default.is_scalar:
        raise TypeError(f"{column.key} is filled by a function: give its value")
    return column.default.arg


def _into(kind: Any, dialect: Any) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _out_of(kind: Any, dialect: Any) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return process


@lru_cache(maxsize=1024)
def _prepared(statement: Any, keys: tuple[str, ...], dialect: Any) -> _Prepared:
    return _Prepared(statement, keys, dialect)


class Direct(Protocol):
    """The short way to the connection of a transaction. Statements must be constants: each is compiled once."""

    async def run(self, statement: Any, values: Mapping[str, Any]) -> Found:
        """Run a statement with its values by name. Raises the driver's own errors."""
        ...


class SqliteDirect:
    """On SQLite, in a transaction that has begun."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def run(self, statement: Any, values: Mapping[str, Any]) -> Found:
        """As the protocol says. Raises sqlite3.Error."""
        prepared = _prepared(statement, tuple(values), _SQLITE)
        rows, count = await self._connection.fetched(prepared.sql, prepared.values(values))
        return Found(prepared.rows(rows), count)


class PostgresDirect:
    """On PostgreSQL. SQLAlchemy's adapter begins a transaction at its first statement; here that is done for it, by its own
    method, so that its commit and rollback go for what runs here too.

    Without `begin`, a query begins no transaction: at READ COMMITTED each sees what is committed when it begins, inside a
    transaction or not, and BEGIN and ROLLBACK cost more than what stands between them. Whatever writes or locks begins one."""

    __slots__ = ("_adapter", "_begin", "_driver")

    def __init__(self, adapter: Any, driver: Any, *, begin: bool = True) -> None:
        self._adapter = adapter
        self._driver = driver
        self._begin = begin

    async def run(self, statement: Any, values: Mapping[str, Any]) -> Found:
        """As the protocol says. Raises asyncpg.PostgresError, asyncpg.InterfaceError."""
        prepared = _prepared(statement, tuple(values), _POSTGRESQL)
        if self._adapter._transaction is None and (self._begin or not prepared.only_reads):
            await self._adapter._start_transaction()
        if prepared.returns_rows:
            rows = await self._driver.fetch(prepared.sql, *prepared.values(values))
            return Found(prepared.rows(rows), len(rows))
        # "UPDATE 3", "INSERT 0 1"
        status = await self._driver.execute(prepared.sql, *prepared.values(values))
        return Found((), int(status.rpartition(" ")[2]))
