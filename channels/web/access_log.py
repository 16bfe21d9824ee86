"""The access log: which route, which status, how long. Never a path, a query or an address.

Paths carry the secret links of cases, queries and addresses are personal data; the name of the route says all that an
operator needs.
"""

from __future__ import annotations

import logging

import structlog
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

_log = structlog.get_logger(__name__)


class AccessLogger(AbstractAccessLogger):
    """Give it to the runner: `web.AppRunner(app, access_log_class=AccessLogger)`."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write one line; `time` is in seconds."""
        _log.info(
            "request",
            method=request.method if request.method in _METHODS else "other",
            route=route_name(request),
            status=response.status,
            ms=round(time * 1000),
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_name(request: web.BaseRequest) -> str:
    """Return the name given to the request's route, "unnamed" for a route without one, "none" where none matched."""
    if not isinstance(request, web.Request):
        return "none"
    try:
        match = request.match_info
    except AssertionError:
        # Bytes that are no HTTP: aiohttp answers 400 before it looks for a route, and still logs the answer.
        return "none"
    return "none" if match.http_exception is not None else match.route.name or "unnamed"


def server_logger() -> logging.Logger:
    """Return the logger to give to the runner (`web.AppRunner(app, logger=server_logger())`).

    aiohttp's own names the address of a sender whose bytes are no HTTP, and prints these bytes in its traceback.
    """
    logger = logging.getLogger("guichet.http")
    if not any(isinstance(known, _WithoutPersons) for known in logger.filters):
        logger.addFilter(_WithoutPersons())
    return logger


class _WithoutPersons(logging.Filter):
    """Keeps what kind of trouble there was; drops arguments and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; it is always written."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "no exception"
        record.msg, record.args, record.exc_info = f"http server: {kind}", (), None
        return True
