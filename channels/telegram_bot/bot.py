"""The Bot API as this house calls it: one bot, whose token stands in every address and therefore in no log."""

from __future__ import annotations

import json
import logging
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from telegram import Bot
from telegram.error import RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from channels.telegram_bot.json_fields import fields, number
from channels.telegram_bot.taking import WANTED
from config.settings import Settings

# Asks the library for its spans of time as such; without it each 429 comes with a warning that this will be so one day.
os.environ.setdefault("PTB_TIMEDELTA", "1")

_SECONDS: Final = 10.0
_UPLOAD_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Access:
    """Which bot, and where its API is: "https://api.telegram.org", or a server of our own."""

    token: str = field(repr=False)
    api: str = "https://api.telegram.org"

    @property
    def methods(self) -> str:
        """The address before the name of a method, and before the token of python-telegram-bot's bots."""
        return f"{self.api.rstrip('/')}/bot"

    @property
    def files(self) -> str:
        """The address before a file's path, without the token."""
        return f"{self.api.rstrip('/')}/file/bot"


def access_of(settings: Settings) -> Access | None:
    """The bot that the settings name; None when they name none."""
    token = settings.telegram_token.get_secret_value()
    return Access(token, settings.telegram_api) if token else None


class Calls:
    """Calls whose results are wanted as they came, and not as objects of a library that knows last year's fields."""

    def __init__(self, access: Access) -> None:
        silence_libraries()
        self._address = f"{access.methods}{access.token}/"
        self._request = _request()

    async def call(self, method: str, arguments: Mapping[str, str | int], *, seconds: float | None = None) -> Any:
        """The result of a method; the answer may take so many seconds. Raises TelegramError, whose message may hold the token:
        it is never logged."""
        address = f"{self._address}{method}?{urlencode(arguments)}"
        return await self._request.post(address, read_timeout=_SECONDS if seconds is None else seconds)

    async def close(self) -> None:
        """Give the connections back."""
        await self._request.shutdown()


@asynccontextmanager
async def a_bot(access: Access) -> AsyncIterator[Bot]:
    """A bot to send with, until the block ends. It asks nobody anything beforehand: a Telegram that is away when we start is
    no reason not to."""
    silence_libraries()
    request = _request()
    try:
        yield Bot(access.token, base_url=access.methods, base_file_url=access.files, request=request)
    finally:
        await request.shutdown()


async def announce_webhook(bot: Bot, *, url: str, secret: str) -> bool:
    """Tell Telegram where to post updates, and with which secret. False when it could not be told; it may be tried again."""
    try:
        return await bot.set_webhook(url, secret_token=secret, allowed_updates=list(WANTED))
    except TelegramError:
        return False


async def withdraw_webhook(bot: Bot) -> bool:
    """Tell Telegram to post no more, so that updates can be asked for. What waits there is kept."""
    try:
        return await bot.delete_webhook(drop_pending_updates=False)
    except TelegramError:
        return False


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    given = error.retry_after
    return given.total_seconds() if isinstance(given, timedelta) else float(given)


def silence_libraries() -> None:
    """Let the libraries below say nothing: httpx logs addresses with the token, and python-telegram-bot, at ERROR even,
    what it was sent (rule L1)."""
    for name in ("telegram", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class _Request(HTTPXRequest):
    """The library's own, for which an answer that is none of the Bot API is an error like the others, and no log line."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """One request. Raises TelegramError, also for a success that brings no result."""
        code, payload = await super().do_request(*args, **kwargs)
        if 200 <= code <= 299 and "result" not in self.parse_json_payload(payload):
            raise TelegramError("a success without a result")
        return code, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library's, which would log what it could not read, and fail over what it did not expect."""
        try:
            found = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("an answer that is no JSON") from None
        if not isinstance(found, dict):
            raise TelegramError("an answer that is no object")
        given = fields(found.get("parameters"))
        found["parameters"] = {name: value for name, value in given.items() if number(value)}
        return found


def _request() -> HTTPXRequest:
    return _Request(
        connection_pool_size=64,
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        write_timeout=_SECONDS,
        pool_timeout=_SECONDS,
        media_write_timeout=_UPLOAD_SECONDS,
        # As everywhere in the house: the authorities that this machine trusts, and no proxy that the environment names.
        httpx_kwargs={"trust_env": False, "verify": _authorities()},
    )


@cache
def _authorities() -> ssl.SSLContext:
    """Read once: it is some hundred certificates from the disk."""
    return ssl.create_default_context()
