"""Messages that colleagues send to themselves to see one: as often as they like, and two clicks are one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from channels.message import OutboundMessage
from store import outbox, outbox_figures
from store.database import Tx

# Nobody has looked at the first one and wants a second within this time.
TWO_CLICKS: Final = timedelta(seconds=5)


async def put(tx: Tx, message: OutboundMessage, *, now: datetime) -> int | None:
    """Put a message whose key is the beginning of one into the outbox, unless such a one was put there just now.

    Of two at the same moment only one has the key of that moment. Returns the outbox id, None for the second.
    """
    last = await outbox_figures.last_with(tx, f"{message.key}-")
    if last is not None and last > now - TWO_CLICKS:
        return None
    moment = int(now.timestamp() // TWO_CLICKS.total_seconds())
    return await outbox.put(tx, replace(message, key=f"{message.key}-{moment}"), now=now)
