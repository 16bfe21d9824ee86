"""The server below the application, with our own answer to what is no HTTP.

Such bytes never reach a route or a middleware. aiohttp would answer them itself: without our headers (rule S9), with its
version and with a piece of what was sent (rule L5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from channels.web.access_log import AccessLogger, server_logger
from channels.web.middleware import error_answer, security_headers
from channels.web.pages import Pages
from config.vocabulary import Way


class Runner(web.AppRunner):
    """Runs the application as `web.AppRunner` does, with our logs and our answers."""

    __slots__ = ("_base_url", "_down")

    def __init__(self, app: web.Application, *, base_url: str, down: Collection[Way] = (), **kwargs: Any) -> None:
        super().__init__(app, access_log_class=AccessLogger, logger=server_logger(), **kwargs)
        self._base_url = base_url
        self._down = down

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made, self._base_url, self._down)


class _Server(web.Server):
    """Makes a handler of ours for each connection; everything else is as the application set it."""

    def __init__(self, made: web.Server, base_url: str, down: Collection[Way]) -> None:
        super().__init__(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=asyncio.get_running_loop(),
            **made._kwargs,
        )
        self._pages = Pages(base_url, down=down)
        self._headers = security_headers(base_url)

    def __call__(self) -> RequestHandler:
        return _Handler(self._pages, self._headers, self, loop=self._loop, **self._kwargs)


class _Handler(RequestHandler):
    """One connection."""

    __slots__ = ("_headers", "_pages")

    def __init__(self, pages: Pages, headers: dict[str, str], manager: web.Server, **kwargs: Any) -> None:
        super().__init__(manager, **kwargs)
        self._pages = pages
        self._headers = headers

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer with our error page, whatever the trouble was called."""
        # It logs, and raises when an answer has begun already.
        super().handle_error(request, status, exc, message)
        answer = error_answer(request, self._pages, status)
        answer.headers.update(self._headers)
        answer.force_close()
        return answer
