"""Mail fetched from a mailbox by IMAP: one thread owns the connection, the event loop only keeps what it brings."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import imaplib
import random
import ssl
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import structlog

from channels.contract import StoreUnavailableError, Submit
from channels.mail.fingerprint import external_id
from channels.mail.imap_session import Fetched, ImapSession, LoginRefusedError, imap_password
from channels.mail.oauth import TokenRefusedError, TokenSource
from channels.message import RawMessage
from config.mailboxes import MailboxSettings

log = structlog.get_logger(__name__)
T = TypeVar("T")

State = Literal["starting", "watching", "unreachable", "refused", "store_unavailable", "stopped"]
# Called in the event loop with the mailbox's address and what happened, in fixed words without personal data.
Alarm = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class WatcherTimes:
    """Seconds. `idle` + `read` is how long a frozen server goes unnoticed at most."""

    connect: float = 10
    read: float = 20
    idle: float = 30
    submit: float = 120
    first_delay: float = 1
    longest_delay: float = 60
    refused_delay: float = 300
    stop: float = 0.9


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """How a mailbox is doing, for readiness and alarms. `error` names the last trouble in a word; "" when there is none."""

    state: State = "starting"
    last_contact: datetime | None = None
    last_item_at: datetime | None = None
    error: str = ""


class _StoppedError(Exception):
    """The watcher was told to stop while its thread was at work."""


class MailboxWatcher:
    """Brings every mail of one mailbox's folder to `submit`, then moves it to the folder for processed ones.

    At least once: a crash between the two repeats the mail, and the store knows it again by its external id. A mail is
    put away in the "failed" folder, with an alarm, when it is over `max_bytes` (its first part is submitted all the same,
    with "truncated_from" in the envelope) or when the store has refused it three times.
    """

    def __init__(
        self,
        mailbox: MailboxSettings,
        submit: Submit,
        *,
        clock: Callable[[], datetime],
        max_bytes: int,
        alarm: Alarm = lambda _mailbox, _words: None,
        times: WatcherTimes = WatcherTimes(),
        ssl_context: ssl.SSLContext | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._mailbox = mailbox
        self._submit = submit
        self._clock = clock
        self._max_bytes = max_bytes
        self._alarm = alarm
        self._times = times
        self._ssl_context = ssl_context
        self._jitter = jitter
        self._tokens = TokenSource(mailbox) if mailbox.oauth_token_url else None
        self._status = MailboxStatus()
        self._stopped = threading.Event()
        self._session: ImapSession | None = None
        self._pending: concurrent.futures.Future[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._delay = times.first_delay
        # Mails of the folder as it is now: those handed over that could not be moved, and how often one was refused.
        self._uid_validity = 0
        self._handed_over: set[int] = set()
        self._refusals: dict[int, int] = {}

    @property
    def status(self) -> MailboxStatus:
        """How it is doing at this moment; may be read from any thread."""
        return self._status

    async def run(self) -> None:
        """Watch until cancelled. Trouble with the server or the store never ends it."""
        self._loop = asyncio.get_running_loop()
        finished = self._loop.create_future()
        self._stopped.clear()

        def finish() -> None:
            if not finished.done():
                finished.set_result(None)

        def body() -> None:
            try:
                self._watch()
            finally:
                # The loop may be closed by now, if the thread was stuck in a system call when we were told to stop.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(finish)

        loop = self._loop
        threading.Thread(target=body, name="imap", daemon=True).start()
        try:
            await asyncio.shield(finished)
        finally:
            self.stop()
            await asyncio.wait([finished], timeout=self._times.stop)

    def stop(self) -> None:
        """Tell the thread to end, cutting what it is waiting for."""
        self._stopped.set()
        if (pending := self._pending) is not None:
            pending.cancel()
        if (session := self._session) is not None:
            session.interrupt()

    def _watch(self) -> None:
        """The thread: one session after the other, with growing pauses between failed ones."""
        while not self._stopped.is_set():
            try:
                self._one_session()
            except Exception as error:  # noqa: BLE001 - whatever a server says, its mailbox must be tried again
                if self._stopped.is_set():
                    break
                self._stopped.wait(self._pause_after(error))
        self._note(state="stopped")

    def _pause_after(self, error: Exception) -> float:
        """Note the trouble, and say how long to wait: long where trying again could lock the account."""
        if isinstance(error, LoginRefusedError | TokenRefusedError):
            self._note(state="refused", error=type(error).__name__)
            log.error("mailbox_login_refused", error=type(error).__name__)
            return self._times.refused_delay
        state: State = "store_unavailable" if isinstance(error, StoreUnavailableError) else "unreachable"
        self._note(state=state, error=type(error).__name__)
        delay = self._delay
        self._delay = min(self._delay * 2, self._times.longest_delay)
        log.warning("mailbox_trouble", state=state, error=type(error).__name__)
        # Between half and the whole of it, so that many mailboxes do not knock at the same moment.
        return delay * (0.5 + self._jitter() / 2)

    def _one_session(self) -> None:
        times = self._times
        session = ImapSession(
            self._mailbox, connect_seconds=times.connect, read_seconds=times.read, ssl_context=self._ssl_context
        )
        self._session = session
        try:
            self._log_in(session)
            session.make_folders()
            while not self._stopped.is_set():
                self._remember_folder(session.open())
                self._drain(session)
                self._delay = times.first_delay
                self._note(state="watching", last_contact=self._clock(), error="")
                session.wait(times.idle, self._stopped)
        finally:
            self._session = None
            session.close()

    def _log_in(self, session: ImapSession) -> None:
        if self._stopped.is_set():
            # Told so while connecting, when there was no session yet to cut.
            raise _StoppedError
        if self._tokens is None:
            session.login(password=imap_password(self._mailbox))
            return
        try:
            session.login(token=self._in_loop(self._tokens.token(), self._times.submit))
        except LoginRefusedError:
            self._tokens.forget()
            raise

    def _remember_folder(self, uid_validity: int) -> None:
        """UIDs mean something within one UIDVALIDITY only (RFC 3501 2.3.1.1); the folder may have been made anew."""
        if uid_validity != self._uid_validity:
            self._uid_validity = uid_validity
            self._handed_over.clear()
            self._refusals.clear()

    def _drain(self, session: ImapSession) -> None:
        for uid in session.waiting():
            if self._stopped.is_set():
                return
            if uid not in self._handed_over:
                self._take(session, uid)

    def _take(self, session: ImapSession, uid: int) -> None:
        fetched = session.fetch(uid, self._max_bytes)
        if fetched is None:
            return
        try:
            self._in_loop(self._keep(self._message(fetched)), self._times.submit)
        except (StoreUnavailableError, OSError, _StoppedError):
            # The store is away, or did not answer in time: nothing is wrong with this mail.
            raise
        except Exception as error:  # noqa: BLE001 - one mail that the store cannot take must not hold up the others
            self._refused(session, uid, error)
            return
        self._note(state="watching", last_contact=self._clock(), last_item_at=self._clock(), error="")
        if fetched.truncated_from:
            self._raise_alarm("a mail over the size limit was kept in part; the whole is in the failed folder")
            self._put_away(session, uid, self._mailbox.failed_folder)
        else:
            self._put_away(session, uid, self._mailbox.processed_folder)

    def _message(self, fetched: Fetched) -> RawMessage:
        now = self._clock()
        # The promise counts from the day the mail reached the mailbox, also if we were down; never from the future.
        arrived_at = min(fetched.arrived_at.astimezone(UTC), now) if fetched.arrived_at else now
        note = {"truncated_from": str(fetched.truncated_from)} if fetched.truncated_from else {}
        return RawMessage(
            "email",
            self._mailbox.address.lower(),
            external_id(fetched.raw),
            fetched.raw,
            arrived_at,
            MappingProxyType(note),
        )

    async def _keep(self, message: RawMessage) -> None:
        new = await self._submit(message)
        log.info("mailbox_mail_kept", bytes=len(message.body), new=new)

    def _refused(self, session: ImapSession, uid: int, error: Exception) -> None:
        self._refusals[uid] = self._refusals.get(uid, 0) + 1
        log.error("mailbox_mail_refused_by_store", error=type(error).__name__, times=self._refusals[uid])
        if self._refusals[uid] >= 3:
            self._raise_alarm("a mail could not be kept; it is in the failed folder")
            self._put_away(session, uid, self._mailbox.failed_folder)

    def _put_away(self, session: ImapSession, uid: int, folder: str) -> None:
        try:
            session.put_away(uid, folder)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            # Handed over but not to be moved (quota, rights): not fetched again until the next start.
            self._handed_over.add(uid)
            log.error("mailbox_mail_not_moved", error=type(error).__name__)
            self._raise_alarm("a mail was handed over but could not be moved")

    def _in_loop(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Do something in the event loop and wait for it here. Raises _StoppedError when told to stop meanwhile."""
        assert self._loop is not None  # noqa: S101 - run() sets it before it starts the thread
        if self._stopped.is_set():
            work.close()
            raise _StoppedError
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._pending = future
        if self._stopped.is_set():
            # Told so in between, when stop() had nothing yet to cancel.
            future.cancel()
        try:
            return future.result(seconds)
        except concurrent.futures.CancelledError:
            raise _StoppedError from None
        finally:
            future.cancel()
            self._pending = None

    def _raise_alarm(self, words: str) -> None:
        if self._loop is not None and not self._stopped.is_set():
            self._loop.call_soon_threadsafe(self._alarm, self._mailbox.address, words)

    def _note(self, **changes: Any) -> None:
        self._status = replace(self._status, **changes)
