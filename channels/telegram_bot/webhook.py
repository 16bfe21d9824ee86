"""How Telegram says that the webhook does: where it posts, how much waits there, and its last trouble (getWebhookInfo)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from channels.telegram_bot.bot import Access, Calls
from channels.telegram_bot.json_fields import fields, line, number, text

# Telegram's words on its trouble, of which this much is shown.
_MOST_SIGNS: Final = 200
# No moment is later than the year 2242.
_LATEST: Final = 2**33


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """`url`: where updates are posted, empty for nowhere. `waiting`: updates that were not taken yet. `trouble` is Telegram's
    word on the last post that failed, at `trouble_at`; it says nothing of a member."""

    url: str
    waiting: int
    trouble: str = ""
    trouble_at: datetime | None = None


async def ask(access: Access) -> WebhookInfo:
    """What Telegram says now. Raises TelegramError, whose message may hold the token."""
    calls = Calls(access)
    try:
        found = fields(await calls.call("getWebhookInfo", {}))
    finally:
        await calls.close()
    at = number(found.get("last_error_date"))
    return WebhookInfo(
        url=text(found.get("url")),
        waiting=number(found.get("pending_update_count")) or 0,
        trouble=line(found.get("last_error_message"), _MOST_SIGNS),
        trouble_at=datetime.fromtimestamp(at, UTC) if at and 0 < at < _LATEST else None,
    )
