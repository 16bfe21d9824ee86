"""Bringing the schema up to date: in one transaction, by one process at a time, never backwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

# The newest revision below migrations/versions; a test holds it to be that. A database which is there already needs no
# look at the migrations themselves, and alembic takes half a second to import.
HEAD: Final = "0043"
_LOCK = 7_140_021  # Any number that nothing else in this database locks.


class SchemaTooNewError(Exception):
    """The database was made by a newer version of Guichet; this one must not touch it."""


def script() -> ScriptDirectory:
    """The migrations that this version of the code brings."""
    from alembic.config import Config  # noqa: PLC0415 (see HEAD)
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (see HEAD)

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent / "migrations"))
    return ScriptDirectory.from_config(config)


def upgrade(connection: Connection) -> None:
    """Run what is missing inside the caller's transaction; killed half-way, nothing of it happened.

    On PostgreSQL at most 5 seconds are waited for a lock on any table. Raises SchemaTooNewError.
    """
    if connection.dialect.name == "postgresql":
        # Another process may be upgrading just now: waiting for it is right, so this lock has no time-out.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        # Nor has the change itself: a long one must not begin anew each time that a process starts.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    present = _present(connection)
    if present == {HEAD}:
        return
    _run(connection, present)


def _present(connection: Connection) -> set[str]:
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _run(connection: Connection, present: set[str]) -> None:
    from alembic.config import Config  # noqa: PLC0415 (see HEAD)
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415 (see HEAD)

    scripts = script()
    known = {revision.revision for revision in scripts.walk_revisions()}
    if present - known:
        raise SchemaTooNewError("the database was made by a newer version of guichet; install that version")
    config = Config()
    with EnvironmentContext(
        config, scripts, fn=lambda revision, _context: scripts._upgrade_revs("heads", revision)
    ) as env:
        env.configure(connection=connection, transactional_ddl=False)
        env.run_migrations()
