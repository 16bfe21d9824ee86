"""What the mailboxes themselves say, against the register: mails that were not fetched, or were put away and never came over."""

from __future__ import annotations

import imaplib
from datetime import datetime, timedelta
from typing import Final

import structlog

from channels.mail.census import take_census
from channels.mail.imap_session import LoginRefusedError
from channels.mail.oauth import TokenRefusedError, TokenUnavailableError
from config.mailboxes import MailboxSettings
from gateway.house import House
from store import deliveries

log = structlog.get_logger(__name__)

# What reached a mailbox within this time may still be on its way over.
UNDER_WAY: Final = timedelta(minutes=15)
# So many days of a mailbox are compared.
ASKED_DAYS: Final = 2
_CANNOT_ASK: Final = (LoginRefusedError, TokenRefusedError, TokenUnavailableError, imaplib.IMAP4.error, OSError)


async def ask_mailboxes(house: House, *, since: datetime, now: datetime) -> tuple[str, ...]:
    """What differs between the mailboxes and the register, in words without personal data; empty when nothing does."""
    found: list[str] = []
    for box in house.mailboxes:
        if box.imap_host:
            found += [f"{box.address}: {words}" for words in await _ask(house, box, since, now - UNDER_WAY)]
    return tuple(found)


async def _ask(house: House, box: MailboxSettings, since: datetime, until: datetime) -> list[str]:
    async with house.store.read() as tx:
        known = await deliveries.count(tx, box.address.lower(), since, until)
    try:
        census = await take_census(box, since=since, until=until, known=known, max_bytes=house.settings.max_mail_bytes)
    except _CANNOT_ASK as error:
        log.warning("a mailbox could not be asked what it holds", error=type(error).__name__)
        return ["its mailbox could not be asked what it holds"]
    found = []
    if census.waiting:
        found.append(f"mails that wait in its mailbox for more than 15 minutes: {census.waiting}")
    if census.identities:
        async with house.store.read() as tx:
            lost = await deliveries.unknown(tx, box.address.lower(), census.identities)
        if lost:
            found.append(f"mails put away in its mailbox that the register does not hold: {lost}")
    return found
