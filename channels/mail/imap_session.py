"""One connection to one mailbox by IMAP, blocking, for the thread that owns it: log in, list, fetch, file away, wait."""

from __future__ import annotations

import contextlib
import imaplib
import logging
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from channels.mail.oauth import sasl_xoauth2
from config.mailboxes import MailboxSettings

# Its debug lines hold user names and every line of the conversation, which no log of ours may.
logging.getLogger("imapclient").setLevel(logging.WARNING)

_SEEN, _DELETED = b"\\Seen", b"\\Deleted"
# Of a mail that is over the limit so much is read: its header and, nearly always, its text.
FIRST_PART = 1024 * 1024
# The dates of so many mails are asked for in one command.
_AT_ONCE = 500


class LoginRefusedError(Exception):
    """The server does not let us in with what we have; trying again at once would only lock the account."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as the server holds it. `truncated_from` is its full size when only the first part was read, else 0.

    `arrived_at` is when it reached the mailbox (IMAP's INTERNALDATE), aware; None when the server does not tell.
    """

    raw: bytes
    arrived_at: datetime | None
    truncated_from: int = 0


def imap_password(mailbox: MailboxSettings, environment: Mapping[str, str] = os.environ) -> str:
    """The mailbox's password: from GUICHET_IMAP_PASSWORD_<ADDRESS IN CAPITALS, OTHER SIGNS AS _>, or its settings."""
    name = "GUICHET_IMAP_PASSWORD_" + re.sub(r"[^A-Z0-9]", "_", mailbox.address.upper())
    return environment.get(name) or mailbox.imap_password.get_secret_value()


