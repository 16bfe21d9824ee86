"""A message is kept in time, or "later" is said in time, and what was begun is not lost (H5)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from channels.contract import StoreUnavailableError
from channels.message import RawMessage
from channels.web.punctual import Punctual

MESSAGE = RawMessage("telegram", "7700110300", "1", b"{}", datetime(2026, 11, 26, tzinfo=UTC))


class Store:
    """Keeps what it is given once it is let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.kept: list[str] = []

    async def submit(self, message: RawMessage) -> bool:
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            # As a database whose lock is held by another: to give up takes as long as to wait.
            await asyncio.sleep(3)
            raise
        self.kept.append(message.external_id)
        return True


async def test_in_time_it_says_what_the_store_says() -> None:
    store = Store()
    store.open.set()
    assert await Punctual(store.submit)(MESSAGE) is True

    async def fails(_: RawMessage) -> bool:
        raise StoreUnavailableError

    with pytest.raises(StoreUnavailableError):
        await Punctual(fails)(MESSAGE)


async def test_a_store_that_waits_is_not_waited_for_and_what_was_begun_is_kept() -> None:
    store = Store()
    punctual = Punctual(store.submit, seconds=0.05)
    begun = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        await punctual(MESSAGE)
    assert time.monotonic() - begun < 1
    store.open.set()
    await punctual.settle()
    assert store.kept == ["1"]


async def test_behind_a_store_that_is_stuck_nothing_piles_up() -> None:
    store = Store()
    punctual = Punctual(store.submit, seconds=0.05, most_in_hand=3)
    refused = await asyncio.gather(*(punctual(MESSAGE) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailableError) for each in refused)
    store.open.set()
    await punctual.settle()
    assert len(store.kept) == 3
    assert await punctual(MESSAGE) is True


async def test_an_error_that_comes_too_late_is_nobody_s() -> None:
    later = asyncio.Event()

    async def fails(_: RawMessage) -> bool:
        await later.wait()
        raise RuntimeError("too late")

    punctual = Punctual(fails, seconds=0.05)
    with pytest.raises(StoreUnavailableError):
        await punctual(MESSAGE)
    later.set()
    await punctual.settle()
