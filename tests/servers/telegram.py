"""A small server that speaks the Bot API on loopback: one bot, its chats, its updates, its files; it misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.servers import process

TOKEN = "7700110300:qzTOKENqzTOKENqzTOKENqzTOKENqzTOKE1"
SECRET = "qzSECRETqzSECRETqzSECRETqzSECRETqzSECRET_-1"


@dataclass
class Called:
    """One call: the method, its arguments (JSON parsed where it is some), and the files by field name."""

    method: str
    arguments: dict[str, Any]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass
class Trouble:
    """How the next `times` calls of a method are answered. `hang` seconds pass before the answer; "drop" as body breaks the
    connection after the call was taken."""

    status: int = 500
    body: Any = None
    hang: float = 0
    times: int = 1
    chat: int | None = None


class TelegramServer:
    """Records calls in `calls`. `say(update)` queues an update for whoever polls, `trouble(method, …)` makes it misbehave."""

    def __init__(self) -> None:
        self.port = process.free_port()
        self.calls: list[Called] = []
        self.waiting: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.paths: dict[str, str] = {}
        self.webhook: dict[str, Any] = {}
        # "last_error_date" and "last_error_message", as getWebhookInfo says them.
        self.webhook_trouble: dict[str, Any] = {}
        self.fetched: list[str] = []
        self._troubles: dict[str, list[Trouble]] = {}
        self._ids = count(1)
        self._update_ids = count(900_000_001)
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=100 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Close the door; connections are refused from then on."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def say(self, **update: Any) -> dict[str, Any]:
        """Queue an update under the next id, and return it."""
        made = {"update_id": next(self._update_ids), **update}
        self.waiting.append(made)
        self._news.set()
        return made

    def trouble(self, method: str, **how: Any) -> None:
        """Misbehave at the next calls of a method ("file" for downloads)."""
        self._troubles.setdefault(method, []).append(Trouble(**how))

    def of(self, method: str) -> list[Called]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    async def post_webhook(
        self, url: str, update: Any, *, secret: str | bytes | None = SECRET, headers: dict[str, str] | None = None
    ) -> int:
        """Post an update as Telegram does; returns the status of the answer."""
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        sent: list[tuple[str, str]] = [("Content-Type", "application/json"), *(headers or {}).items()]
        if secret is not None:
            value = secret.decode("utf-8", "surrogateescape") if isinstance(secret, bytes) else secret
            sent.append(("X-Telegram-Bot-Api-Secret-Token", value))
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=sent) as answer:
            return answer.status

    async def _method(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        call = await self._read(request, method)
        self.calls.append(call)
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        if trouble := self._trouble(method, call):
            await asyncio.sleep(trouble.hang)
            if trouble.body == "drop" and request.transport is not None:
                request.transport.abort()
            if isinstance(trouble.body, bytes):
                return web.Response(status=trouble.status, body=trouble.body)
            if trouble.status != 200:
                return web.json_response(trouble.body or {"ok": False}, status=trouble.status)
        answer = getattr(self, f"_on_{method.lower()}", None)
        if answer is None:
            return _error(404, "Not Found")
        return await answer(call)

    async def _read(self, request: web.Request, method: str) -> Called:
        arguments: dict[str, Any] = dict(request.query)
        files: dict[str, tuple[str, bytes]] = {}
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                assert isinstance(part, aiohttp.BodyPartReader)
                if part.filename is not None:
                    files[part.name or ""] = (part.filename, bytes(await part.read()))
                else:
                    arguments[part.name or ""] = await part.text()
        elif request.method == "POST":
            arguments |= {name: str(value) for name, value in (await request.post()).items()}
        return Called(method, {name: _parsed(value) for name, value in arguments.items()}, files)

    def _trouble(self, method: str, call: Called | None = None) -> Trouble | None:
        for trouble in self._troubles.get(method, []):
            if trouble.times > 0 and (trouble.chat is None or (call and call.arguments.get("chat_id") == trouble.chat)):
                trouble.times -= 1
                return trouble
        return None

    async def _on_getme(self, _: Called) -> web.Response:
        return _result(
            {"id": int(TOKEN.partition(":")[0]), "is_bot": True, "first_name": "Guichet", "username": "guichet_bot"}
        )

    async def _on_getupdates(self, call: Called) -> web.Response:
        if self.webhook:
            return _error(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = call.arguments.get("offset")
        if offset is not None:
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        if not self.waiting:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), call.arguments.get("timeout", 0))
            except TimeoutError:
                return _result([])
        return _result(self.waiting[: call.arguments.get("limit", 100)])

    async def _on_setwebhook(self, call: Called) -> web.Response:
        self.webhook = call.arguments
        return _result(True)

    async def _on_deletewebhook(self, _: Called) -> web.Response:
        self.webhook = {}
        return _result(True)

    async def _on_getwebhookinfo(self, _: Called) -> web.Response:
        told = {"url": self.webhook.get("url", ""), "pending_update_count": len(self.waiting)}
        return _result(told | self.webhook_trouble)

    async def _on_sendmessage(self, call: Called) -> web.Response:
        if not str(call.arguments.get("text", "")).strip():
            return _error(400, "Bad Request: message text is empty")
        if len(str(call.arguments["text"]).encode("utf-16-le")) // 2 > 4096:
            return _error(400, "Bad Request: message is too long")
        return _result(self._message(call))

    async def _on_senddocument(self, call: Called) -> web.Response:
        return _result(self._message(call))

    async def _on_answercallbackquery(self, _: Called) -> web.Response:
        return _result(True)

    async def _on_editmessagereplymarkup(self, call: Called) -> web.Response:
        return _result(self._message(call))

    async def _on_getfile(self, call: Called) -> web.Response:
        file_id = str(call.arguments["file_id"])
        if file_id not in self.files and file_id not in self.paths:
            return _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        path = self.paths.get(file_id, f"documents/{file_id}")
        return _result({"file_id": file_id, "file_unique_id": file_id, "file_path": path})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.fetched.append(path)
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        if trouble := self._trouble("file"):
            await asyncio.sleep(trouble.hang)
            headers = {"Location": str(trouble.body)} if trouble.status == 302 else {}
            return web.Response(status=trouble.status, headers=headers)
        content = self.files.get(path.rpartition("/")[2])
        if content is None:
            return _error(404, "Not Found")
        # As the real one: no length is promised.
        answer = web.StreamResponse()
        await answer.prepare(request)
        for start in range(0, len(content), 65_536):
            await answer.write(content[start : start + 65_536])
        return answer

    def _message(self, call: Called) -> dict[str, Any]:
        return {
            "message_id": call.arguments.get("message_id") or next(self._ids),
            "date": 1_790_000_000,
            "chat": {"id": call.arguments["chat_id"], "type": "private"},
            "text": str(call.arguments.get("text", "")),
        }


def too_many(seconds: int) -> dict[str, Any]:
    """The body of a 429."""
    return {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }


def _result(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(status: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": description}, status=status)


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    """A fresh Bot API with one bot: `.url`, `.calls`, `.say(…)`, `.trouble(…)`, `.post_webhook(…)`."""
    server = TelegramServer()
    await server.start()
    yield server
    await server.stop()
