"""A house on PostgreSQL whose role cannot change its audit, made as the page for operators says (L4)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from config.settings import load
from gateway.audit_check import checked
from gateway.chaining import Chaining, catch_up, keep_head
from gateway.clock import Clock
from gateway.house import House, build
from store import audit, audit_chain, cases
from tests.servers.postgres import PostgresServer
from tests.store.conftest import postgres_template
from tests.store.registered import case

__all__ = ["postgres_template"]
pytestmark = pytest.mark.servers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def granted() -> str:
    """The statements of the page."""
    (found,) = re.findall(r"```sql\n(CREATE ROLE guichet .+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


@pytest.fixture
async def owner(postgres_server: PostgresServer, postgres_template: str) -> AsyncIterator[Any]:
    """The owner of the tables, in a database in which the role has its rights."""
    connection = await asyncpg.connect(postgres_server.create_database(like=postgres_template))
    await connection.execute(granted())
    yield connection
    await connection.execute("DROP OWNED BY guichet")
    await connection.execute("DROP ROLE guichet")
    await connection.close()


@pytest.fixture
async def house(owner: Any, postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[House]:
    """A house that runs as the role."""
    name = await owner.fetchval("SELECT current_database()")
    url = postgres_server.url(name).replace("app@", "guichet@")
    made = build(load(data=tmp_path, database_url=url, redis_url="", allow_unsafe_database=True), name="test")
    await made.store.open()
    yield made
    await made.close()


async def test_the_house_works_and_its_audit_is_written_chained_and_verified(house: House) -> None:
    now = house.now()
    await keep_head(house)
    async with house.store.write() as tx:
        number = await case(tx, now=now)
        await cases.add_deadlines(tx, number, [("mediation_result", date(2020, 1, 1), "rule")], running=True)
        await audit.write(tx, actor="user:1", act="case.note", at=now, case_id=number)
    await Clock(house).tick(now)
    loop = Chaining(house)
    loop.stop()
    await loop.run()
    async with house.store.read() as tx:
        assert [one.act for one in await audit.of_case(tx, number)][-2:] == ["case.note", "clock.missed"]
        assert (await audit_chain.end(tx)).position >= 2
    assert (await checked(house, now=now)).differences == ()


@pytest.mark.parametrize("table", ["audit", "audit_chain"])
async def test_it_can_change_nothing_of_the_audit_even_where_the_triggers_are_off(
    house: House, owner: Any, table: str
) -> None:
    async with house.store.write() as tx:
        await audit.write(tx, actor="user:1", act="case.note", at=house.now())
    await catch_up(house.store)
    await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    column = "actor" if table == "audit" else "digest"
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"DROP TABLE {table} CASCADE",
        "UPDATE alembic_version SET version_num = '0001'",
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            async with house.store.write() as tx:
                await tx.conn.execute(text(statement))
    async with house.store.write() as tx:
        await audit.write(tx, actor="user:1", act="case.note", at=house.now())
    # With the trigger that notes it off, the entry would wait for good; the owner alone can turn it off.
    assert await owner.fetchval("SELECT count(*) FROM audit") == 2
