"""A running web application of the form over real HTTP, with a house in memory behind it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer, unused_port

from channels.form.flood import Flood
from channels.form.guard import Guard, GuardSettings
from channels.form.routes import add_routes
from channels.web.limits import MemoryLimiter
from channels.web.middleware import middlewares
from tests.channels.form.contact_doors import MemoryContactDoor
from tests.channels.form.doors import MemoryCaseDoor, MemoryDoor

SECRET = b"a secret of the tests, long enough"


@dataclass
class Running:
    """The application, its house and a browser-like client with cookies."""

    client: TestClient[web.Request, web.Application]
    door: MemoryDoor
    base_url: str
    case_door: MemoryCaseDoor
    contact_door: MemoryContactDoor

    async def form(self, language: str = "en") -> dict[str, str]:
        """Open the form and return its hidden fields."""
        return hidden(await (await self.client.get(f"/{language}/complaint")).text())

    async def submitted(self, text: str = "Nobody answers my letters.", **more: str) -> str:
        """Send the form and follow to the receipt; return the token of the case."""
        data = {**await self.form(), "text": text, **more}
        answer = await self.client.post("/en/complaint", data=data, allow_redirects=False)
        assert answer.status == 303
        await self.client.get(answer.headers["Location"].removeprefix(self.base_url))
        return list(self.door.cases)[-1]


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the first form of a page."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start an application; keyword arguments replace those of add_routes."""
    clients: list[TestClient[web.Request, web.Application]] = []

    async def _start(*, path_base: str = "", **options: object) -> Running:
        port = unused_port()
        base_url = path_base or f"http://127.0.0.1:{port}"
        door = MemoryDoor(base_url)
        case_door, contact_door = MemoryCaseDoor(door), MemoryContactDoor(door)
        app = web.Application(middlewares=middlewares(base_url))
        limiter = MemoryLimiter()
        settings = {
            "door": door,
            "case_door": case_door,
            "contact_door": contact_door,
            "limiter": limiter,
            # Most tests send at once.
            "guard": Guard(SECRET, Flood(limiter, most=10_000), GuardSettings(least_seconds=0)),
            "base_url": base_url,
            "secret": SECRET,
            "trusted_proxies": (),
            "production": False,
            **options,
        }
        add_routes(app, **settings)  # type: ignore[arg-type]  # The test says what differs, by name.
        client = TestClient(TestServer(app, port=port), cookie_jar=CookieJar(unsafe=True))
        await client.start_server()
        clients.append(client)
        return Running(client, door, base_url, case_door, contact_door)

    yield _start
    for client in clients:
        await client.close()


@pytest.fixture
async def running(start: Start) -> Running:
    """The application with its usual settings."""
    return await start()
