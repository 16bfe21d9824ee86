"""Automatic mail to one domain is counted by the minute, for all workers together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from store import domain_rates, schema
from store.database import Store

NOW = datetime(2026, 11, 26, 9, 30, 15, tzinfo=UTC)


async def test_so_many_a_minute_and_no_more(store: Store) -> None:
    async with store.write() as tx:
        taken = [await domain_rates.take(tx, "crowd.example", most=3, now=NOW) for _ in range(5)]
        assert taken == [True, True, True, False, False]
        assert await domain_rates.take(tx, "other.example", most=3, now=NOW)
        assert await domain_rates.take(tx, "crowd.example", most=3, now=NOW + timedelta(minutes=1))


async def test_several_workers_share_one_count(store: Store) -> None:
    async def worker() -> int:
        taken = 0
        for _ in range(10):
            async with store.write() as tx:
                taken += await domain_rates.take(tx, "crowd.example", most=12, now=NOW)
        return taken

    assert sum(await asyncio.gather(*(worker() for _ in range(4)))) == 12


async def test_what_was_not_committed_was_not_counted(store: Store) -> None:
    async def died() -> None:
        async with store.write() as tx:
            await domain_rates.take(tx, "crowd.example", most=1, now=NOW)
            raise RuntimeError

    await asyncio.gather(died(), return_exceptions=True)
    async with store.write() as tx:
        assert await domain_rates.take(tx, "crowd.example", most=1, now=NOW)


async def test_minutes_that_are_over_are_forgotten(store: Store) -> None:
    async with store.write() as tx:
        await domain_rates.take(tx, "crowd.example", most=1, now=NOW)
        await domain_rates.forget_old(tx, now=NOW + timedelta(minutes=4))
        assert not await domain_rates.take(tx, "crowd.example", most=1, now=NOW)
        await domain_rates.forget_old(tx, now=NOW + timedelta(hours=1))
        assert (await tx.conn.execute(select(func.count()).select_from(schema.domain_rates))).scalar() == 0
