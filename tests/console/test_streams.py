"""A stream whose reader has gone to sleep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

from console.streams import Streams
from store.live import ALL, Hint


async def test_who_does_not_read_has_few_hints_waiting() -> None:
    async def watch(talk_id: int) -> AsyncIterator[Hint]:
        assert talk_id == ALL
        for number in range(10_000):
            yield Hint(number)

    site = SimpleNamespace(talks=SimpleNamespace(watch=watch))
    hints: asyncio.Queue[Hint | None] = asyncio.Queue()
    await Streams(cast(Any, site))._watch(ALL, hints)
    assert 0 < hints.qsize() < 100
    # The end is never in the way of anything.
    hints.put_nowait(None)
