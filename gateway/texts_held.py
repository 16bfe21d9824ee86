"""Texts that Twilio holds and the register does not: named, and taken in by the door of their webhook (rule H5).

Twilio calls once, and as shipped it does not call again: what came while the store could not commit is in its list alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, get_args

import structlog

from channels.contract import Submit
from channels.twilio_sms.census import CannotAskError, Census, Channel, Held, asking
from channels.twilio_sms.send import account_of
from gateway.house import House
from gateway.providers import Asked, Elsewhere
from store import deliveries, operations

log = structlog.get_logger(__name__)

# Of a younger message the webhook may still come, which says more of it than the list does.
UNDER_WAY: Final = timedelta(minutes=2)
# The sign that says until when Twilio wants to be left alone, whichever process was told so.
SIGN: Final = "twilio-list"
_WHY: Final = {
    "refused": "does not take GUICHET_TWILIO_ACCOUNT_SID and GUICHET_TWILIO_AUTH_TOKEN: nothing was compared",
    "busy": "takes no questions now: nothing is proven about what it holds",
    "unreachable": "could not be asked what it holds",
}


async def ask(house: House, *, since: datetime, now: datetime, take_in: Submit | None = None) -> Asked:
    """Compare Twilio's list with the inbox. With `take_in`, what is missing goes in, oldest first.

    Raises StoreUnavailableError.
    """
    account = account_of(house.settings)
    if account is None:
        return Asked()
    async with house.store.read() as tx:
        sign = await operations.beat_of(tx, SIGN)
    if sign is not None and (until := _moment(sign.detail.get("not_before"))) and now < until:
        return Asked((f"Twilio: wants to be left alone until {until:%H:%M} UTC: nothing was compared",))
    found: list[Elsewhere] = []
    try:
        async with asking(account) as census:
            for channel in get_args(Channel):
                for held in await _missing(house, census, channel, since, now):
                    if take_in is not None:
                        await take_in(await census.raw(held))
                    found.append(Elsewhere(channel, held.sid, held.sent_at, taken_in=take_in is not None))
    except CannotAskError as error:
        log.warning("Twilio could not be asked what it holds", reason=error.reason)
        await _tell(house, error.reason, now=now, after_seconds=error.after_seconds)
        return Asked((f"Twilio: {_WHY[error.reason]}", *_differences(found)), elsewhere=tuple(found))
    await _tell(house, "asked", now=now)
    return Asked(_differences(found), elsewhere=tuple(found))


async def _missing(house: House, census: Census, channel: Channel, since: datetime, now: datetime) -> list[Held]:
    held = await census.held(channel, since=since, until=now - UNDER_WAY)
    if not held:
        return []
    async with house.store.read() as tx:
        missing = await deliveries.missing(tx, channel, held[0].account, {one.sid for one in held})
    return [one for one in held if one.sid in missing]


def _differences(found: Sequence[Elsewhere]) -> tuple[str, ...]:
    left = Counter(one.channel for one in found if not one.taken_in)
    return tuple(f"{channel}: messages that Twilio holds and the register does not: {n}" for channel, n in left.items())


async def _tell(house: House, state: str, *, now: datetime, after_seconds: float = 0) -> None:
    not_before = (now + timedelta(seconds=after_seconds)).isoformat() if after_seconds else ""
    async with house.store.write() as tx:
        await operations.beat(tx, SIGN, state, {"not_before": not_before}, now=now)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
