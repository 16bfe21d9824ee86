"""Sending by SMTP against a server that refuses, vanishes and hangs; and into files."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from channels.contract import Delivery
from channels.mail.send import Composer, FileSender, MailSender, mail_sender
from channels.mail.tags import sign_reply_tag
from channels.message import OutboundMessage
from config.mailboxes import MailboxSettings
from config.settings import Settings
from tests.servers.certificates import Certificates
from tests.servers.smtp import SmtpSink

KEYS = (b"a key for tests, thirty-two bytes",)
MAILBOX = MailboxSettings(address="ombudsman@partenamut.example", name="Partenamut, service Médiation")
COMPOSER = Composer([MAILBOX], keys=KEYS, instance="a1b2c3", clock=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
MESSAGE = OutboundMessage(
    key="ack-1",
    channel="email",
    account="Ombudsman@partenamut.example",
    recipient="lea@example.org",
    recipient_name="Léa",
    subject="Votre plainte",
    text="Bonjour.",
    language="fr",
    auto=True,
    reply_tag=sign_reply_tag(7, 8, KEYS),
)


def sender(
    sink: SmtpSink, *, tls: str = "none", seconds: float = 5, context: ssl.SSLContext | None = None
) -> MailSender:
    return MailSender(COMPOSER, host=sink.host, port=sink.port, tls=tls, seconds=seconds, tls_context=context)


async def test_a_mail_arrives_with_one_recipient_and_a_tagged_return_path(smtp_sink: SmtpSink) -> None:
    delivery = await sender(smtp_sink).send(MESSAGE)
    (received,) = smtp_sink.messages
    assert delivery == Delivery("sent", "250", received.message["message-id"])
    assert received.rcpt_to == ("lea@example.org",)
    assert received.mail_from.startswith("ombudsman+b.7.8.")
    assert received.message["subject"] == "Votre plainte"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 5.1.1 lea@example.org unknown", Delivery("failed", "550 5.1.1")),
        ("551 not here", Delivery("failed", "551")),
        ("451 4.7.1 later", Delivery("later", "451 4.7.1")),
        ("452 4.2.2 mailbox full", Delivery("later", "452 4.2.2")),
        ("530 5.7.0 log in first", Delivery("later", "530 5.7.0")),
        ("drop", Delivery("later", "421 SMTPServerDisconnected")),
    ],
)
async def test_refusals_are_deliveries(smtp_sink: SmtpSink, answer: str, expected: Delivery) -> None:
    smtp_sink.answer("lea@example.org", answer)
    assert await sender(smtp_sink).send(MESSAGE) == expected
    assert smtp_sink.messages == []


async def test_a_greylisted_mail_goes_the_second_time(smtp_sink: SmtpSink) -> None:
    smtp_sink.greylist("lea@example.org")
    sending = sender(smtp_sink)
    assert [(await sending.send(MESSAGE)).outcome for _ in range(2)] == ["later", "sent"]


async def test_a_server_that_dies_after_data_gets_the_same_message_id_again(smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("lea@example.org", "drop after data")
    sending = sender(smtp_sink)
    assert (await sending.send(MESSAGE)).outcome == "later"
    smtp_sink.answer("lea@example.org", "")
    assert (await sending.send(MESSAGE)).outcome == "sent"
    first, second = smtp_sink.messages
    assert first.message["message-id"] == second.message["message-id"]


async def test_nobody_there(smtp_sink: SmtpSink) -> None:
    smtp_sink.stop()
    assert await sender(smtp_sink).send(MESSAGE) == Delivery("later", "421 SMTPConnectError")


@pytest.mark.parametrize(
    "message",
    [
        replace(MESSAGE, recipient="lea@example.org\r\nRCPT TO:<x@evil.test>"),
        replace(MESSAGE, recipient=""),
        replace(MESSAGE, account="unknown@partenamut.example"),
        replace(MESSAGE, reply_tag="x" * 70),
    ],
)
async def test_what_cannot_be_addressed_fails_for_good(smtp_sink: SmtpSink, message: OutboundMessage) -> None:
    assert await sender(smtp_sink).send(message) == Delivery("failed", "553 5.1.3")


async def test_a_domain_that_hangs_keeps_five_places_and_delays_nobody(smtp_sink: SmtpSink) -> None:
    slow = [f"p{i}@slow.example" for i in range(8)]
    for address in slow:
        smtp_sink.answer(address, "hang")
    sending = sender(smtp_sink, seconds=2)
    start = time.monotonic()
    hanging = [asyncio.create_task(sending.send(replace(MESSAGE, recipient=address))) for address in slow]
    await asyncio.sleep(0.2)
    quick = await asyncio.gather(*(sending.send(replace(MESSAGE, recipient=f"p{i}@example.org")) for i in range(5)))
    assert time.monotonic() - start < 1.8
    assert {delivery.outcome for delivery in quick} == {"sent"}
    assert smtp_sink.most_hanging == 5
    assert {delivery.outcome for delivery in await asyncio.gather(*hanging)} == {"later"}
    assert sending._places == {}


async def test_cancelling_gives_the_place_back(smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("lea@example.org", "hang")
    sending = sender(smtp_sink)
    task = asyncio.create_task(sending.send(MESSAGE))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sending._places == {}


async def test_international_recipients(smtp_sink: SmtpSink) -> None:
    delivery = await sender(smtp_sink).send(replace(MESSAGE, recipient="léa@exemple.example"))
    assert delivery.outcome == "sent"
    assert smtp_sink.messages[0].rcpt_to == ("léa@exemple.example",)


async def test_starttls_with_a_certificate_we_trust(certificates: Certificates) -> None:
    sink = SmtpSink(tls=certificates.server_context())
    sink.start()
    try:
        trusting = sender(sink, tls="starttls", context=certificates.client_context())
        assert (await trusting.send(MESSAGE)).outcome == "sent"
        # The machine's own list of authorities knows nothing of this one (M15).
        strict = sender(sink, tls="starttls")
        assert await strict.send(MESSAGE) == Delivery("later", "421 SSLCertVerificationError")
    finally:
        sink.stop()
    assert len(sink.messages) == 1


async def test_no_starttls_no_mail(smtp_sink: SmtpSink) -> None:
    assert (await sender(smtp_sink, tls="starttls").send(MESSAGE)).outcome == "later"
    assert (await sender(smtp_sink, tls="tls", seconds=2).send(MESSAGE)).outcome == "later"
    assert smtp_sink.messages == []


async def test_without_a_server_mails_are_files(tmp_path: Path) -> None:
    sending = mail_sender(Settings(data=tmp_path, smtp_host=""), [MAILBOX], keys=KEYS, instance="a", clock=_now)
    messages: Sequence[OutboundMessage] = [MESSAGE, MESSAGE, replace(MESSAGE, key="../../etc/x:ü")]
    assert [(await sending.send(message)).outcome for message in messages] == ["sent"] * 3
    names = sorted(path.name for path in (tmp_path / "sent").iterdir())
    assert len(names) == 2
    assert "ack-1.eml" in names
    assert (tmp_path / "sent" / "ack-1.eml").read_bytes().startswith(b"From: ")
    assert (tmp_path / "sent" / "ack-1.eml").stat().st_mode & 0o077 == 0


async def test_no_room_for_files_is_later(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("in the way")
    assert (await FileSender(COMPOSER, tmp_path / "sent").send(MESSAGE)).outcome == "later"


async def test_with_a_server_mails_go_there(smtp_sink: SmtpSink, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, smtp_host=smtp_sink.host, smtp_port=smtp_sink.port, smtp_tls="none")
    assert (await mail_sender(settings, [MAILBOX], keys=KEYS, instance="a", clock=_now).send(MESSAGE)).outcome == "sent"
    assert len(smtp_sink.messages) == 1


async def test_no_log_line_holds_personal_data(smtp_sink: SmtpSink, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    smtp_sink.answer("lea@example.org", "550 5.1.1 <lea@example.org> unknown")
    with structlog.testing.capture_logs() as ours:
        assert (await sender(smtp_sink).send(MESSAGE)).outcome == "failed"
        assert (await sender(smtp_sink).send(replace(MESSAGE, recipient="leo@example.org"))).outcome == "sent"
    # The sink itself logs what it is sent; only what comes from our side counts.
    lines = f"{ours} {[each.getMessage() for each in caplog.records if each.name != 'mail.log']}"
    assert "mail_handed_over" in lines
    words = ("lea@", "leo@", "Léa", "Votre plainte", "Bonjour", MESSAGE.reply_tag)
    assert [word for word in words if word in lines] == []


def _now() -> datetime:
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
