"""An SMTP server that records what it is given, and refuses or vanishes on demand."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import process


@dataclass(frozen=True)
class Received:
    """One message the sink took."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return cast("EmailMessage", BytesParser(policy=default).parsebytes(self.data))


class SmtpSink:
    """Records messages in `messages`; `answer(address, how)` makes it behave badly for one recipient.

    `how` is an SMTP reply given at RCPT ("550 5.1.1 unknown", "451 4.7.1 greylisted"), or "drop": the connection
    breaks at RCPT, "drop after data": it takes the message, then breaks the connection before it says so, or
    "hang": no answer at RCPT for a minute. `greylist(address)` refuses once with 451, then takes.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.messages: list[Received] = []
        # How many recipients were kept hanging at the same time, now and at most.
        self.hanging = 0
        self.most_hanging = 0
        self._answers: dict[str, str] = {}
        self._greylisted: set[str] = set()
        self.port = process.free_port()
        self.host = "127.0.0.1"
        # A STARTTLS server when given a certificate; plain otherwise.
        self._controller = Controller(
            _Handler(self), hostname=self.host, port=self.port, tls_context=tls, require_starttls=tls is not None
        )
        self._running = False

    def start(self) -> None:
        """Listen; does nothing when it does."""
        if not self._running:
            self._controller.start()
            self._running = True

    def stop(self) -> None:
        """Close the door; connections are refused from then on."""
        if self._running:
            self._controller.stop()
            self._running = False

    def answer(self, address: str, how: str) -> None:
        """From now on, behave so towards this recipient; "" for taking its mail again."""
        self._answers[address.lower()] = how

    def greylist(self, address: str) -> None:
        """Refuse this recipient with 451 the first time only."""
        self._greylisted.add(address.lower())

    def to(self, address: str) -> list[Received]:
        """What it has for one recipient."""
        return [each for each in self.messages if address.lower() in (to.lower() for to in each.rcpt_to)]

    async def _rcpt(self, server: SMTP, address: str) -> str:
        how = self._answers.get(address.lower(), "")
        if address.lower() in self._greylisted:
            self._greylisted.discard(address.lower())
            return "451 4.7.1 greylisted, come back later"
        if how == "drop":
            server.transport.abort()
        if how == "hang":
            self.hanging += 1
            self.most_hanging = max(self.most_hanging, self.hanging)
            try:
                await asyncio.sleep(60)
            finally:
                self.hanging -= 1
        return how if how[:1] in ("4", "5") else "250 OK"


class _Handler:
    """What aiosmtpd calls."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        answer = await self._sink._rcpt(server, address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        assert isinstance(content, bytes)
        received = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        self._sink.messages.append(received)
        if any(self._sink._answers.get(to.lower()) == "drop after data" for to in envelope.rcpt_tos):
            server.transport.abort()
        return "250 2.0.0 taken"


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A fresh, plain SMTP server: `.host`, `.port`, `.messages`, `.answer(address, how)`, `.stop()`, `.start()`."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()
