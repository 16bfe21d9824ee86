"""The webhook: who may post, what is kept before the answer, and what happens when the store is slow (H1, H3, H5)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.contract import StoreUnavailableError
from channels.telegram_bot.routes import PATH, add_routes
from channels.web.middleware import middlewares
from tests.channels.telegram_bot.updates import CHAT, NOW, Kept, message, until
from tests.servers.telegram import SECRET, TelegramServer

UPDATE = {"update_id": 900_000_001, "message": message("Bonjour")}


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def served(kept: Kept, secret: str) -> TestServer:
    app = web.Application(middlewares=middlewares("http://127.0.0.1:8080"))
    add_routes(app, submit=kept.submit, secret=secret, account="7700110300", now=lambda: NOW)
    server = TestServer(app)
    await server.start_server()
    return server


@pytest.fixture
async def hook(kept: Kept) -> AsyncIterator[str]:
    """The address of a door with a secret."""
    server = await served(kept, SECRET)
    yield str(server.make_url(PATH))
    await server.close()


async def test_what_telegram_posts_is_kept_as_it_came_before_the_answer(
    kept: Kept, hook: str, telegram: TelegramServer
) -> None:
    body = json.dumps(UPDATE, indent=3).encode()
    assert await telegram.post_webhook(hook, body) == 204
    item = kept.items["900000001"]
    assert (item.channel, item.account, item.body, item.received_at) == ("telegram", "7700110300", body, NOW)
    assert item.envelope == {"address": str(CHAT)}


@pytest.mark.parametrize(
    "secret",
    [None, "", SECRET[:-1], SECRET + "x", SECRET.swapcase(), "wrong", f"{SECRET}é", b"\xff\xfe", f"{SECRET}, {SECRET}"],
    ids=["none", "empty", "shorter", "longer", "other case", "wrong", "letters", "bytes", "listed"],
)
async def test_only_who_knows_the_secret_may_post(
    kept: Kept, hook: str, telegram: TelegramServer, secret: str | bytes | None
) -> None:
    assert await telegram.post_webhook(hook, UPDATE, secret=secret) == 403
    assert kept.calls == []


async def test_two_secrets_are_none(kept: Kept, hook: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hook).port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n"
    one = f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
    writer.write(f"{head}{one}{one}\r\n{{}}".encode())
    assert b" 403 " in await reader.readline()
    writer.close()
    assert kept.calls == []


@pytest.mark.parametrize("given", [None, "", "undefined", SECRET])
async def test_without_a_secret_of_ours_there_is_no_door(
    kept: Kept, telegram: TelegramServer, given: str | None
) -> None:
    server = await served(kept, "")
    assert await telegram.post_webhook(str(server.make_url(PATH)), UPDATE, secret=given) == 404
    await server.close()
    assert kept.calls == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"update"', 400),
        (b"{}", 400),
        (b'{"update_id": null}', 400),
        (b'{"update_id": true}', 400),
        (b'{"update_id": "1"}', 400),
        (b'{"update_id": -1}', 400),
        (b"[" * 200_000, 400),
        (b'{"update_id": 1, "x": "' + b"y" * 1_000_000 + b'"}', 413),
        (b'{"update_id": 5}', 204),
        (b'{"update_id": 6, "message": 7}', 204),
    ],
)
async def test_only_objects_with_an_id_and_of_a_size(
    kept: Kept, hook: str, telegram: TelegramServer, body: bytes, status: int
) -> None:
    assert await telegram.post_webhook(hook, body) == status
    assert len(kept.items) == (status == 204)


async def test_a_packed_body_is_not_unpacked(kept: Kept, hook: str, telegram: TelegramServer) -> None:
    assert await telegram.post_webhook(hook, b"\x1f\x8b", headers={"Content-Encoding": "gzip"}) == 415
    assert kept.calls == []


async def test_the_same_update_in_parallel_is_kept_once_and_the_first_content_wins(
    kept: Kept, hook: str, telegram: TelegramServer
) -> None:
    statuses = await asyncio.gather(*(telegram.post_webhook(hook, UPDATE) for _ in range(20)))
    assert set(statuses) == {204}
    assert len(kept.calls) == 20
    assert len(kept.items) == 1
    first = kept.items["900000001"].body
    assert await telegram.post_webhook(hook, {**UPDATE, "message": message("autre")}) == 204
    assert kept.items["900000001"].body == first


async def test_a_store_that_is_away_says_later_and_the_update_comes_again(
    kept: Kept, hook: str, telegram: TelegramServer
) -> None:
    kept.trouble = [StoreUnavailableError()]
    assert await telegram.post_webhook(hook, UPDATE) == 503
    assert kept.items == {}
    assert await telegram.post_webhook(hook, UPDATE) == 204
    assert len(kept.items) == 1


async def test_a_slow_store_says_later_within_two_seconds(kept: Kept, hook: str, telegram: TelegramServer) -> None:
    kept.hold = asyncio.Event()
    begun = time.monotonic()
    assert await telegram.post_webhook(hook, UPDATE) == 503
    assert time.monotonic() - begun < 2
    assert kept.items == {}
    # What was begun is kept in the end, and known when it comes again.
    kept.hold.set()
    await until(lambda: len(kept.items) == 1)
    assert await telegram.post_webhook(hook, UPDATE) == 204
    assert len(kept.items) == 1


async def test_nothing_but_post(hook: str, kept: Kept) -> None:
    async with aiohttp.ClientSession() as session:
        for method in ("GET", "PUT", "DELETE"):
            async with session.request(method, hook, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as answer:
                assert answer.status == 405
    assert kept.calls == []
