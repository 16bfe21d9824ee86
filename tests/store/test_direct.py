"""The short way of a statement gives what SQLAlchemy's own way gives, on both databases, in the same transaction."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

from channels.contract import StoreUnavailableError
from store import sql
from store.columns import Id, Moment
from store.database import Store, Tx
from store.direct import PostgresDirect, SqliteDirect

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(20), nullable=False),
    Column("at", Moment),
    Column("on", Date),
    Column("body", LargeBinary),
    Column("flags", JSON),
    Column("sealed", Boolean, nullable=False, default=False),
)
NOW = datetime(2026, 11, 26, 9, 30, 0, 123456, tzinfo=UTC)
ROW: dict[str, Any] = {"name": "Zoë", "at": NOW, "on": date(2026, 12, 4), "body": b"\0\xff", "flags": {"é": [1, None]}}
ALL = select(THINGS).order_by(THINGS.c.id)
BY_NAME = select(THINGS.c.id, THINGS.c.at).where(THINGS.c.name == bindparam("wanted")).limit(1)
COUNT = select(func.count()).select_from(THINGS)
RENAME = update(THINGS).where(THINGS.c.name == bindparam("old"))


@pytest.fixture
async def things(store: Store) -> Store:
    async with store.write() as tx:
        await tx.conn.run_sync(THINGS.create)
    return store


async def test_values_go_in_and_come_out_as_by_the_usual_way(things: Store) -> None:
    async with things.write() as tx:
        number = await sql.new_id(tx, THINGS, **ROW)
        direct = (await tx.run(ALL, {})).one()
        usual = (await tx.conn.execute(ALL)).one()
    assert direct._asdict() == usual._asdict() == {"id": number, **ROW, "sealed": False}
    assert direct.at.tzinfo is not None


async def test_empty_values_and_large_ones_are_kept(things: Store) -> None:
    large = bytes(range(256)) * 1000
    async with things.write() as tx:
        await sql.add(tx, THINGS, name="", at=None, on=None, body=large, flags=None)
    async with things.read() as tx:
        row = (await tx.run(ALL, {})).one()
    assert (row.name, row.at, row.on, row.body, row.flags) == ("", None, None, large, None)


async def test_what_results_offer(things: Store) -> None:
    async with things.write() as tx:
        await sql.add_all(tx, THINGS, [])
        assert (await tx.run(ALL, {})).one_or_none() is None
        assert (await tx.run(BY_NAME, {"wanted": "a"})).scalar() is None
        with pytest.raises(NoResultFound):
            (await tx.run(ALL, {})).one()
        await sql.add_all(tx, THINGS, [{"name": "a", "at": NOW}, {"name": "b", "at": None}])
        with pytest.raises(MultipleResultsFound):
            (await tx.run(ALL, {})).one_or_none()
        assert [row.name for row in (await tx.run(ALL, {})).all()] == ["a", "b"]
        assert (await tx.run(BY_NAME, {"wanted": "a"})).one().at == NOW
        assert (await tx.run(COUNT, {})).scalar_one() == 2
        assert (await tx.run(RENAME, {"old": "b", "name": "c"})).rowcount == 1
        assert (await tx.run(RENAME, {"old": "b", "name": "c"})).rowcount == 0


async def test_a_transaction_that_fails_leaves_nothing_of_its_direct_statements(things: Store) -> None:
    async def half() -> None:
        async with things.write() as tx:
            await sql.add(tx, THINGS, name="a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await half()
    async with things.read() as tx:
        assert (await tx.run(COUNT, {})).scalar_one() == 0


async def test_writers_and_readers_take_the_short_way(store: Store) -> None:
    async with store.write() as tx:
        assert isinstance(tx.direct, SqliteDirect if tx.is_sqlite else PostgresDirect)
    async with store.read() as tx:
        assert isinstance(tx.direct, SqliteDirect if tx.is_sqlite else PostgresDirect)


async def test_nothing_that_a_reader_writes_is_kept(things: Store) -> None:
    async with things.read() as tx:
        await tx.run(COUNT, {})
        await sql.add(tx, THINGS, name="a")
        assert (await tx.run(COUNT, {})).scalar_one() == 1
    async with things.read() as tx:
        assert (await tx.run(COUNT, {})).scalar_one() == 0


@pytest.mark.parametrize("way", ["direct", "usual"])
async def test_a_row_that_a_reader_locks_is_locked_until_it_ends(things: Store, way: str) -> None:
    if things.one_writer:
        # SQLite knows no locks on rows: nothing but its one writer writes.
        return
    async with things.write() as tx:
        await sql.add(tx, THINGS, name="a")
    locking, free = ALL.with_for_update(), ALL.with_for_update(skip_locked=True)
    async with things.read() as tx:
        assert len((await (tx.run(locking, {}) if way == "direct" else tx.conn.execute(locking))).all()) == 1
        async with things.write() as other:
            assert (await other.run(free, {})).all() == []
    async with things.write() as other:
        assert len((await other.run(free, {})).all()) == 1


@pytest.mark.parametrize("first", ["direct", "usual"])
async def test_both_ways_are_one_transaction_whichever_began_it(things: Store, first: str) -> None:
    async def add(tx: Tx, way: str) -> None:
        if way == "direct":
            await sql.add(tx, THINGS, name=way)
        else:
            await tx.conn.execute(THINGS.insert().values(name=way))

    ways = [first, "usual" if first == "direct" else "direct"]

    async def half() -> None:
        async with things.write() as tx:
            for way in ways:
                await add(tx, way)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await half()
    async with things.write() as tx:
        for way in ways:
            await add(tx, way)
        assert (await tx.conn.execute(COUNT)).scalar_one() == 2
    async with things.read() as tx:
        assert [row.name for row in (await tx.run(ALL, {})).all()] == ways


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_session_that_is_ended_is_a_store_that_cannot_be_reached_and_the_next_one_works(things: Store) -> None:
    async def ended() -> None:
        async with things.write() as tx:
            await sql.add(tx, THINGS, name="a")
            number = (await tx.conn.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with things.write() as other:
                await other.conn.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
            await asyncio.sleep(0.1)
            await sql.add(tx, THINGS, name="b")

    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            await ended()
    async with things.write() as tx:
        await sql.add(tx, THINGS, name="c")
    async with things.read() as tx:
        assert [row.name for row in (await tx.run(ALL, {})).all()] == ["c"]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_broken_rule_of_the_database_is_no_store_that_cannot_be_reached(things: Store) -> None:
    async def nameless() -> None:
        async with things.write() as tx:
            await sql.add(tx, THINGS, name=None)

    with pytest.raises(asyncpg.NotNullViolationError):
        await nameless()
    async with things.read() as tx:
        assert (await tx.run(COUNT, {})).scalar_one() == 0


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_disk_that_is_full_is_a_store_that_cannot_be_reached(things: Store) -> None:
    async def fill() -> None:
        async with things.write() as tx:
            pages = (await tx.conn.exec_driver_sql("PRAGMA page_count")).scalar()
            await tx.conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for number in range(2000):
                await sql.add(tx, THINGS, name=str(number), body=b"x" * 1000)

    with pytest.raises(StoreUnavailableError):
        await fill()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_statement_whose_text_depends_on_its_values_is_refused(things: Store) -> None:
    many = select(THINGS).where(THINGS.c.id.in_(bindparam("ids", expanding=True)))
    async with things.write() as tx:
        with pytest.raises(TypeError, match="compiled once"):
            await tx.run(many, {"ids": [1, 2]})


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_sessions_that_the_server_ended_are_not_handed_out_again(things: Store) -> None:
    async def number() -> int:
        async with things.write() as tx:
            return int((await tx.conn.execute(text("SELECT pg_backend_pid()"))).scalar_one())

    before = await asyncio.gather(*(number() for _ in range(8)))
    # All but the one that does it, as at a restart of the server; then that one too.
    for _ in range(2):
        async with things.write() as tx:
            await tx.conn.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await asyncio.sleep(0.2)
    after = await asyncio.gather(*(number() for _ in range(8)))
    assert len(set(after) - set(before)) >= len(set(after)) - 1


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_a_single_statement_commits_by_itself_and_leaves_the_session_as_it_was(things: Store) -> None:
    for round_ in range(20):
        async with things.statement() as tx:
            await sql.add(tx, THINGS, name=str(round_))
            async with things.read() as other:
                assert (await other.run(COUNT, {})).scalar_one() == round_ + 1
    # A transaction on the same session is one again.
    with pytest.raises(RuntimeError):
        await _half(things)
    async with things.read() as tx:
        assert (await tx.run(COUNT, {})).scalar_one() == 20


async def _half(things: Store) -> None:
    async with things.write() as tx:
        await sql.add(tx, THINGS, name="half")
        raise RuntimeError
