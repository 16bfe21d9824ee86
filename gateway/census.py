"""What the mailboxes themselves say, against the register: mails that never came over, and doors that fell silent."""

from __future__ import annotations

import imaplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from channels.mail.census import take_census
from channels.mail.imap_session import LoginRefusedError
from channels.mail.oauth import TokenRefusedError, TokenUnavailableError
from config.settings import MailboxSettings
from gateway.house import House
from store import deliveries, operations
from store.database import Tx

log = structlog.get_logger(__name__)

# What reached a mailbox within this time may still be on its way over.
UNDER_WAY: Final = timedelta(minutes=15)
# An account is silent once so many messages would usually have come.
SILENCE: Final = 3.0
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


@dataclass(frozen=True, slots=True)
class Silence:
    """An account on which nothing has come for much longer than usual."""

    account: str
    since: datetime


async def silences(tx: Tx, *, now: datetime) -> Sequence[Silence]:
    """The accounts that are silent now: three messages would usually have come since the last."""
    found = []
    for account in await deliveries.accounts(tx, since=now - timedelta(weeks=5)):
        last = await operations.last_received(tx, account=account)
        if last is not None and await deliveries.usual(tx, account, last, now) >= SILENCE:
            found.append(Silence(account, last))
    return found
