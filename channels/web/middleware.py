"""What holds for every answer of the house: security headers, error pages that tell nothing, and refusals at the edge.

The header list is rule S9. An error page gives a number to quote and nothing else (rule L5); all "not found" pages of
one language are the same bytes, so that an unknown, an expired and a forbidden link cannot be told apart (rule C5).
"""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.web import languages, problem
from channels.web.access_log import route_name
from channels.web.pages import Pages
from config.vocabulary import Way

_log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# aiohttp leaves the type of middlewares open.
Middleware = Any

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "guichet",
}
_MAX_HEADERS: Final = 100
# After so many seconds it is worth trying again when the store cannot be reached (rule Q5).
_LATER: Final = 120
# The pages in words exist for these; any other status below 500 reads as 400, above as 500.
_IN_WORDS: Final = frozenset({400, 403, 404, 405, 408, 413, 415, 429, 431, 500, 503})


def middlewares(base_url: str, down: Collection[Way] = ()) -> list[Middleware]:
    """Return the middlewares in their order; give them to `web.Application(middlewares=...)`.

    `down` are the ways to the house that do not work today; error pages say so like every page.
    """
    return [_adding_headers(base_url), _error_pages(Pages(base_url, down=down)), _edge]


def security_headers(base_url: str) -> dict[str, str]:
    """Return the headers that every answer carries."""
    strict = {"Strict-Transport-Security": "max-age=31536000"} if urlsplit(base_url).scheme == "https" else {}
    return {**_HEADERS, **strict}


def _adding_headers(base_url: str) -> Middleware:
    extra = security_headers(base_url)

    @web.middleware
    async def adding_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            for name, value in extra.items():
                # A page may be stricter, and the widget's may be framed: what it set itself stays.
                response.headers.setdefault(name, value)
        return response

    return adding_headers


def _error_pages(pages: Pages) -> Middleware:
    @web.middleware
    async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                return web.Response(status=error.status, headers={"Location": error.headers.get("Location", "/")})
            return error_answer(request, pages, error.status, allow=error.headers.get("Allow", ""))
        except StoreUnavailableError:
            return error_answer(request, pages, 503, retry_after=_LATER)
        except Exception as error:  # noqa: BLE001  # The last door: whatever failed, the visitor gets a number to quote.
            number = secrets.token_hex(4).upper()
            _log.error("request_failed", number=number, route=route_name(request), error=_place(error))
            return error_answer(request, pages, 500, number=number)

    return error_pages


@web.middleware
async def _edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    if len(request.raw_headers) > _MAX_HEADERS:
        raise web.HTTPRequestHeaderFieldsTooLarge
    return await handler(request)


def error_answer(
    request: web.BaseRequest, pages: Pages, status: int, *, number: str = "", allow: str = "", retry_after: int = 0
) -> web.Response:
    """Return the error in the language and form of the caller: problem details under /api/, else a page.

    `number` is what to quote; without one it is the status itself, so that the page is the same for everybody.
    """
    language = languages.of_request(request)
    known = status if status in _IN_WORDS else 500 if status >= 500 else 400
    if request.path.startswith("/api/"):
        answer = problem.response(status, known, language, number=number)
    else:
        answer = pages.page("error.html", language, status=status, kind=known, number=number or str(status))
    if allow:
        answer.headers["Allow"] = allow
    if retry_after:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _place(error: BaseException) -> str:
    """Name the error and where it was raised; never its message, which may hold what somebody typed."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {where}"
