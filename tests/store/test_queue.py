"""Both queues keep the same contract; the one in Redis also outlives everything that can happen to Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from store.queue import LocalQueue, Queue
from store.redis_queue import RedisQueue

RECLAIM = 0.3


@pytest.fixture
def redis(redis_server: Any) -> Any:
    """An empty Redis that runs."""
    client = Redis.from_url(redis_server.url)
    client.flushall()
    client.close()
    return redis_server


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.servers)])
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[Queue]:
    """One queue of each kind."""
    if request.param == "local":
        made: Queue = LocalQueue()
    else:
        made = RedisQueue(request.getfixturevalue("redis").url, "test", "one", reclaim_seconds=RECLAIM)
    yield made
    await made.close()


async def ids(queue: Queue, limit: int = 100, timeout: float = 0.2) -> list[int]:  # noqa: ASYNC109 (handed on)
    tickets = await queue.take(limit=limit, timeout=timeout)
    await queue.done(tickets)
    return [ticket.item_id for ticket in tickets]


async def test_hints_come_in_the_order_in_which_they_were_put(queue: Queue) -> None:
    for number in (5, 3, 9):
        await queue.put(number)
    assert await ids(queue) == [5, 3, 9]


async def test_a_hint_that_was_followed_does_not_come_again(queue: Queue) -> None:
    await queue.put(1)
    assert await ids(queue) == [1]
    await asyncio.sleep(RECLAIM + 0.1)
    assert await ids(queue) == []


async def test_no_more_than_wanted_are_given(queue: Queue) -> None:
    for number in range(5):
        await queue.put(number)
    assert await ids(queue, limit=2) == [0, 1]
    assert await ids(queue, limit=2) == [2, 3]
    assert await ids(queue, limit=2) == [4]


async def test_waiting_ends_after_the_time_given(queue: Queue) -> None:
    began = time.monotonic()
    assert await ids(queue, timeout=0.3) == []
    assert 0.25 < time.monotonic() - began < 2


async def test_somebody_who_waits_is_woken(queue: Queue) -> None:
    waiting = asyncio.create_task(ids(queue, timeout=20))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await queue.put(7)
    assert await waiting == [7]
    assert time.monotonic() - began < 2


async def test_a_wait_that_is_given_up_does_no_harm(queue: Queue) -> None:
    for _ in range(3):
        waiting = asyncio.create_task(queue.take(limit=1, timeout=20))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await queue.put(1)
    assert await ids(queue, timeout=2) == [1]


@pytest.mark.servers
class TestRedis:
    """What only several processes need."""

    @pytest.fixture
    async def pair(self, redis: Any) -> AsyncIterator[tuple[RedisQueue, RedisQueue]]:
        """Two workers on one stream."""
        both = tuple(RedisQueue(redis.url, "test", name, reclaim_seconds=RECLAIM) for name in ("one", "two"))
        yield both[0], both[1]
        for one in both:
            await one.close()

    async def test_two_workers_share_the_hints(self, pair: tuple[RedisQueue, RedisQueue]) -> None:
        for number in range(20):
            await pair[0].put(number)
        found = [await ids(pair[turn % 2], limit=3) for turn in range(8)]
        assert sorted(number for batch in found for number in batch) == list(range(20))
        assert all(found[:6])

    async def test_what_a_dead_worker_held_is_taken_over(self, pair: tuple[RedisQueue, RedisQueue]) -> None:
        dead, alive = pair
        for number in range(30):
            await dead.put(number)
        held = await dead.take(limit=30, timeout=1)
        assert len(held) == 30
        assert await ids(alive, timeout=0.05) == []
        await asyncio.sleep(RECLAIM + 0.1)
        found: list[int] = []
        while batch := await ids(alive, limit=7, timeout=0.05):
            found += batch
        assert sorted(found) == list(range(30))

    async def test_after_everything_was_flushed_it_works_again(self, redis: Any, queue_one: RedisQueue) -> None:
        await queue_one.put(1)
        assert await ids(queue_one) == [1]
        client = Redis.from_url(redis.url)
        client.flushall()
        client.close()
        until = time.monotonic() + 5
        found: list[int] = []
        while not found and time.monotonic() < until:
            await queue_one.put(2)
            found = await ids(queue_one)
        assert found
        assert set(found) == {2}

    async def test_hints_flushed_while_in_hand_do_no_harm(self, redis: Any, queue_one: RedisQueue) -> None:
        await queue_one.put(1)
        tickets = await queue_one.take(limit=1, timeout=1)
        client = Redis.from_url(redis.url)
        client.flushall()
        client.close()
        await queue_one.done(tickets)
        assert await ids(queue_one) == []

    async def test_without_redis_nothing_raises_and_nothing_hangs(self, redis: Any, queue_one: RedisQueue) -> None:
        await queue_one.put(1)
        held = await queue_one.take(limit=1, timeout=1)
        redis.stop()
        try:
            began = time.monotonic()
            await queue_one.put(2)
            await queue_one.done(held)
            assert await queue_one.take(limit=1, timeout=30) == []
            assert time.monotonic() - began < 5
        finally:
            redis.start()
        until = time.monotonic() + 10
        found: list[int] = []
        while not found and time.monotonic() < until:
            await queue_one.put(3)
            found = await ids(queue_one)
        assert set(found) == {3}

    async def test_a_worker_that_waits_notices_that_redis_went_away(self, redis: Any, queue_one: RedisQueue) -> None:
        waiting = asyncio.create_task(queue_one.take(limit=1, timeout=25))
        await asyncio.sleep(0.2)
        redis.stop()
        try:
            assert await asyncio.wait_for(waiting, 5) == []
        finally:
            redis.start()

    async def test_entries_that_are_no_hints_are_passed_over(self, redis: Any, queue_one: RedisQueue) -> None:
        client = Redis.from_url(redis.url)
        client.xadd("guichet:test", {"something": "else"})
        client.xadd("guichet:test", {"id": "not a number"})
        client.close()
        await queue_one.put(4)
        assert 4 in await ids(queue_one) + await ids(queue_one)

    @pytest.fixture
    async def queue_one(self, redis: Any) -> AsyncIterator[RedisQueue]:
        """One worker."""
        made = RedisQueue(redis.url, "test", "one", reclaim_seconds=RECLAIM)
        yield made
        await made.close()
