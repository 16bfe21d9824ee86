"""The migrations give exactly the tables that the code describes, on both databases, and never go backwards."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from store import audit, migrate
from store.database import Store, UnsafeDatabaseError
from store.files import FileLostError, FileStore
from store.schema import metadata


async def test_migrations_and_schema_agree(store: Store) -> None:
    def differences(connection: object) -> list[object]:
        context = MigrationContext.configure(
            connection,  # type: ignore[arg-type]  # run_sync gives a Connection; alembic's stub wants it named so
            opts={"include_name": lambda name, kind, _: not (kind == "table" and str(name).startswith("case_search"))},
        )
        return list(compare_metadata(context, metadata))

    async with store.write() as tx:
        assert await tx.conn.run_sync(differences) == []


def test_the_head_is_the_newest_migration() -> None:
    assert migrate.script().get_heads() == [migrate.HEAD]


async def test_a_newer_schema_is_refused(store: Store) -> None:
    async with store.write() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaTooNewError):
        await store.open()


async def test_a_migration_that_dies_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Store(f"sqlite+aiosqlite:///{tmp_path / 'g.db'}", FileStore(tmp_path / "files"))
    monkeypatch.setattr("alembic.op.get_bind", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await opened.open()
    async with opened.read() as tx:
        assert (await tx.conn.execute(text("SELECT count(*) FROM sqlite_master"))).scalar() == 0
    monkeypatch.undo()
    await opened.open()
    await opened.close()


_DIES_HALF_WAY = """
import asyncio, sys, time
from pathlib import Path
from alembic import op
from store.database import Store
from store.files import FileStore

def half_way():
    print("half", flush=True)
    time.sleep(60)

op.get_bind = half_way
asyncio.run(Store(sys.argv[1], FileStore(Path(sys.argv[2])), unsafe_ok=True).open())
"""


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def test_a_migration_that_is_killed_half_way_did_not_happen(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'g.db'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database().replace("postgresql", "postgresql+asyncpg")
    words = [sys.executable, "-c", _DIES_HALF_WAY, url, str(tmp_path / "files")]
    migrating = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert migrating.stdout is not None
    assert await migrating.stdout.readline() == b"half\n"
    migrating.kill()
    await migrating.wait()
    opened = Store(url, FileStore(tmp_path / "files"), unsafe_ok=True)
    async with opened.read() as tx:
        assert await tx.conn.run_sync(lambda connection: inspect(connection).get_table_names()) == []
    await opened.open()
    async with opened.read() as tx:
        assert set(metadata.tables) <= set(await tx.conn.run_sync(lambda conn: inspect(conn).get_table_names()))
    await opened.close()


async def test_the_audit_only_grows(store: Store) -> None:
    async with store.write() as tx:
        await audit.write(tx, actor="system", act="case.opened", at=datetime(2026, 11, 24, tzinfo=UTC))
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append only"):
            async with store.write() as tx:
                await tx.conn.execute(text(statement))


@pytest.mark.servers
async def test_a_postgresql_that_may_lose_commits_is_refused(postgres_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = postgres_server.create_database().replace("postgresql://", "postgresql+asyncpg://")
    opened = Store(url, FileStore(tmp_path / "files"))
    with pytest.raises(UnsafeDatabaseError, match="fsync"):
        await opened.open()
    await opened.close()


def test_files_are_held_against_their_name(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    name = files.write(b"attestation")
    assert files.read(name) == b"attestation"
    (tmp_path / name[:2] / name).write_bytes(b"changed")
    with pytest.raises(FileLostError):
        files.read(name)
    with pytest.raises(FileLostError):
        files.read("../../etc/passwd")
