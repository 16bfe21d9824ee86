"""Bringing the schema up to date: in one transaction, by one process at a time, never backwards."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_LOCK = 7_140_021  # Any number that nothing else in this database locks.


class SchemaTooNewError(Exception):
    """The database was made by a newer version of Guichet; this one must not touch it."""


def script() -> ScriptDirectory:
    """The migrations that this version of the code brings."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent / "migrations"))
    return ScriptDirectory.from_config(config)


def upgrade(connection: Connection) -> None:
    """Run what is missing inside the caller's transaction; killed half-way, nothing of it happened.

    On PostgreSQL at most 5 seconds are waited for a lock on any table. Raises SchemaTooNewError.
    """
    scripts = script()
    if connection.dialect.name == "postgresql":
        # Another process may be upgrading just now: waiting for it is right, so this lock has no time-out.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        # Nor has the change itself: a long one must not begin anew each time that a process starts.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    known = {revision.revision for revision in scripts.walk_revisions()}
    present = MigrationContext.configure(connection).get_current_heads()
    if set(present) - known:
        raise SchemaTooNewError("the database was made by a newer version of guichet; install that version")
    if set(present) == set(scripts.get_heads()):
        return
    config = Config()
    with EnvironmentContext(
        config, scripts, fn=lambda revision, _context: scripts._upgrade_revs("heads", revision)
    ) as env:
        env.configure(connection=connection, transactional_ddl=False)
        env.run_migrations()
