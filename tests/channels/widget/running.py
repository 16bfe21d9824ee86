"""A running web application with the chat, over real HTTP and real sockets, with a house in memory behind it."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import unused_port

from channels.web.limits import MemoryLimiter
from channels.web.middleware import middlewares
from channels.web.server import Runner
from channels.widget.routes import add_routes
from tests.channels.widget.doors import MemoryChatDoor

HOST = "https://www.mutual.example"


@dataclass
class Running:
    """The application, which can be stopped and started again, and its house. `blocked` refuses every socket."""

    door: MemoryChatDoor
    base_url: str
    hosts: tuple[str, ...]
    client: ClientSession
    options: dict[str, Any] = field(default_factory=dict)
    blocked: bool = False
    sockets: list[ClientWebSocketResponse] = field(default_factory=list)
    _runner: Runner | None = None

    async def start(self) -> None:
        """Listen on the port of before."""

        @web.middleware
        async def network(request: web.Request, handler: Any) -> Any:
            if self.blocked and request.path == "/widget/socket":
                raise web.HTTPBadGateway
            return await handler(request)

        app = web.Application(middlewares=[*middlewares(self.base_url), network])
        settings = {"door": self.door, "limiter": MemoryLimiter(), "base_url": self.base_url, "hosts": self.hosts}
        add_routes(app, **{**settings, **self.options})
        self._runner = Runner(app, base_url=self.base_url, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", int(self.base_url.rpartition(":")[2])).start()

    async def stop(self) -> None:
        """Stop as an operator does."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def socket(self, **headers: str) -> ClientWebSocketResponse:
        """A socket as our own frame opens it."""
        made = await self.client.ws_connect(
            f"{self.base_url}/widget/socket", headers={"Origin": self.base_url, **headers}, max_msg_size=0
        )
        self.sockets.append(made)
        return made

    async def talk(self, key: str = "", last: int = 0, origin: str = HOST) -> ClientWebSocketResponse:
        """A socket that has said who comes, and is ready."""
        socket = await self.socket()
        await socket.send_json({"t": "hello", "key": key, "origin": origin, "last": last})
        assert await receive(socket) == {"t": "ready"}
        return socket

    async def begun(self, origin: str = HOST) -> tuple[ClientWebSocketResponse, str]:
        """A socket in a new conversation, and its key."""
        socket = await self.talk(origin=origin)
        await socket.send_json({"t": "begin", "lang": "en"})
        answer = await receive(socket)
        assert answer["t"] == "began"
        return socket, answer["key"]

    async def post(self, path: str, content: Any, **headers: str) -> tuple[int, Any]:
        """A request as our own frame sends it: status, and the answer if it is one of ours."""
        headers = {"Origin": self.base_url, "Content-Type": "application/json", **headers}
        body = io.BytesIO(json.dumps(content).encode())
        async with self.client.post(f"{self.base_url}/widget/{path}", data=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def receive(socket: ClientWebSocketResponse) -> Any:
    """The next frame."""
    return await socket.receive_json(timeout=5)


async def until(socket: ClientWebSocketResponse, kind: str) -> Any:
    """The next frame of a kind; others are passed over."""
    while True:
        frame = await receive(socket)
        if frame["t"] == kind:
            return frame


async def close_code(socket: ClientWebSocketResponse) -> int | None:
    """With what the house closes, whatever it says before."""
    while True:
        message = await socket.receive(timeout=5)
        if message.type is WSMsgType.CLOSE:
            # What the socket says of itself afterwards is how the answer to this frame went.
            return int(message.data)
        if message.type in (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
            return socket.close_code


StartWidget = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start_widget() -> AsyncIterator[StartWidget]:
    """Start the chat; keyword arguments replace those of add_routes, but for `door`, `hosts` and `port`."""
    running: list[Running] = []

    async def _start(
        *, door: MemoryChatDoor | None = None, hosts: tuple[str, ...] = (HOST,), port: int = 0, **options: Any
    ) -> Running:
        made = Running(
            door or MemoryChatDoor(), f"http://127.0.0.1:{port or unused_port()}", hosts, ClientSession(), options
        )
        await made.start()
        running.append(made)
        return made

    yield _start
    for one in running:
        for socket in one.sockets:
            await socket.close()
        await one.client.close()
        await one.stop()


@pytest.fixture
async def widget(start_widget: StartWidget) -> Running:
    """The chat with its usual settings."""
    return await start_widget()
