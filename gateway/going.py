"""Whether a message may go out now: who wants nothing more, what texts may cost, how old a line of the robot may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog

from channels.message import Sender
from channels.telegram_bot.send import SHUT_OUT
from channels.twilio_sms.costs import LastHour, Policy, judge
from channels.twilio_sms.send import OPTED_OUT
from config.settings import Settings
from config.vocabulary import CONVERSING
from gateway.house import House
from store import codes, deliveries, domain_rates, inbox, opted_out, outbox, outbox_figures, people
from store.database import Tx
from store.outbox import Outgoing

log = structlog.get_logger(__name__)

# A temporary refusal is tried again after 1, 2, 4 … minutes, at most every 4 hours, for 5 days (RFC 5321, 4.5.4.1).
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=4)
GIVE_UP_AFTER: Final = timedelta(days=5)
# In a conversation somebody waits: after 10, 20, 40 … seconds, at most every quarter of an hour.
FIRST_WAIT_IN_TALK: Final = timedelta(seconds=10)
LONGEST_WAIT_IN_TALK: Final = timedelta(minutes=15)
# A question that the robot put so long ago is out of place; what it says of a case is worth a day, and then a colleague sees
# that it did not arrive. What a person wrote is tried as long as a mail.
STALE_AFTER: Final = timedelta(hours=4)
STALE_AFTER_OF_A_CASE: Final = timedelta(hours=24)
# A code that somebody asked for is of no use once it has ended.
_GIVE_UP_A_CODE_AFTER: Final = codes.LIFE
# Automatic mail to one recipient domain, a minute, of all workers together.
PER_DOMAIN_A_MINUTE: Final = 60
# When a text is looked at again that found the bounds of the hour reached.
RATE_WAIT: Final = timedelta(minutes=5)
AN_HOUR: Final = timedelta(hours=1)
# What the console says in words of a message that we ourselves did not let go.
STALE: Final = "stale"
# The answers to STOP, START and HELP, which go to whoever asked, once.
KEYWORD: Final = "keyword-"


@dataclass(frozen=True, slots=True)
class Going:
    """ "go"; "hold": not now, again at `at`; "refuse": never. `code` says why."""

    outcome: Literal["go", "hold", "refuse"]
    code: str = ""
    at: datetime | None = None


_GO: Final = Going("go")


def patience(outgoing: Outgoing) -> timedelta:
    """How long after it was written a message is still tried."""
    message = outgoing.message
    if message.key.startswith("code-"):
        return _GIVE_UP_A_CODE_AFTER
    if message.auto and message.channel in CONVERSING:
        return STALE_AFTER if outgoing.case_id is None else STALE_AFTER_OF_A_CASE
    return GIVE_UP_AFTER


def wait_after(outgoing: Outgoing, asked_for: float) -> timedelta:
    """How long to wait after an attempt: as long as the provider asked for (in seconds), else longer each time."""
    if asked_for > 0:
        return min(timedelta(seconds=asked_for), LONGEST_WAIT)
    talk = outgoing.message.channel in CONVERSING
    first, longest = (FIRST_WAIT_IN_TALK, LONGEST_WAIT_IN_TALK) if talk else (FIRST_WAIT, LONGEST_WAIT)
    return min(first * (1 << min(outgoing.attempt - 1, 12)), longest)


def domain_of(outgoing: Outgoing) -> str:
    """The recipient's domain of a mail; empty for every other message."""
    message = outgoing.message
    return message.recipient.rpartition("@")[2].lower() if message.channel == "email" else ""


def in_order(claimed: Sequence[Outgoing]) -> list[list[Outgoing]]:
    """The messages to one address on a chat channel together, as they follow each other; every other one alone.

    Conversations come first, then mail by domain: whoever counts, counts in one order, and no two workers wait for each other.
    """
    lines: dict[str, list[Outgoing]] = {}
    for outgoing in claimed:
        thread = None if outgoing.message.key.startswith(KEYWORD) else outbox.thread_to(outgoing.message)
        lines.setdefault(thread or f"one {outgoing.id}", []).append(outgoing)
    return sorted(lines.values(), key=lambda line: (line[0].message.channel not in CONVERSING, domain_of(line[0])))


async def may_go(tx: Tx, house: House, outgoing: Outgoing, *, now: datetime) -> Going:
    """Whether one message that is in hand may be handed to its provider."""
    message = outgoing.message
    short_lived = patience(outgoing) < GIVE_UP_AFTER
    if short_lived and now - outgoing.created_at >= patience(outgoing):
        return Going("refuse", STALE)
    if message.channel == "email":
        return await _within_the_rate(tx, outgoing, now)
    if message.key.startswith(KEYWORD):
        return _GO
    if await opted_out.has(tx, message.channel, message.recipient):
        return Going("refuse", OPTED_OUT)
    if message.channel == "telegram" and message.auto and await _is_shut_out(tx, outgoing):
        return Going("refuse", SHUT_OUT)
    return await _worth_its_price(tx, house.settings, outgoing, now) if message.channel == "sms" else _GO


async def _is_shut_out(tx: Tx, outgoing: Outgoing) -> bool:
    """Whether its reader is known to have shut the bot out. What a person writes is tried all the same: they see it end."""
    contact = await people.find_contact(tx, Sender("telegram", outgoing.message.recipient))
    return contact is not None and contact.unreachable


async def _within_the_rate(tx: Tx, outgoing: Outgoing, now: datetime) -> Going:
    """Automatic mail is held until the next minute once its domain has had enough in this one; people's is not counted."""
    if outgoing.message.auto and not await domain_rates.take(
        tx, domain_of(outgoing), most=PER_DOMAIN_A_MINUTE, now=now
    ):
        return Going("hold", "rate", now.replace(second=0, microsecond=0) + timedelta(minutes=1))
    return _GO


async def _worth_its_price(tx: Tx, settings: Settings, outgoing: Outgoing, now: datetime) -> Going:
    """Rule H7. A colleague who writes several texts in a row is not held by the bound of one number, but counted."""
    message = outgoing.message
    gone = await outbox_figures.gone_since(tx, outgoing, now - AN_HOUR)
    thread = inbox.thread("sms", settings.sms_number or message.account, message.recipient)
    heard = await deliveries.from_thread(tx, thread, since=now - AN_HOUR)
    policy = Policy(settings.sms_countries, settings.sms_per_number_an_hour, settings.sms_an_hour)
    verdict = judge(message.recipient, LastHour(gone.to_address, gone.to_all, heard), policy)
    if verdict.alarm:
        log.error("no more texts go out in this hour", reason=verdict.reason, outgoing=outgoing.id)
    if verdict.outcome == "refuse":
        return Going("refuse", verdict.reason)
    if verdict.outcome == "hold" and (message.auto or verdict.reason != "number_rate"):
        return Going("hold", verdict.reason, now + RATE_WAIT)
    return _GO
