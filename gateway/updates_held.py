"""What waits at Telegram because our webhook did not take it, by Telegram's own word (getWebhookInfo)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from telegram.error import InvalidToken, TelegramError

from channels.telegram_bot import webhook
from channels.telegram_bot.bot import access_of
from channels.telegram_bot.routes import PATH
from gateway.house import House
from gateway.providers import Asked

log = structlog.get_logger(__name__)

# For so long Telegram keeps what it could not deliver; an older trouble has nothing left that waits for it.
_KEPT: Final = timedelta(hours=24)


async def ask(house: House, *, now: datetime) -> Asked:
    """Where Telegram posts, what waits there and how old its last trouble is."""
    access = access_of(house.settings)
    if access is None:
        return Asked()
    try:
        info = await webhook.ask(access)
    except InvalidToken:
        return Asked(("Telegram: knows no bot with the token of GUICHET_TELEGRAM_TOKEN",))
    except TelegramError as error:
        log.warning("Telegram could not be asked what it holds", error=type(error).__name__)
        return Asked(("Telegram: could not be asked what it holds",))
    if info.url != house.settings.base_url + PATH:
        return Asked(("Telegram: does not post to this house (guichet telegram announce)",))
    waits = f"Telegram: updates that wait there: {info.waiting}"
    if info.trouble_at is None:
        return Asked(told=(f"{waits}; no trouble",))
    age = max(now - info.trouble_at, timedelta())
    said = f"{waits}; last trouble {_in_words(age)} ago: {info.trouble or 'not named'}"
    # What waits after a trouble is what our webhook did not take; without one it is on its way.
    return Asked((said,)) if info.waiting and age < _KEPT else Asked(told=(said,))


def _in_words(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
