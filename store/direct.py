"""Statements that are asked for every message, on SQLite: compiled once, then run without SQLAlchemy's machinery.

SQLite runs a small statement in a few microseconds; what SQLAlchemy does around each (a greenlet, an execution context, a
cursor adapter, a result) takes some hundred. The statement stays an SQLAlchemy construct, and its types convert values in both
directions as ever; only the way from it to the driver is short. PostgreSQL goes the usual way: there the round trip costs more.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

from store.sqlite_driver import Connection

_DIALECT: Final[Any] = sqlite.dialect(paramstyle="qmark")


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

    def __init__(self, statement: Any, keys: tuple[str, ...]) -> None:
        compiled: SQLCompiler = statement.compile(dialect=_DIALECT, column_keys=list(keys))
        if compiled.literal_execute_params or compiled.post_compile_params:
            raise TypeError("a statement whose text depends on its values cannot be compiled once")
        fixed = {column.key: _default(column) for column in compiled.insert_prefetch or ()}
        fixed |= {name: value for name, value in compiled.params.items() if name not in keys and name not in fixed}
        self.sql = str(compiled)
        self._plan: list[tuple[str | None, Callable[[Any], Any] | None, Any]] = []
        for name in compiled.positiontup or ():
            into = _into(compiled.binds[name].type)
            if name in keys:
                self._plan.append((name, into, None))
            else:
                value = fixed[name]
                self._plan.append((None, None, into(value) if into else value))
        columns = list(getattr(statement, "exported_columns", ()))
        self._out = [_out_of(column.type) for column in columns]
        names = [column.key for column in columns]
        # What has no name of its own (a count, say) is read by its place.
        self._row: Any = namedtuple("Row", names, rename=True) if columns else None

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


def _into(kind: Any) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return process


def _out_of(kind: Any) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
    return process


@lru_cache(maxsize=512)
def _prepared(statement: Any, keys: tuple[str, ...]) -> _Prepared:
    return _Prepared(statement, keys)


class Direct:
    """The short way to the connection of a transaction that has begun. Statements must be constants: each is compiled once."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def run(self, statement: Any, values: Mapping[str, Any]) -> Found:
        """Run a statement with its values by name. Raises sqlite3.Error."""
        prepared = _prepared(statement, tuple(values))
        rows, count = await self._connection.fetched(prepared.sql, prepared.values(values))
        return Found(prepared.rows(rows), count)

    async def run_many(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each of some rows, which all have the same names. Raises sqlite3.Error."""
        for row in rows:
            await self.run(statement, row)
