"""The chain of the audit: every entry gets one link, in whatever order it is committed, and no single change goes unseen (L4)."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from store import audit, audit_chain, schema
from store.audit_chain import BEGINNING, digest_of
from store.database import Store
from store.files import FileStore
from tests.store.conftest import asynchronous

NOW = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)


async def written(store: Store, count: int, *, act: str = "case.note") -> None:
    """So many entries, in one transaction."""
    async with store.write() as tx:
        for number in range(count):
            await audit.write(tx, actor="user:1", act=act, at=NOW + timedelta(seconds=number), detail={"n": number})


async def chained(store: Store) -> None:
    while await audit_chain.extend(store):
        continue


async def linked(store: Store) -> list[int]:
    """The numbers of the entries that have a link, in the order of the chain."""
    async with store.read() as tx:
        query = select(schema.audit_chain.c.audit_id).order_by(schema.audit_chain.c.position)
        return list((await tx.conn.execute(query)).scalars())


async def follows(store: Store) -> bool:
    """Whether every link follows the one before it and says what its entry says."""
    digest, position = BEGINNING, 0
    async with store.read() as tx:
        for link in await audit_chain.walk(tx, after=0, most=100_000):
            if link.entry is None or link.position != position + 1:
                return False
            digest, position = digest_of(digest, link.entry), link.position
            if link.digest != digest:
                return False
    return True


async def test_each_entry_gets_one_link_that_holds_the_one_before(store: Store) -> None:
    await written(store, 3)
    async with store.read() as tx:
        assert await audit_chain.end(tx) == audit_chain.End(0, bytes(32))
        assert await audit_chain.waits(tx)
    assert await audit_chain.extend(store) == 3
    assert await audit_chain.extend(store) == 0
    await written(store, 1)
    await chained(store)
    assert len(await linked(store)) == len(set(await linked(store))) == 4
    assert await follows(store)
    async with store.read() as tx:
        assert not await audit_chain.waits(tx)


async def test_the_digest_is_the_same_on_both_databases_and_can_be_made_by_hand(store: Store) -> None:
    async with store.write() as tx:
        await audit.write(tx, actor="user:7", act="case.note", at=NOW, detail={"what": "é"})
    await chained(store)
    entry = b'i1;t26:2026-11-24 09:00:00.123456t6:user:7t9:case.note-t18:{"what": "\\u00e9"}'
    async with store.read() as tx:
        assert (await audit_chain.end(tx)).digest == sha256(bytes(32) + entry).digest()


async def test_many_entries_are_linked_in_parts_between_which_others_write(store: Store) -> None:
    await written(store, 1_250)
    assert await audit_chain.extend(store) == 500
    await written(store, 1, act="case.taken")
    await chained(store)
    assert len(await linked(store)) == 1_251
    assert await follows(store)


async def test_an_act_that_is_undone_leaves_nothing_to_link(store: Store) -> None:
    async with store.write() as tx:
        await audit.write(tx, actor="system", act="case.note", at=NOW)
        await tx.conn.rollback()
    await chained(store)
    assert await linked(store) == []


async def test_a_process_that_dies_between_entry_and_link_leaves_the_entry_to_be_linked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DiedError(Exception):
        pass

    def die(*_: Any) -> None:
        raise DiedError

    await written(store, 2)
    with monkeypatch.context() as broken:
        broken.setattr(audit_chain, "_links", die)
        with pytest.raises(DiedError):
            await audit_chain.extend(store)
    assert await linked(store) == []
    await chained(store)
    assert await linked(store) == [1, 2]


async def test_the_chain_only_grows(store: Store) -> None:
    await written(store, 2)
    await chained(store)
    for statement in ("UPDATE audit_chain SET position = 9", "DELETE FROM audit_chain"):
        with pytest.raises(DBAPIError, match="append only"):
            async with store.write() as tx:
                await tx.conn.execute(text(statement))


def test_what_is_chained_is_every_column_of_an_entry() -> None:
    """A column that is added must be in the digest of the entries that have it, and the links made before must still fit."""
    assert [column.name for column in schema.audit.columns] == ["id", "at", "actor", "act", "case_id", "detail"]


@pytest.mark.servers
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_an_entry_that_is_committed_late_is_linked_late(store: Store) -> None:
    async with store.write() as slow:
        await audit.write(slow, actor="user:1", act="case.note", at=NOW)
        await written(store, 2)
        await chained(store)
        assert await linked(store) == [2, 3]
    await chained(store)
    assert await linked(store) == [2, 3, 1]
    assert await follows(store)


def _extend_until_all_are_linked(url: str, folder: str, wanted: int, ready: Any, go: Any) -> None:
    async def work() -> None:
        opened = Store(url, FileStore(Path(folder)), unsafe_ok=True)
        await opened.open()
        ready.release()
        go.wait(60)
        while True:
            await audit_chain.extend(opened)
            async with opened.read() as tx:
                if (await audit_chain.end(tx)).position >= wanted:
                    break
        await opened.close()

    asyncio.run(work())


@pytest.mark.servers
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_processes_that_extend_at_once_make_one_chain(store: Store, tmp_path: Path) -> None:
    await written(store, 3_000)
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    arguments = (store.url, str(tmp_path / "files"), 4_000, ready, go)
    processes = [context.Process(target=_extend_until_all_are_linked, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for _ in processes:
        assert await asyncio.to_thread(ready.acquire, True, 60)
    go.set()
    for _ in range(100):
        await written(store, 10)
    for process in processes:
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == 0
    assert sorted(await linked(store)) == list(range(1, 4_001))
    assert await follows(store)


@pytest.fixture(scope="module")
def one_entry(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[sqlite3.Connection]:
    """A chained audit of one entry without its triggers, as somebody with the database makes it."""
    path = tmp_path_factory.mktemp("one") / "guichet.db"
    path.write_bytes(sqlite_template.read_bytes())

    async def fill() -> None:
        opened = Store(f"sqlite+aiosqlite:///{path}", FileStore(path.parent / "files"))
        async with opened.write() as tx:
            await audit.write(tx, actor="user:1", act="case.note", at=NOW, detail={"n": 1, "to": "mediation"})
        await chained(opened)
        await opened.close()

    asyncio.run(fill())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        yield connection


_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.binary(max_size=40),
    st.datetimes().map(str),
    st.sampled_from(
        ["user:1", "user:10", "case.note", '{"n": 1, "to": "mediation"}', '{"n":1, "to": "mediation"}', "1"]
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=st.sampled_from(["id", "at", "actor", "act", "case_id", "detail"]), value=_VALUES)
def test_any_single_change_of_any_column_changes_the_digest(
    one_entry: sqlite3.Connection, column: str, value: Any
) -> None:
    entry = str(audit_chain._columns(is_sqlite=True))
    ask = f"SELECT {entry} FROM audit"
    (kept,) = one_entry.execute("SELECT digest FROM audit_chain").fetchone()
    plain = f"SELECT typeof({column}), CAST({column} AS BLOB) FROM audit"
    before = one_entry.execute(plain).fetchone()
    one_entry.execute("BEGIN")
    try:
        try:
            if isinstance(value, str):
                # As bytes, so that halves of surrogate pairs and the like get there, too.
                sql = f"UPDATE OR IGNORE audit SET {column} = CAST(? AS TEXT)"
                one_entry.execute(sql, (value.encode("utf-8", "surrogatepass"),))
            else:
                one_entry.execute(f"UPDATE OR IGNORE audit SET {column} = ?", (value,))
        except sqlite3.IntegrityError:
            return
        changed = one_entry.execute(plain).fetchone() != before
        found = digest_of(BEGINNING, one_entry.execute(ask).fetchone())
        assert (found == kept) is not changed
    finally:
        one_entry.execute("ROLLBACK")


_POSTGRESQL_CHANGES: list[tuple[str, str]] = [
    ("id", "id + 1"),
    ("at", "at + interval '1 microsecond'"),
    ("at", "'infinity'"),
    ("at", "'-infinity'"),
    ("at", "(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00 BC')::timestamptz"),
    ("at", "at + interval '8000 years'"),
    ("actor", "'user:2'"),
    ("actor", "actor || ' '"),
    ("act", "'case.notes'"),
    ("act", "upper(act)"),
    ("case_id", "1"),
    ("case_id", "0"),
    ("detail", "'{}'"),
    ("detail", """'{"n": 0.0}'"""),
    ("detail", """'{"n":0}'"""),
    ("detail", """'{"n": 1, "n": 0}'"""),
]


@pytest.mark.servers
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_any_single_change_is_seen_on_postgresql_too(store: Store) -> None:
    await written(store, 1)
    await chained(store)
    assert await follows(store)
    for column, value in _POSTGRESQL_CHANGES:
        async with store.write() as tx:
            await tx.conn.execute(text("SET LOCAL session_replication_role = replica"))
            for name in ("audit", "audit_chain"):
                await tx.conn.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER ALL"))
            await tx.conn.exec_driver_sql(f"UPDATE audit SET {column} = {value}")
            (link,) = await audit_chain.walk(tx, after=0, most=10)
            assert link.entry is None or digest_of(BEGINNING, link.entry) != link.digest, (column, value)
            await tx.conn.rollback()
    assert await follows(store)


def test_two_entries_are_never_written_alike() -> None:
    """What moves from one column to the next changes the digest; so does a text that looks like a number, or like nothing."""
    alike: list[tuple[Any, ...]] = [
        *((1, b"ab", b"c"), (1, b"a", b"bc"), (1, b"abc", b""), (1, b"", b"abc")),
        *(
            (1, None, b"c"),
            (1, b"-", b"c"),
            (1, "-", b"c"),
            (1, b"i1;", b"c"),
            (11, b"", b"c"),
            (1, 1, b"c"),
            (1, b"1", b"c"),
        ),
    ]
    assert len({digest_of(BEGINNING, entry) for entry in alike}) == len(alike)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def test_the_entries_of_an_earlier_version_wait_for_their_links_after_the_upgrade(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        url = asynchronous(request.getfixturevalue("postgres_server").create_database())
    opened = Store(url, FileStore(tmp_path / "files"), unsafe_ok=True)
    with monkeypatch.context() as earlier:
        earlier.setattr("store.migrate.HEAD", "0034")
        _until(earlier, "0034")
        await opened.open()
    await written(opened, 700)
    await opened.open()
    await chained(opened)
    assert await linked(opened) == list(range(1, 701))
    assert await follows(opened)
    await opened.close()


def _until(monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    """Migrations end at a revision, as in the version that brought it."""
    real: Callable[..., Any] = ScriptDirectory._upgrade_revs
    monkeypatch.setattr(ScriptDirectory, "_upgrade_revs", lambda self, _heads, present: real(self, revision, present))
