"""What a mailbox itself holds, asked beside the watcher: the other half of the daily reconciliation."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime

from channels.mail.fingerprint import external_id
from channels.mail.imap_session import ImapSession, imap_password
from channels.mail.oauth import TokenSource
from config.mailboxes import MailboxSettings


@dataclass(frozen=True, slots=True)
class Census:
    """Mails that reached a mailbox in a period: `waiting` to be fetched, and `put_away` after they were.

    `identities` are the external ids of those put away, read only when they are more than the register knows of: reading
    every mail again is dear.
    """

    waiting: int
    put_away: int
    identities: frozenset[str] = frozenset()


async def take_census(
    mailbox: MailboxSettings,
    *,
    since: datetime,
    until: datetime,
    known: int,
    max_bytes: int,
    ssl_context: ssl.SSLContext | None = None,
) -> Census:
    """Count the mails of a period (aware datetimes, `until` not included) by the day they reached the server.

    `known` is how many the register knows of. Changes nothing in the mailbox. Raises LoginRefusedError,
    TokenRefusedError, TokenUnavailableError, imaplib.IMAP4.error or OSError.
    """
    token = await TokenSource(mailbox).token() if mailbox.oauth_token_url else ""
    return await asyncio.to_thread(_take, mailbox, token, (since, until), known, max_bytes, ssl_context)


def _take(
    mailbox: MailboxSettings,
    token: str,
    period: tuple[datetime, datetime],
    known: int,
    max_bytes: int,
    ssl_context: ssl.SSLContext | None,
) -> Census:
    session = ImapSession(mailbox, connect_seconds=10, read_seconds=10, ssl_context=ssl_context)
    try:
        session.login(password="" if token else imap_password(mailbox), token=token)
        session.make_folders()
        waiting = len(session.arrived(mailbox.folder, *period))
        put_away = 0
        identities: set[str] = set()
        for folder in (mailbox.processed_folder, mailbox.failed_folder):
            put_away += len(session.arrived(folder, *period))
        if put_away > known:
            for folder in (mailbox.processed_folder, mailbox.failed_folder):
                for uid in session.arrived(folder, *period):
                    if fetched := session.fetch(uid, max_bytes):
                        identities.add(external_id(fetched.raw))
        return Census(waiting, put_away, frozenset(identities))
    finally:
        session.close()