class ImapSession:
    """A logged-in connection with the mailbox's folder open.

    Every method may raise imaplib.IMAP4.error or OSError (time-outs included): the connection is then of no more use.
    `interrupt()` may be called from another thread, and makes the call that is under way fail at once.
    """

    def __init__(
        self,
        mailbox: MailboxSettings,
        *,
        connect_seconds: float,
        read_seconds: float,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Connect, by TLS unless the settings say "none" (loopback only). Certificates are verified (M15)."""
        context = ssl_context or ssl.create_default_context()
        self._mailbox = mailbox
        self._folders: dict[str, str] = {}
        self._client = IMAPClient(
            mailbox.imap_host,
            mailbox.imap_port,
            ssl=mailbox.imap_tls == "tls",
            ssl_context=context,
            timeout=SocketTimeout(connect_seconds, read_seconds),
        )
        self._client.normalise_times = False
        if mailbox.imap_tls == "starttls":
            try:
                # Raises when the server does not offer it: there is no way on in plain text.
                self._client.starttls(context)
            except BaseException:
                self.close()
                raise

    def login(self, *, password: str = "", token: str = "") -> None:
        """Log in, by XOAUTH2 when a token is given. Raises LoginRefusedError."""
        user = self._mailbox.imap_user or self._mailbox.address
        try:
            if token:
                self._client.sasl_login("XOAUTH2", _once(sasl_xoauth2(user, token)))
            else:
                self._client.login(user, password)
        except LoginError as error:
            # imapclient says LoginError too when the connection broke, and when the server is only busy (RFC 5530).
            if isinstance(error.__context__, imaplib.IMAP4.abort) or "[UNAVAILABLE]" in str(error):
                raise ConnectionError("the server broke off the log-in") from None
            raise LoginRefusedError from None

    def make_folders(self) -> None:
        """Make the two folders where mails are put away, if they are missing."""
        for name in (self._mailbox.processed_folder, self._mailbox.failed_folder):
            self._folders[name] = self._made(name)

    def open(self) -> int:
        """Open the folder, or open it again, and return its UIDVALIDITY.

        A folder that was deleted and made anew under an open connection goes on looking empty there (Dovecot 2.3), so
        it has to be opened again each time one looks for mail.
        """
        return int(self._client.select_folder(self._mailbox.folder)[b"UIDVALIDITY"])

    def waiting(self) -> list[int]:
        """The UIDs of all mails that were not put away yet, oldest first, whether somebody has read them or not.

        A mail which a colleague opened before we fetched it is no less a complaint; so \\Seen decides nothing here.
        """
        return sorted(self._client.search("UNDELETED"))

    def arrived(self, folder: str, since: datetime, until: datetime) -> list[int]:
        """Open a folder for reading only; the UIDs of the mails in it that reached the server in that time."""
        self._client.select_folder(self._folders.get(folder, folder), readonly=True)
        # SINCE counts by the server's own days (RFC 3501 6.4.4), so a day more is asked and sorted out here.
        uids = self._client.search(["SINCE", (since - timedelta(days=1)).date(), "UNDELETED"])
        found = []
        for start in range(0, len(uids), _AT_ONCE):
            about = self._client.fetch(uids[start : start + _AT_ONCE], ["INTERNALDATE"])
            found += [
                uid
                for uid, items in about.items()
                if items.get(b"INTERNALDATE") and since <= items[b"INTERNALDATE"] < until
            ]
        return sorted(found)

    def fetch(self, uid: int, max_bytes: int) -> Fetched | None:
        """Read a mail without marking it; None when it has gone. Over `max_bytes` only its first part is read."""
        about = self._client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]).get(uid)
        if about is None:
            return None
        size, arrived_at = int(about[b"RFC822.SIZE"]), about.get(b"INTERNALDATE")
        whole = size <= max_bytes
        # The limit is said to the server as well, since its sizes are not always right.
        items = self._client.fetch([uid], [f"BODY.PEEK[]<0.{max_bytes if whole else min(max_bytes, FIRST_PART)}>"])
        body = next((value for name, value in items.get(uid, {}).items() if name.startswith(b"BODY[]")), None)
        if body is None:
            return None
        if whole and len(body) == max_bytes != size:
            # Larger than the server said (some count otherwise): what was read is not all of it.
            whole = False
        return Fetched(body, arrived_at, 0 if whole else max(size, len(body)))

    def put_away(self, uid: int, folder: str) -> None:
        """Mark a mail as read and move it. Raises imaplib.IMAP4.error (not abort) when only this could not be done."""
        target = self._folders[folder]
        self._client.add_flags([uid], [_SEEN], silent=True)
        if self._client.has_capability("MOVE"):
            self._client.move([uid], target)
            return
        self._client.copy([uid], target)
        self._client.add_flags([uid], [_DELETED], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge([uid])
        # Without UIDPLUS it stays there, marked as deleted: EXPUNGE would take along what other people marked.

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Wait for news for so long at most. Returns early with news, and raises when the server is gone or frozen.

        `idle_check` returns nothing at once after a disconnect, and nothing in time from a frozen server: both look like
        "no news" and only the next two commands tell.
        """
        if not self._client.has_capability("IDLE"):
            stopped.wait(seconds)
        else:
            self._client.idle()
            self._client.idle_check(timeout=seconds)
            self._client.idle_done()
        if not stopped.is_set():
            self._client.noop()

    def interrupt(self) -> None:
        """Cut the connection from another thread."""
        with contextlib.suppress(OSError, AttributeError):
            # Not SSLSocket.shutdown, which takes the TLS layer from under the thread that is reading.
            socket.socket.shutdown(self._client.socket(), socket.SHUT_RDWR)

    def close(self) -> None:
        """Close without a LOGOUT, for which a frozen server would be waited."""
        with contextlib.suppress(OSError, IMAPClientError):
            self._client.shutdown()

    def _made(self, name: str) -> str:
        """The folder's full name on this server, where it exists from now on.

        Some servers keep all folders under a prefix such as "INBOX." and refuse others (RFC 2342).
        """
        if self._client.folder_exists(name):
            return name
        prefix, separator = "", "/"
        if self._client.has_capability("NAMESPACE"):
            personal = self._client.namespace().personal
            prefix, separator = personal[0] if personal else (prefix, separator)
        full = name if name.startswith(prefix) else prefix + name.replace("/", separator or "/")
        if not self._client.folder_exists(full):
            self._client.create_folder(full)
            self._client.subscribe_folder(full)
        return full


def _once(response: bytes) -> Callable[[bytes], Any]:
    """A SASL client that answers once: a second challenge is the server's error report, and wants an empty answer."""
    answers = iter([response])
    return lambda _challenge: next(answers, b"")
