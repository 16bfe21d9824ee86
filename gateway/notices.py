"""A word to colleagues by mail: that a case wants them, and where. Nothing of the case, and never more than one in ten minutes.

Who is told is configured: a rule names a queue or a role, and the people of the house who have it are told at the login
they sign in with, where that is a mail address (R4).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from channels.mail.tags import sign_message_tag
from channels.message import OutboundMessage
from config.notices import Occasion, notices
from gateway.house import House
from store import outbox, outbox_figures, users
from store.database import Tx

# What comes within this time of the last notice is told together, once it has passed.
EVERY: Final = timedelta(minutes=10)


async def tell(
    tx: Tx,
    house: House,
    names: Sequence[str],
    occasion: Occasion,
    *,
    page: str,
    sealed: bool,
    now: datetime,
) -> tuple[int, ...]:
    """Put a notice into the outbox for everybody who has one of these queues or roles; of a sealed case only for those
    who may open it. `page` is the path of what waits, in the console. Returns what was put there."""
    put: list[int] = []
    if not names:
        return ()
    for user in await users.to_tell(tx, names, sealed=sealed):
        prefix = f"tell-{user.id}-"
        last = await outbox_figures.last_with(tx, prefix)
        if last is not None and last > now:
            # One is on its way that will lead them to the list.
            continue
        due_at = max(now, last + EVERY) if last is not None else now
        message = _message(house, user, occasion, page, key=f"{prefix}{page.rpartition('/')[2]}-{occasion}")
        outbox_id = await outbox.put(tx, message, now=now, due_at=due_at)
        put += [outbox_id] if outbox_id is not None else []
    return tuple(put)


def _message(house: House, user: users.User, occasion: Occasion, page: str, *, key: str) -> OutboundMessage:
    words = notices().of(occasion)
    return OutboundMessage(
        key=key,
        channel="email",
        account=house.mailbox_for("fr").address,
        recipient=user.login,
        recipient_name=user.name,
        subject=words.subject,
        text=words.pointing_to(house.settings.base_url + page),
        language="fr",
        auto=True,
        message_tag=sign_message_tag(key, house.tag_keys),
    )
