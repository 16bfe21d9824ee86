"""Handing mails to the outside: by SMTP, or into files where no SMTP server is set."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import aiosmtplib
import structlog

from channels.contract import Delivery, Sends
from channels.mail.compose import Composed, compose
from channels.mail.headers import UnusableAddressError
from channels.message import OutboundMessage
from channels.sent_files import SentFiles
from config.mailboxes import MailboxSettings
from config.settings import Settings

log = structlog.get_logger(__name__)

# A fixed word rather than the host's name, which would be looked up while the loop stands still.
_HELLO = "guichet.invalid"
_GOODBYE_SECONDS = 2
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
# Refusals that speak of us, not of this mail: a person must mend a setting, and the mail may go then.
_OUR_OWN_FAULT = frozenset({530, 534, 535, 538})


def mail_sender(
    settings: Settings,
    mailboxes: Sequence[MailboxSettings],
    *,
    keys: Sequence[bytes],
    instance: str,
    clock: Callable[[], datetime],
) -> Sends:
    """The sender that the settings ask for: SMTP when there is a server, files in `sent/` of the data folder otherwise."""
    composer = Composer(mailboxes, keys=keys, instance=instance, clock=clock)
    if not settings.smtp_host:
        return FileSender(composer, settings.data / "sent")
    return MailSender(
        composer,
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
    )


class Composer:
    """Makes the mail for a message, from the mailbox that its account names."""

    def __init__(
        self,
        mailboxes: Sequence[MailboxSettings],
        *,
        keys: Sequence[bytes],
        instance: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._mailboxes = {box.address.lower(): box for box in mailboxes}
        self._keys = tuple(keys)
        self._instance = instance
        self._clock = clock

    def compose(self, message: OutboundMessage) -> Composed:
        """The mail. Raises UnusableAddressError for a recipient, or an account, that mail cannot go to or from."""
        mailbox = self._mailboxes.get(message.account.lower())
        if mailbox is None:
            raise UnusableAddressError
        return compose(message, mailbox, keys=self._keys, instance=self._instance, now=self._clock())


class MailSender:
    """Sends over one SMTP server, a connection for each mail, at most `per_domain` at once to one recipient domain.

    So a domain that hangs keeps its own places only and delays nobody else. TLS is verified and never given up: with
    "starttls", a server that does not offer it gets nothing (M15).
    """

    def __init__(
        self,
        composer: Composer,
        *,
        host: str,
        port: int,
        tls: str,
        user: str = "",
        password: str = "",
        tls_context: ssl.SSLContext | None = None,
        seconds: float = 60,
        per_domain: int = 5,
    ) -> None:
        self._composer = composer
        self._host, self._port, self._tls = host, port, tls
        self._user, self._password = user, password
        self._tls_context = tls_context if tls_context or tls == "none" else ssl.create_default_context()
        self._seconds = seconds
        self._per_domain = per_domain
        self._places: dict[str, tuple[asyncio.Semaphore, int]] = {}

    async def send(self, message: OutboundMessage) -> Delivery:
        """Hand one mail to the server. An unknown end (no reply to the data) is "later", with the same Message-ID again."""
        try:
            mail = await asyncio.to_thread(self._composer.compose, message)
        except UnusableAddressError:
            return Delivery("failed", "553 5.1.3")
        async with self._place(mail.rcpt_to.rpartition("@")[2]):
            delivery = await self._deliver(mail)
        log.info("mail_handed_over", outcome=delivery.outcome, code=delivery.code)
        return delivery

    async def _deliver(self, mail: Composed) -> Delivery:
        try:
            await self._converse(mail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _delivery_after(error, mail)
        return Delivery("sent", "250", provider_id=mail.message_id)

    async def _converse(self, mail: Composed) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            local_hostname=_HELLO,
            timeout=self._seconds,
            use_tls=self._tls == "tls",
            start_tls=self._tls == "starttls",
            tls_context=self._tls_context,
            username=self._user or None,
            password=self._password or None,
        )
        options = ["SMTPUTF8", "BODY=8BITMIME"] if mail.smtputf8 else []
        try:
            async with asyncio.timeout(self._seconds * 2):
                await client.connect()
                await client.sendmail(mail.mail_from, [mail.rcpt_to], mail.data, mail_options=options)
            # The mail is theirs by now: a server that is slow to say goodbye changes nothing of it.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_SECONDS)
        finally:
            client.close()

    @asynccontextmanager
    async def _place(self, domain: str) -> AsyncIterator[None]:
        """One of the domain's places; what is counted for it is forgotten with its last mail."""
        places, users = self._places.get(domain, (asyncio.Semaphore(self._per_domain), 0))
        self._places[domain] = (places, users + 1)
        try:
            async with places:
                yield
        finally:
            places, users = self._places.pop(domain)
            if users > 1:
                self._places[domain] = (places, users - 1)


class FileSender:
    """Writes each mail into a file named by its key, whole or not at all; the same key writes the same file again."""

    def __init__(self, composer: Composer, folder: Path) -> None:
        self._composer = composer
        self._files = SentFiles(folder, "eml")

    async def send(self, message: OutboundMessage) -> Delivery:
        """Write one mail. A full or missing disk is "later"."""
        try:
            mail = await asyncio.to_thread(self._composer.compose, message)
            await asyncio.to_thread(self._files.write, message.key, mail.data)
        except UnusableAddressError:
            return Delivery("failed", "553 5.1.3")
        except OSError as error:
            return Delivery("later", f"452 {type(error).__name__}")
        return Delivery("sent", "250", provider_id=mail.message_id)


def _delivery_after(error: Exception, mail: Composed) -> Delivery:
    """What an error of the conversation means for this mail."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _refused(error.recipients[0].code, error.recipients[0].message)
        case aiosmtplib.SMTPAuthenticationError() | aiosmtplib.SMTPConnectResponseError():
            return Delivery("later", _code(error.code, error.message))
        case aiosmtplib.SMTPResponseException():
            return _refused(error.code, error.message)
        case aiosmtplib.SMTPNotSupported() if mail.smtputf8:
            # The recipient's address needs an extension that the server lacks (RFC 6531 3.2).
            return Delivery("failed", "553 5.6.7")
        case ValueError() if not isinstance(error, OSError):
            # An address that the library itself finds unsafe to send. (A bad certificate is a ValueError as well.)
            return Delivery("failed", "553 5.1.3")
    # No connection, no TLS, no reply: nothing is known of this mail but that it may be tried again.
    return Delivery("later", f"421 {type(error).__name__}")


def _refused(code: int, text: str) -> Delivery:
    permanent = 500 <= code < 600 and code not in _OUR_OWN_FAULT
    return Delivery("failed" if permanent else "later", _code(code, text))


def _code(code: int, text: str) -> str:
    """The reply code and the enhanced one (RFC 3463). The text itself is left out: servers repeat the address in it."""
    enhanced = _ENHANCED.match(text.strip())
    return f"{code} {enhanced[0]}" if enhanced else str(code)
