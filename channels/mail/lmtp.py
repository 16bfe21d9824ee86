"""Mail handed over by our own mail server: LMTP (RFC 2033).

Written over asyncio streams rather than on aiosmtpd, whose LMTP gives one reply for two recipients (the server then
delivers again) and a permanent refusal for a line over 1 000 bytes (a complaint would bounce).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import structlog

from channels.contract import StoreUnavailableError, Submit
from channels.mail.fingerprint import external_id
from channels.mail.wire import CHUNK, LineTooLongError, Wire, read_path
from channels.message import RawMessage
from config.mailboxes import MailboxSettings

log = structlog.get_logger(__name__)

# A mail over this size needs one of the few places for big ones, so that many at once cannot fill the memory.
_BIG = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LmtpLimits:
    """Bounds of one server. Times are seconds; RFC 5321 4.5.3.2 gives the minima that a server should wait."""

    connections: int = 50
    recipients: int = 100
    line_bytes: int = 4096
    errors: int = 20
    command_seconds: float = 300
    data_seconds: float = 180
    message_seconds: float = 1800
    submit_seconds: float = 120
    stop_seconds: float = 10
    big_mails: int = 2


@dataclass(slots=True)
class _Transaction:
    """What MAIL and RCPT said: accepted recipients in order, each with the mailbox of ours that it belongs to."""

    mail_from: str
    recipients: list[tuple[str, str]] = field(default_factory=list)


class LmtpServer:
    """Listens for our mail server; every accepted mail is with the store before its 250.

    `port` 0 takes a free one; after start() the property `port` tells it. One mail for several mailboxes becomes a
    RawMessage for each, in the order of `mailboxes`, with all accepted recipients in its envelope.
    """

    def __init__(
        self,
        submit: Submit,
        mailboxes: Sequence[MailboxSettings],
        *,
        host: str,
        port: int,
        max_bytes: int,
        clock: Callable[[], datetime],
        limits: LmtpLimits = LmtpLimits(),
    ) -> None:
        self.submit = submit
        self.mailboxes = tuple(box.address.lower() for box in mailboxes)
        self.max_bytes = max_bytes
        self.clock = clock
        self.limits = limits
        self.closing = False
        self.big_mails = asyncio.Semaphore(limits.big_mails)
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else self._port

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self.closing = False
        self._server = await asyncio.start_server(self._serve, self._host, self._port, limit=CHUNK)

    def refuse(self) -> None:
        """From now on, answer new connections with 421; those under way may end."""
        self.closing = True

    async def stop(self) -> None:
        """Take no more connections; idle ones get 421 at once, mails under way may end within `stop_seconds`."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            if not connection.busy:
                connection.task.cancel()
        tasks = [connection.task for connection in self._connections]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.limits.stop_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def mailbox_of(self, address: str) -> str | None:
        """The mailbox of ours that an address belongs to, its part after "+" left out of account; None for others'."""
        local, _, domain = address.lower().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return plain if plain in self.mailboxes else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a stream's callback always runs in a task
        connection = _Connection(self, task, reader, writer)
        if len(self._connections) >= self.limits.connections or self.closing:
            await connection.refuse("421 4.3.2 Too many connections, try again later")
            return
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


