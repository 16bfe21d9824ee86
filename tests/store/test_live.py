"""Live hints: who watches a conversation hears of it, in this process and in others; a Redis that is away delays nobody."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from store.live import ALL, Hint, Live
from store.redis_live import RedisLive


async def next_hint(watching: Any) -> Hint:
    async with asyncio.timeout(10):
        hint: Hint = await anext(watching)
        return hint


async def collected(watching: Any, *, seconds: float) -> list[Hint]:
    """What comes within so many seconds; nothing comes afterwards."""
    heard: list[Hint] = []

    async def listen() -> None:
        async for hint in watching:
            heard.append(hint)  # noqa: PERF401 (cut off in the middle, what was heard counts)

    with suppress(TimeoutError):
        await asyncio.wait_for(listen(), seconds)
    return heard


async def test_who_watches_hears_of_one_conversation_and_the_list_of_all() -> None:
    live = Live()
    one, every = live.watch(1), live.watch(ALL)
    assert await next_hint(one) == Hint(1)
    assert await next_hint(every) == Hint(ALL)
    await live.tell(Hint(2))
    await live.tell(Hint(1, "typing", "Anne L."))
    assert await next_hint(one) == Hint(1, "typing", "Anne L.")
    assert [(await next_hint(every)).conversation_id for _ in range(2)] == [2, 1]
    await one.aclose()
    assert live.watched == {ALL}
    await every.aclose()
    assert live.watched == frozenset()


async def test_hints_that_nobody_takes_are_few() -> None:
    live = Live()
    watching = live.watch(1)
    await next_hint(watching)
    for number in range(1000):
        await live.tell(Hint(1, "read", last=number))
    await live.tell(Hint(1))
    heard = await collected(watching, seconds=0.1)
    assert 1 <= len(heard) <= 16
    assert heard[-1] == Hint(1)


async def test_hints_cross_processes_by_redis_and_do_not_come_twice(redis_server: Any) -> None:
    here, there = RedisLive(redis_server.url), RedisLive(redis_server.url)
    listening = [asyncio.create_task(live.run()) for live in (here, there)]
    mine, theirs = here.watch(7), there.watch(7)
    assert await next_hint(mine) == await next_hint(theirs) == Hint(7)

    async def tell() -> None:
        # Until both have subscribed, a hint may be lost.
        for last in range(1, 20):
            await here.tell(Hint(7, "read", last=last))
            await asyncio.sleep(0.1)

    _, heard, own = await asyncio.gather(tell(), collected(theirs, seconds=4), collected(mine, seconds=4))
    lasts = [hint.last for hint in heard if hint.what == "read"]
    assert lasts == list(range(lasts[0], 20))
    assert [hint.last for hint in own if hint.what == "read"] == list(range(1, 20))
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await here.close()
    await there.close()


async def test_a_redis_that_is_away_keeps_nobody_waiting() -> None:
    live = RedisLive("redis://127.0.0.1:1/0")
    watching = live.watch(7)
    await next_hint(watching)
    async with asyncio.timeout(5):
        await live.tell(Hint(7, "read", last=3))
    assert await next_hint(watching) == Hint(7, "read", last=3)
    await live.close()
