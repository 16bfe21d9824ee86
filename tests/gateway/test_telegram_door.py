"""Telegram's webhook and polling on a real register: replays are one item, and a locked database is "later" (H3, H5)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.telegram_bot.bot import Access
from channels.telegram_bot.polling import Poller, PollingTimes
from channels.telegram_bot.routes import PATH, add_routes
from channels.web.middleware import middlewares
from config.settings import load
from gateway.door import Door
from gateway.house import build
from gateway.metrics import Metrics
from gateway.room import Room
from tests.channels.telegram_bot.updates import message, until
from tests.servers.telegram import SECRET, TOKEN, TelegramServer


@asynccontextmanager
async def a_door(data: Path) -> AsyncIterator[Door]:
    house = build(load(data=data), name="telegram")
    await house.store.open()
    yield Door(house, Metrics(), Room(data, 0, 0))
    await house.close()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(tmp_path) as door:
        yield door


@pytest.fixture
async def hook(door: Door) -> AsyncIterator[str]:
    app = web.Application(middlewares=middlewares(door.house.settings.base_url))
    add_routes(app, submit=door.submit, secret=SECRET, account="7700110300", now=door.house.now)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url(PATH))
    await server.close()


def kept(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "guichet.db")) as database:
        rows = database.execute("select external_id from inbox where channel = 'telegram' order by id").fetchall()
    return [row[0] for row in rows]


async def test_replays_in_parallel_are_one_item(hook: str, telegram: TelegramServer, tmp_path: Path) -> None:
    updates = [{"update_id": 900 + n % 5, "message": message(f"Bonjour {n % 5}")} for n in range(50)]
    statuses = await asyncio.gather(*(telegram.post_webhook(hook, update) for update in updates))
    assert set(statuses) == {204}
    assert sorted(kept(tmp_path)) == ["900", "901", "902", "903", "904"]


async def test_a_locked_database_is_later_and_nothing_is_lost(
    hook: str, telegram: TelegramServer, tmp_path: Path
) -> None:
    update = {"update_id": 900, "message": message("Bonjour")}
    with closing(sqlite3.connect(tmp_path / "guichet.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        begun = time.monotonic()
        statuses = await asyncio.gather(*(telegram.post_webhook(hook, update) for _ in range(3)))
        assert set(statuses) == {503}
        assert time.monotonic() - begun < 2
        other.execute("rollback")
    # What was begun before is kept now; Telegram, who heard "later", posts it again.
    await until(lambda: kept(tmp_path) == ["900"])
    assert await telegram.post_webhook(hook, update) == 204
    assert kept(tmp_path) == ["900"]
    # The store serves on as if nothing had been.
    assert await telegram.post_webhook(hook, {"update_id": 901, "message": message("Encore")}) == 204
    assert kept(tmp_path) == ["900", "901"]


async def test_polling_over_a_restart_keeps_each_once(telegram: TelegramServer, tmp_path: Path) -> None:
    ids = [str(telegram.say(message=message(f"Bonjour {n}"))["update_id"]) for n in range(20)]
    times = PollingTimes(wait=2, first_delay=0.05)
    async with a_door(tmp_path) as door:
        poller = Poller(Access(TOKEN, telegram.url), door.submit, clock=door.house.now, times=times)
        running = asyncio.create_task(poller.run())
        await until(lambda: len(kept(tmp_path)) >= 3)
        # As hard as a kill: in the middle of what it has in hand, with nothing confirmed.
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with a_door(tmp_path) as door:
        poller = Poller(Access(TOKEN, telegram.url), door.submit, clock=door.house.now, times=times)
        running = asyncio.create_task(poller.run())
        await until(lambda: telegram.waiting == [])
        poller.stop()
        await running
    assert kept(tmp_path) == ids
