"""The mail doors of the house: LMTP and IMAP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from channels.contract import StoreUnavailableError
from channels.mail.imap import MailboxStatus, MailboxWatcher
from channels.mail.lmtp import LmtpServer
from channels.message import RawMessage
from gateway import leases
from gateway.door import Door
from gateway.house import House
from store import operations

log = structlog.get_logger(__name__)


@asynccontextmanager
async def receiving(house: House, door: Door) -> AsyncIterator[LmtpServer]:
    """Listen by LMTP and watch every mailbox that has an IMAP server."""
    settings = house.settings
    lmtp = LmtpServer(
        door.submit,
        house.mailboxes,
        host=settings.lmtp_host,
        port=settings.lmtp_port,
        max_bytes=settings.max_mail_bytes,
        clock=house.now,
    )
    await lmtp.start()
    watchers = [_Owner(house, door, number) for number, box in enumerate(house.mailboxes) if box.imap_host]
    tasks = [asyncio.create_task(owner.run(), name="imap") for owner in watchers]
    try:
        yield lmtp
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(lmtp.stop(), *tasks, return_exceptions=True)


class _Owner:
    """Watches one mailbox while this process holds the right to, and tells how it does."""

    def __init__(self, house: House, door: Door, number: int) -> None:
        self._house = house
        self._door = door
        self._number = number
        self._box = house.mailboxes[number]
        self._since = house.now()
        self._new = 0
        self._failed = 0
        self._reached_at = house.now()

    async def run(self) -> None:
        """Try to become the owner, watch, and give up when the lease is lost."""
        while True:
            try:
                if await self._hold():
                    await self._watch()
            except asyncio.CancelledError:
                raise
            except Exception:
                # A mailbox must be watched again whatever happened; nobody else would begin anew.
                log.exception("watching a mailbox ended", mailbox=self._number)
            await asyncio.sleep(leases.EVERY)

    async def _watch(self) -> None:
        watcher = MailboxWatcher(
            self._box,
            self._submit,
            max_bytes=self._house.settings.max_mail_bytes,
            clock=self._house.now,
            alarm=self._alarm,
        )
        watching = asyncio.create_task(watcher.run(), name="mailbox")
        try:
            while not watching.done():
                # The first word about a mailbox comes soon, so that readiness does not guess.
                await asyncio.wait({watching}, timeout=1 if watcher.status.last_contact is None else leases.EVERY)
                await self._tell(watcher.status)
                if not await self._hold():
                    log.warning("another process owns this mailbox now", mailbox=self._number)
                    return
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _submit(self, raw: RawMessage) -> bool:
        new = await self._door.submit(raw)
        self._new += new
        return new

    def _alarm(self, _mailbox: str, words: str) -> None:
        self._failed += 1
        log.error("a mail was put into the folder for failures", mailbox=self._number, reason=words)

    async def _hold(self) -> bool:
        return await leases.hold(self._house, f"mailbox:{self._number}")

    async def _tell(self, status: MailboxStatus) -> None:
        now = self._house.now()
        self._reached_at = status.last_contact or self._reached_at
        if now - self._reached_at > timedelta(seconds=self._house.settings.mail_alarm_seconds):
            log.error("fetching has stopped", mailbox=self._number, state=status.state, error=status.error)
        detail = {
            "number": self._number,
            "error": status.error,
            "new": self._new,
            "failed": self._failed,
            "since": self._since.isoformat(),
            "last_contact": status.last_contact.isoformat() if status.last_contact else "",
        }
        with contextlib.suppress(StoreUnavailableError):
            async with self._house.store.write() as tx:
                await operations.beat(tx, f"mailbox:{self._box.address}", status.state, detail, now=now)
