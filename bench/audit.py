"""The chain of the audit: entries linked and verified in a second, beside merely reading the same rows in the same way."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy import text

from bench.report import table
from gateway.audit_check import verify
from gateway.chaining import catch_up
from store import audit_chain
from store.database import Store
from store.files import FileStore
from tests.servers import process
from tests.servers.postgres import PostgresServer

ENTRIES = 100_000
_AT_ONCE = 2_000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name, process.short_folder("pg") as servers:
        folder = Path(name)
        server = PostgresServer(servers)
        server.initialise()
        server.start()
        try:
            rows = [
                asyncio.run(_measure("SQLite", f"sqlite+aiosqlite:///{folder / 'guichet.db'}", folder)),
                asyncio.run(_measure("PostgreSQL", server.create_database().replace("://", "+asyncpg://"), folder)),
            ]
        finally:
            server.stop()
    head = ("", "linked", "verified", "merely read", "verified / read", "head of the chain in")
    table(f"The audit's chain, {ENTRIES} entries, one core", head, rows)


async def _measure(name: str, url: str, folder: Path) -> tuple[str, ...]:
    store = Store(url, FileStore(folder / "files"), unsafe_ok=True)
    await store.open()
    await _fill(store)
    linking = await _seconds(lambda: catch_up(store))
    # The first reading warms what the database keeps in memory, for both.
    await _read(store)
    reading = await _seconds(lambda: _read(store))
    verifying = await _seconds(lambda: _verify(store, folder))
    ending = await _seconds(lambda: _end(store))
    await store.close()
    rates = (f"{ENTRIES / seconds:,.0f} /s" for seconds in (linking, verifying, reading))
    return (name, *rates, f"{verifying / reading:.1f}", f"{ending * 1000:.1f} ms")


async def _fill(store: Store) -> None:
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ENTRIES})"
    if store.one_writer:
        async with store.write() as tx:
            await tx.conn.execute(
                text(
                    f"{numbers} INSERT INTO audit (at, actor, act, detail) "
                    "SELECT '2026-11-24 09:00:00.000000', 'user:' || (i % 50), 'case.note', '{\"number\": ' || i || '}' FROM n"
                )
            )
        return
    connection = await asyncpg.connect(store.url.replace("+asyncpg", ""))
    await connection.execute(
        f"{numbers} INSERT INTO audit (at, actor, act, detail) "
        "SELECT now(), 'user:' || (i % 50), 'case.note', json_build_object('number', i) FROM n"
    )
    await connection.close()


async def _read(store: Store) -> None:
    after = 0
    while True:
        async with store.read() as tx:
            links = await audit_chain.walk(tx, after=after, most=_AT_ONCE)
        if not links:
            return
        after = links[-1].position


async def _verify(store: Store, folder: Path) -> None:
    found = await verify(store, folder, now=datetime.now(UTC))
    assert found.end.position == ENTRIES


async def _end(store: Store) -> None:
    async with store.read() as tx:
        await audit_chain.end(tx)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