class _Connection:
    """One conversation. `busy` from MAIL's first byte of data to its replies; else it may be ended at any time."""

    def __init__(
        self,
        server: LmtpServer,
        task: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.task = task
        self.busy = False
        self._server = server
        self._wire = Wire(reader)
        self._writer = writer
        self._greeted = False
        self._transaction: _Transaction | None = None
        self._errors = 0
        self._commands: dict[str, Callable[[str], Awaitable[str]]] = {
            "LHLO": self._lhlo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
        }

    async def run(self) -> None:
        """Converse until either side ends it. Never raises: a connection's trouble is its own."""
        try:
            await self._converse()
        except asyncio.CancelledError:
            # Only stop() ends us so.
            await self.refuse("421 4.3.2 Shutting down, try again later")
        except TimeoutError:
            await self.refuse("421 4.4.2 Waited too long")
        except LineTooLongError:
            await self.refuse("500 5.5.6 Line too long")
        except (ConnectionError, EOFError):
            log.info("lmtp_connection_lost", busy=self.busy)
        except Exception as error:  # noqa: BLE001 - the sender must hear "later" whatever breaks here
            log.error("lmtp_connection_failed", error=type(error).__name__)
            await self.refuse("421 4.3.0 Internal trouble, try again later")
        finally:
            self._writer.close()

    async def refuse(self, reply: str) -> None:
        """Say a last word and close."""
        try:
            await self._reply(reply)
        except (ConnectionError, TimeoutError):
            log.info("lmtp_connection_lost", busy=self.busy)
        self._writer.close()

    async def _reply(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))
        async with asyncio.timeout(self._server.limits.command_seconds):
            await self._writer.drain()

    async def _converse(self) -> None:
        limits = self._server.limits
        await self._reply("220 guichet LMTP")
        while not self._server.closing:
            line = await self._wire.line(limits.line_bytes, limits.command_seconds)
            if line is None:
                return
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                text = "\0"
            verb, _, argument = text.partition(" ")
            if verb.upper() == "QUIT":
                await self._reply("221 2.0.0 Bye")
                return
            command = self._commands.get(verb.upper())
            if any(sign in text for sign in "\r\n\0"):
                reply = "500 5.5.2 A command ends with CRLF and holds no control characters"
            elif command is None:
                reply = "500 5.5.1 Unknown command"
            else:
                reply = await command(argument.strip(" "))
            if reply:
                await self._reply(*reply.split("\n"))
            self._errors += reply.startswith("50")
            if self._errors > limits.errors:
                await self.refuse("421 4.7.0 Too many errors")
                return
        await self.refuse("421 4.3.2 Shutting down, try again later")

    async def _lhlo(self, argument: str) -> str:
        if not argument:
            return "501 5.5.4 Say who you are"
        self._greeted, self._transaction = True, None
        words = ["guichet", "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"]
        return "\n".join([*(f"250-{word}" for word in words), f"250 SIZE {self._server.max_bytes}"])

    async def _mail(self, argument: str) -> str:
        path = read_path(argument)
        if not self._greeted or self._transaction is not None:
            return "503 5.5.1 Not now"
        if path is None or path.word != "FROM":
            return "501 5.5.4 Syntax: MAIL FROM:<address>"
        if unknown := path.parameters.keys() - {"SIZE", "BODY", "SMTPUTF8"}:
            return f"555 5.5.4 {len(unknown)} unknown parameter(s)"
        size = path.parameters.get("SIZE", "0")
        if not size.isascii() or not size.isdigit() or path.parameters.get("BODY", "7BIT") not in ("7BIT", "8BITMIME"):
            return "501 5.5.4 Wrong parameter"
        # Compared by length first: an integer of thousands of digits is expensive to read.
        if len(size) > 18 or int(size) > self._server.max_bytes:
            return "552 5.3.4 Message too large"
        self._transaction = _Transaction(path.address)
        return "250 2.1.0 OK"

    async def _rcpt(self, argument: str) -> str:
        path = read_path(argument)
        if self._transaction is None:
            return "503 5.5.1 MAIL first"
        if path is None or path.word != "TO":
            return "501 5.5.4 Syntax: RCPT TO:<address>"
        if path.parameters:
            return "555 5.5.4 Unknown parameter"
        mailbox = self._server.mailbox_of(path.address)
        if mailbox is None:
            return "550 5.1.1 No such mailbox here"
        if len(self._transaction.recipients) >= self._server.limits.recipients:
            return "452 4.5.3 Too many recipients"
        self._transaction.recipients.append((path.address, mailbox))
        return "250 2.1.5 OK"

    async def _rset(self, _argument: str) -> str:
        self._transaction = None
        return "250 2.0.0 OK"

    async def _noop(self, _argument: str) -> str:
        return "250 2.0.0 OK"

    async def _vrfy(self, _argument: str) -> str:
        return "252 2.5.0 Try RCPT"

    async def _data(self, argument: str) -> str:
        transaction = self._transaction
        if transaction is None or not transaction.recipients:
            return "503 5.5.1 No valid recipients"
        if argument:
            return "501 5.5.4 DATA takes no argument"
        limits, big = self._server.limits, False

        async def growing(size: int) -> None:
            nonlocal big
            if size > _BIG and not big:
                await self._server.big_mails.acquire()
                big = True

        self.busy = True
        try:
            await self._reply("354 End with CRLF.CRLF")
            # In all too, or a sender who drips could keep a big mail's place for days.
            async with asyncio.timeout(limits.message_seconds):
                raw = await self._wire.message(self._server.max_bytes, limits.data_seconds, growing)
            replies = await self._hand_over(transaction, raw)
            # RFC 2033 4.2: one reply for each recipient that RCPT accepted, in that order.
            await self._reply(*(replies[mailbox] for _, mailbox in transaction.recipients))
        finally:
            self.busy, self._transaction = False, None
            if big:
                self._server.big_mails.release()
        return ""

    async def _hand_over(self, transaction: _Transaction, raw: bytes | None) -> dict[str, str]:
        """The reply for each mailbox; 250 only where submit has returned."""
        wanted = {mailbox for _, mailbox in transaction.recipients}
        if raw is None:
            log.warning("lmtp_mail_too_large", recipients=len(transaction.recipients))
            return dict.fromkeys(wanted, "552 5.3.4 Message too large")
        identity = await asyncio.to_thread(external_id, raw) if len(raw) > _BIG else external_id(raw)
        envelope = MappingProxyType(
            {"mail_from": transaction.mail_from, "rcpt_to": " ".join(address for address, _ in transaction.recipients)}
        )
        replies = {}
        for mailbox in (each for each in self._server.mailboxes if each in wanted):
            message = RawMessage("email", mailbox, identity, raw, self._server.clock(), envelope)
            replies[mailbox] = await self._submit(message)
        return replies

    async def _submit(self, message: RawMessage) -> str:
        try:
            async with asyncio.timeout(self._server.limits.submit_seconds):
                new = await self._server.submit(message)
        except StoreUnavailableError:
            log.warning("lmtp_store_unavailable")
            return "452 4.3.1 Cannot keep mail just now, try again later"
        except TimeoutError:
            log.error("lmtp_store_slow")
            return "451 4.3.0 The store does not answer, try again later"
        log.info("lmtp_mail_kept", bytes=len(message.body), new=new)
        return "250 2.0.0 Kept" if new else "250 2.0.0 Kept before"
