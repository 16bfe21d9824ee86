"""What the providers of texts and chats hold, against the register (rule H5). A provider that is not configured is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.contract import Submit
from gateway.house import House


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A message to us that Twilio has. Its name and its moment may be shown; its words and its sender may not (rule L1)."""

    channel: str
    sid: str
    sent_at: datetime
    taken_in: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What was heard. `differences` make the reconciliation fail; `told` is for whoever reads it; neither holds personal data."""

    differences: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    def and_(self, other: Asked) -> Asked:
        """Both together."""
        return Asked(
            (*self.differences, *other.differences),
            (*self.told, *other.told),
            (*self.elsewhere, *other.elsewhere),
        )

    @property
    def taken_in(self) -> int:
        """How many messages were taken in from elsewhere."""
        return sum(one.taken_in for one in self.elsewhere)

    def as_json(self) -> dict[str, Any]:
        """For `guichet reconcile --json`."""
        return {
            "told": list(self.told),
            "elsewhere": [
                {
                    "channel": one.channel,
                    "sid": one.sid,
                    "sent_at": one.sent_at.isoformat(),
                    "taken_in": one.taken_in,
                }
                for one in self.elsewhere
            ],
        }


async def ask_providers(house: House, *, since: datetime, now: datetime, take_in: Submit | None = None) -> Asked:
    """Ask Twilio and Telegram. With `take_in`, what Twilio has and we have not goes in by that door.

    Raises StoreUnavailableError.
    """
    return (await ask_twilio(house, since=since, now=now, take_in=take_in)).and_(await ask_telegram(house, now=now))


async def ask_twilio(house: House, *, since: datetime, now: datetime, take_in: Submit | None = None) -> Asked:
    """As `ask_providers`, Twilio alone."""
    if not house.settings.twilio_auth_token.get_secret_value():
        return Asked()
    from gateway import texts_held  # noqa: PLC0415 (Twilio's library is loaded only where there is an account)

    return await texts_held.ask(house, since=since, now=now, take_in=take_in)


async def ask_telegram(house: House, *, now: datetime) -> Asked:
    """As `ask_providers`, Telegram alone: only with a webhook, since who asks for updates misses none."""
    if not house.settings.telegram_webhook_secret.get_secret_value():
        return Asked()
    from gateway import updates_held  # noqa: PLC0415 (Telegram's library is loaded only where there is a bot)

    return await updates_held.ask(house, now=now)
