"""The access log: which route, which status, how long. Never a path, a query or an address.

Paths carry the secret links of cases, queries and addresses are personal data; the name of the route says all that an
operator needs.
"""

from __future__ import annotations

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
    route = request.match_info.route
    if request.match_info.http_exception is not None:
        return "none"
    return route.name or "unnamed"
