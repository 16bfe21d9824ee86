"""The webhook: Telegram posts an update, and hears yes once it is kept (rules H1, H3, H5)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from channels.contract import StoreUnavailableError, Submit
from channels.telegram_bot.json_fields import object_of
from channels.telegram_bot.taking import Taking
from channels.telegram_bot.update import id_of
from channels.web.body import BodyError, BodyLimits, read_raw
from channels.web.punctual import Punctual

log = structlog.get_logger(__name__)

PATH: Final = "/hooks/telegram"
_SECRET_HEADER: Final = b"x-telegram-bot-api-secret-token"
_MOST_BYTES: Final = 1_000_000
_LATER: Final = {"Retry-After": "5"}


def add_routes(
    app: web.Application,
    *,
    submit: Submit,
    secret: str,
    account: str,
    now: Callable[[], datetime],
) -> None:
    """Open the door for updates at PATH. Without a secret there is no door at all: the path is as unknown as any other."""
    if secret:
        in_time = Punctual(submit)
        webhook = Webhook(Taking(in_time, account, now), secret.encode())
        app.router.add_post(PATH, webhook.take, name="telegram-update")
        app.on_cleanup.append(in_time.settle)


class Webhook:
    """Takes updates from whoever knows the secret."""

    def __init__(self, taking: Taking, secret: bytes) -> None:
        self._taking = taking
        self._secret = secret
        self._limits = BodyLimits(text=_MOST_BYTES, stall=5, total=10)

    async def take(self, request: web.Request) -> web.Response:
        """204 once the update is committed, new or known; 503 makes Telegram send it again."""
        if not self._is_telegram(request):
            log.warning("telegram_update_refused", status=403)
            return web.Response(status=403)
        try:
            body = await read_raw(request, self._limits)
        except BodyError as error:
            return web.Response(status=error.status)
        found = object_of(body)
        if found is None or id_of(found) is None:
            log.warning("telegram_update_refused", status=400)
            return web.Response(status=400)
        try:
            await self._taking.take(found, body)
        except StoreUnavailableError:
            return web.Response(status=503, headers=_LATER)
        return web.Response(status=204)

    def _is_telegram(self, request: web.Request) -> bool:
        """Whether the header holds the secret, once, compared as bytes in constant time."""
        given = [value for name, value in request.raw_headers if name.lower() == _SECRET_HEADER]
        return len(given) == 1 and hmac.compare_digest(given[0], self._secret)
