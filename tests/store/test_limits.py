"""Limits in Redis behave as those in memory; without Redis, each process keeps its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from channels.web.limits import Limiter, MemoryLimiter
from store.limits import RedisLimits


@pytest.fixture
def redis(redis_server: Any) -> Any:
    """An empty Redis that runs."""
    client = Redis.from_url(redis_server.url)
    client.flushall()
    client.close()
    return redis_server


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[Limiter]:
    """Both kinds, empty."""
    if request.param == "memory":
        yield MemoryLimiter()
        return
    # The fallback would allow everything: a test that passes by it fails below.
    made = RedisLimits(request.getfixturevalue("redis").url, MemoryLimiter())
    yield made
    await made.close()


async def takes(limiter: Limiter, times: int, key: str = "a", scope: str = "s", **limits: int) -> list[int]:
    wanted = {"rate": 1, "burst": 3, "per_day": 0} | limits
    return [await limiter.take(scope, key, **wanted) for _ in range(times)]


async def test_a_burst_is_allowed_then_there_is_a_wait(limiter: Limiter) -> None:
    found = await takes(limiter, 4)
    assert found[:3] == [0, 0, 0]
    assert 55 <= found[3] <= 60


async def test_a_refused_act_is_not_counted(limiter: Limiter) -> None:
    found = await takes(limiter, 30)
    assert 55 <= found[-1] <= 60


async def test_senders_and_scopes_are_apart(limiter: Limiter) -> None:
    await takes(limiter, 4)
    assert await takes(limiter, 1, key="b") == [0]
    assert await takes(limiter, 1, scope="t") == [0]


async def test_tokens_come_back_with_time(limiter: Limiter) -> None:
    assert await takes(limiter, 2, rate=120, burst=1) == [0, 1]
    await asyncio.sleep(0.6)
    assert await takes(limiter, 1, rate=120, burst=1) == [0]


async def test_a_day_has_its_own_limit(limiter: Limiter) -> None:
    found = await takes(limiter, 7, rate=6000, burst=100, per_day=5)
    assert found[:5] == [0] * 5
    assert all(86_000 < wait <= 86_400 for wait in found[5:])


async def test_parallel_acts_share_one_burst(limiter: Limiter) -> None:
    found = await asyncio.gather(*(limiter.take("s", "a", rate=1, burst=10, per_day=0) for _ in range(50)))
    assert found.count(0) == 10


async def test_odd_names_of_senders_are_only_names(limiter: Limiter) -> None:
    for key in ("", "a b", "é:\n", "2001:db8::/64", "x" * 5000):
        assert await takes(limiter, 1, key=key) == [0]


@pytest.mark.servers
async def test_two_processes_share_what_is_in_redis(redis: Any) -> None:
    both = [RedisLimits(redis.url, MemoryLimiter()) for _ in range(2)]
    found = [await one.take("s", "a", rate=1, burst=3, per_day=0) for one in both * 2]
    assert found[:3] == [0, 0, 0]
    assert found[3] > 0
    for one in both:
        await one.close()


@pytest.mark.servers
async def test_without_redis_the_own_limits_hold(redis: Any) -> None:
    made = RedisLimits(redis.url, MemoryLimiter())
    assert await takes(made, 3) == [0, 0, 0]
    redis.stop()
    try:
        found = await takes(made, 4)
        assert found[:3] == [0, 0, 0]
        assert found[3] > 0
    finally:
        redis.start()
    assert await takes(made, 1) == [0]
    await made.close()


async def test_the_last_minute_is_counted_for_everybody_together(limiter: Limiter) -> None:
    assert await limiter.last_minute("s") == 0
    found = [await limiter.last_minute("s", add=1) for _ in range(5)]
    # Where the minute of the clock ends among them, what came before counts a little less.
    assert found[-1] == pytest.approx(5, abs=0.5)
    assert await limiter.last_minute("s") == pytest.approx(5, abs=0.5)
    assert await limiter.last_minute("t") == 0


async def test_what_is_over_a_minute_old_fades() -> None:
    at = [600.0]
    limiter = MemoryLimiter(clock=lambda: at[0])
    assert await limiter.last_minute("s", add=100) == 100
    at[0] += 59
    assert await limiter.last_minute("s") == 100
    at[0] += 31
    assert await limiter.last_minute("s", add=10) == 60
    at[0] += 30
    assert await limiter.last_minute("s") == 10
    at[0] += 120
    assert await limiter.last_minute("s") == 0


@pytest.mark.servers
async def test_two_processes_count_one_minute(redis: Any) -> None:
    both = [RedisLimits(redis.url, MemoryLimiter()) for _ in range(2)]
    found = [await one.last_minute("s", add=1) for one in both * 3]
    assert found[-1] == pytest.approx(6, abs=0.5)
    for one in both:
        await one.close()
