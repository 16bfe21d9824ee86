"""LMTP by raw sockets: what a mail server may send us, and what it must hear (M1, M2)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import StoreUnavailableError
from channels.mail.lmtp import LmtpLimits, LmtpServer
from channels.mail.wire import Wire, read_path
from channels.message import RawMessage
from config.mailboxes import MailboxSettings

OMBUDSMAN, COMPLAINTS = "ombudsman@partenamut.example", "plaintes@partenamut.example"
MAILBOXES = (MailboxSettings(address=OMBUDSMAN, queue="mediation"), MailboxSettings(address=COMPLAINTS))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAX_BYTES = 200_000


class Kept:
    """A store in memory that can be told to fail."""

    def __init__(self) -> None:
        self.items: list[RawMessage] = []
        self.trouble: dict[str, BaseException] = {}
        self.hold: asyncio.Event | None = None

    async def submit(self, message: RawMessage) -> bool:
        if self.hold is not None:
            await self.hold.wait()
        if message.account in self.trouble:
            raise self.trouble[message.account]
        new = message.external_id not in {item.external_id for item in self.items}
        self.items.append(message)
        return new


class Client:
    """The mail server's end, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def reply(self) -> str:
        async with asyncio.timeout(5):
            while (line := await self.reader.readline())[3:4] == b"-":
                pass
        return line.decode().strip()

    async def say(self, *lines: str) -> list[str]:
        replies = []
        for line in lines:
            self.writer.write(line.encode() + b"\r\n")
            replies.append(await self.reply())
        return replies

    async def data(self, raw: bytes, replies: int = 1) -> list[str]:
        assert (await self.say("DATA"))[0].startswith("354")
        self.writer.write(raw)
        return [await self.reply() for _ in range(replies)]

    async def envelope(self, *recipients: str) -> None:
        said = await self.say("LHLO mx.example", "MAIL FROM:<lea@example.org>", *(f"RCPT TO:<{r}>" for r in recipients))
        assert all(reply.startswith("250") for reply in said)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def server(kept: Kept) -> AsyncIterator[LmtpServer]:
    limits = LmtpLimits(connections=5, errors=3, command_seconds=2, data_seconds=2, submit_seconds=2, stop_seconds=1)
    server = LmtpServer(
        kept.submit, MAILBOXES, host="127.0.0.1", port=0, max_bytes=MAX_BYTES, clock=lambda: NOW, limits=limits
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def connect(server: LmtpServer) -> AsyncIterator[Callable[[], asyncio.Future[Client]]]:
    writers = []

    async def connect() -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writers.append(writer)
        client = Client(reader, writer)
        assert (await client.reply()).startswith("220")
        return client

    yield connect
    for writer in writers:
        writer.close()


MAIL = b"From: lea@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: Plainte\r\n\r\nBonjour\r\n"


async def test_two_recipients_get_two_replies_and_one_raw_message_each(connect, kept: Kept) -> None:
    client = await connect()
    await client.envelope(COMPLAINTS, OMBUDSMAN)
    replies = await client.data(MAIL + b".\r\n", replies=2)
    assert [reply[:3] for reply in replies] == ["250", "250"]
    # In the order of the settings, so that the item both share is registered at the same place every time.
    assert [item.account for item in kept.items] == [OMBUDSMAN, COMPLAINTS]
    assert {item.external_id for item in kept.items} == {kept.items[0].external_id}
    first = kept.items[0]
    assert (first.channel, first.body, first.received_at) == ("email", MAIL, NOW)
    assert first.envelope == {"mail_from": "lea@example.org", "rcpt_to": f"{COMPLAINTS} {OMBUDSMAN}"}
    assert (await client.say("QUIT")) == ["221 2.0.0 Bye"]


async def test_every_recipient_hears_the_fate_of_its_own_mailbox(connect, kept: Kept) -> None:
    kept.trouble[COMPLAINTS] = StoreUnavailableError()
    client = await connect()
    await client.envelope(COMPLAINTS, OMBUDSMAN, "plaintes+12.3.abc@partenamut.example")
    replies = await client.data(MAIL + b".\r\n", replies=3)
    assert [reply[:3] for reply in replies] == ["452", "250", "452"]


async def test_a_line_of_any_length_is_taken(connect, kept: Kept) -> None:
    mail = MAIL + b"x" * 150_000 + b"\r\n"
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.data(mail + b".\r\n"))[0].startswith("250")
    assert kept.items[0].body == mail


NOT_AN_END = [
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\n\n.\r\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
]


@pytest.mark.parametrize("split", [0, 1, 7])
async def test_every_other_end_sequence_is_data(connect, kept: Kept, split: int) -> None:
    smuggled = b"MAIL FROM:<a@evil.test>\r\nRCPT TO:<%s>\r\nDATA\r\nFrom: boss@example.org\r\n" % COMPLAINTS.encode()
    mail = MAIL + b"".join(b"text" + end + smuggled for end in NOT_AN_END)
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.say("DATA"))[0].startswith("354")
    # Every way of cutting the stream into packets must give the same.
    pieces = [mail[i : i + split] for i in range(0, len(mail), split)] if split else [mail]
    for piece in pieces:
        client.writer.write(piece)
        await client.writer.drain()
    client.writer.write(b"\r\n.\r\n")
    assert (await client.reply()).startswith("250")
    assert (await client.say("NOOP"))[0].startswith("250")
    assert len(kept.items) == 1
    # Stuffed dots go where a line really began, and nowhere else (RFC 5321 4.5.2).
    assert kept.items[0].body == mail.replace(b"\r\n.", b"\r\n") + b"\r\n"


async def test_dots_are_unstuffed_and_an_empty_mail_is_one(connect, kept: Kept) -> None:
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.data(b"..first\r\n...\r\nmid.dle\r\n.\r\n"))[0].startswith("250")
    await client.envelope(COMPLAINTS)
    assert (await client.data(b".\r\n"))[0].startswith("250")
    assert [item.body for item in kept.items] == [b".first\r\n..\r\nmid.dle\r\n", b""]


async def test_commands_may_come_in_one_packet(connect, kept: Kept) -> None:
    client = await connect()
    lines = ["LHLO mx.example", "MAIL FROM:<lea@example.org> BODY=8BITMIME SMTPUTF8 SIZE=90", f"RCPT TO:<{COMPLAINTS}>"]
    client.writer.write("\r\n".join([*lines, "DATA", ""]).encode())
    assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
    client.writer.write(MAIL + b".\r\nMAIL FROM:<lea@example.org>\r\nQUIT\r\n")
    assert [(await client.reply())[:3] for _ in range(3)] == ["250", "250", "221"]


async def test_eight_bit_and_utf8_addresses(connect, kept: Kept) -> None:
    client = await connect()
    said = await client.say(
        "LHLO mx", "MAIL FROM:<léa@exemple.example> SMTPUTF8 BODY=8BITMIME", f"RCPT TO:<{COMPLAINTS}>"
    )
    assert said[1].startswith("250")
    mail = MAIL + "à bientôt".encode() + b"\xff\r\n"
    assert (await client.data(mail + b".\r\n"))[0].startswith("250")
    assert kept.items[0].body == mail
    assert kept.items[0].envelope["mail_from"] == "léa@exemple.example"


async def test_only_our_mailboxes_with_or_without_a_tag(connect, kept: Kept) -> None:
    client = await connect()
    await client.say("LHLO mx", "MAIL FROM:<>")
    said = await client.say(
        "RCPT TO:<stranger@partenamut.example>",
        "RCPT TO:<plaintes@elsewhere.example>",
        "RCPT TO:<postmaster>",
        "RCPT TO:<plaintes+12.3.abc@Partenamut.example>",
        "RCPT TO:<PLAINTES@PARTENAMUT.EXAMPLE>",
    )
    assert [reply[:3] for reply in said] == ["550", "550", "550", "250", "250"]
    assert [reply[:3] for reply in await client.data(MAIL + b".\r\n", replies=2)] == ["250", "250"]
    assert len(kept.items) == 1
    assert kept.items[0].envelope["mail_from"] == ""


async def test_a_large_mail_is_refused_while_it_comes_and_the_next_is_taken(connect, kept: Kept) -> None:
    client = await connect()
    assert (await client.say("LHLO mx", f"MAIL FROM:<a@example.org> SIZE={MAX_BYTES + 1}"))[1].startswith("552")
    await client.envelope(COMPLAINTS, OMBUDSMAN)
    replies = await client.data(b"x" * (MAX_BYTES * 20) + b"\r\n.\r\n", replies=2)
    assert [reply[:3] for reply in replies] == ["552", "552"]
    await client.envelope(COMPLAINTS)
    exactly = MAIL + b"x" * (MAX_BYTES - len(MAIL) - 2) + b"\r\n"
    assert (await client.data(exactly + b".\r\n"))[0].startswith("250")
    assert [len(item.body) for item in kept.items] == [MAX_BYTES]


async def test_what_is_dropped_is_not_held(connect, server: LmtpServer) -> None:
    reader = asyncio.StreamReader(limit=2**16)
    sizes = []

    async def growing(size: int) -> None:
        sizes.append(size)

    async def feed() -> None:
        for _ in range(200):
            reader.feed_data(b"x" * 10_000)
            await asyncio.sleep(0)
        reader.feed_data(b"\r\n.\r\nQUIT\r\n")

    feeding = asyncio.create_task(feed())
    wire = Wire(reader)
    assert await wire.message(50_000, 5, growing) is None
    assert await wire.line(100, 5) == b"QUIT"
    assert max(sizes) <= 50_000
    assert sizes[-1] == 0
    await feeding


async def test_wrong_order_and_wrong_words(connect) -> None:
    client = await connect()
    said = await client.say("MAIL FROM:<a@example.org>", "LHLO mx", "DATA")
    assert [reply[:3] for reply in said] == ["503", "250", "503"]
    client = await connect()
    said = await client.say("LHLO mx", "MAIL FROM:<a@example.org> X=1", "MAIL FROM:a@example.org", "EHLO mx")
    assert [reply[:3] for reply in said] == ["250", "555", "501", "500"]
    said = await client.say("NOOP", "RSET", "VRFY a", "HELO\nMAIL")
    assert [reply[:3] for reply in said] == ["250", "250", "252", "500"]


async def test_too_many_errors_end_the_conversation(connect) -> None:
    client = await connect()
    said = await client.say("A", "B", "C", "D")
    assert said[-1].startswith("500")
    assert (await client.reply()).startswith("421")
    assert await client.reader.read() == b""


async def test_a_command_without_an_end(connect) -> None:
    client = await connect()
    client.writer.write(b"LHLO " + b"x" * 10_000)
    assert (await client.reply()).startswith("500")
    assert await client.reader.read() == b""


async def test_too_many_connections(connect, server: LmtpServer) -> None:
    for _ in range(5):
        await connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert (await reader.readline()).startswith(b"421")
    writer.close()


async def test_silence_ends_with_421(connect) -> None:
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.reply()).startswith("421 4.4.2")
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.data(b"half a mail"))[0].startswith("421 4.4.2")


async def test_a_connection_cut_in_the_middle_leaves_nothing(connect, kept: Kept) -> None:
    client = await connect()
    await client.envelope(COMPLAINTS)
    await client.say("DATA")
    client.writer.write(MAIL)
    client.writer.close()
    await client.writer.wait_closed()
    other = await connect()
    assert (await other.say("LHLO mx"))[0].startswith("250")
    assert kept.items == []


async def test_250_only_after_submit_and_a_repeat_is_the_same_item(connect, kept: Kept) -> None:
    kept.hold = asyncio.Event()
    client = await connect()
    await client.envelope(COMPLAINTS)
    waiting = asyncio.create_task(client.data(MAIL + b".\r\n"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    kept.hold.set()
    assert (await waiting)[0] == "250 2.0.0 Kept"
    await client.envelope(COMPLAINTS)
    again = b"Received: from elsewhere\r\n" + MAIL
    assert (await client.data(again + b".\r\n"))[0] == "250 2.0.0 Kept before"


async def test_a_store_that_never_answers_is_later(connect, kept: Kept) -> None:
    kept.hold = asyncio.Event()
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.data(MAIL + b".\r\n"))[0].startswith("451")


async def test_a_bug_in_the_store_is_later_too(connect, kept: Kept) -> None:
    kept.trouble[COMPLAINTS] = RuntimeError("broken")
    client = await connect()
    await client.envelope(COMPLAINTS)
    assert (await client.data(MAIL + b".\r\n"))[0].startswith("421")


async def test_stopping_says_421_and_lets_a_mail_under_way_end(connect, server: LmtpServer, kept: Kept) -> None:
    idle, busy = await connect(), await connect()
    await busy.envelope(COMPLAINTS)
    kept.hold = asyncio.Event()
    under_way = asyncio.create_task(busy.data(MAIL + b".\r\n"))
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(server.stop())
    assert (await idle.reply()).startswith("421 4.3.2")
    kept.hold.set()
    assert (await under_way)[0].startswith("250")
    assert (await busy.reply()).startswith("421 4.3.2")
    await stopping
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_stopping_does_not_wait_for_ever(connect, server: LmtpServer, kept: Kept) -> None:
    client = await connect()
    await client.envelope(COMPLAINTS)
    await client.say("DATA")
    client.writer.write(b"half")
    await server.stop()
    assert (await client.reply()).startswith("421")
    assert kept.items == []


SERVER_PROCESS = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from channels.mail.lmtp import LmtpServer
from config.mailboxes import MailboxSettings

folder = Path(sys.argv[1])

async def submit(message):
    while (folder / "hold").exists():
        await asyncio.sleep(0.01)
    path = folder / message.external_id
    new = not path.exists()
    with path.open("wb") as file:
        file.write(message.body)
        os.fsync(file.fileno())
    return new

async def main():
    box = MailboxSettings(address="plaintes@partenamut.example")
    server = LmtpServer(submit, [box], host="127.0.0.1", port=0, max_bytes=10**6, clock=lambda: datetime.now(UTC))
    await server.start()
    print(server.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def contents(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.iterdir())


async def test_killed_at_any_moment_what_was_answered_with_250_is_there(tmp_path: Path) -> None:
    async def start() -> tuple[asyncio.subprocess.Process, Client]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVER_PROCESS, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", int(await process.stdout.readline()))
        client = Client(reader, writer)
        await client.reply()
        await client.envelope(COMPLAINTS)
        return process, client

    async def kill(process: asyncio.subprocess.Process, client: Client) -> None:
        process.kill()
        await process.wait()
        client.writer.close()

    process, client = await start()
    assert (await client.data(MAIL + b".\r\n"))[0] == "250 2.0.0 Kept"
    await kill(process, client)
    assert contents(tmp_path) == [MAIL]

    # Killed before the store had it: no reply, so that the mail server tries again; then it is there.
    other = MAIL.replace(b"<1@", b"<2@")
    (tmp_path / "hold").touch()
    process, client = await start()
    waiting = asyncio.create_task(client.data(other + b".\r\n"))
    await asyncio.sleep(0.2)
    await kill(process, client)
    with contextlib.suppress(ConnectionError):
        assert await waiting == [""]
    (tmp_path / "hold").unlink()
    process, client = await start()
    assert (await client.data(other + b".\r\n"))[0] == "250 2.0.0 Kept"
    # And the first, handed over again because its 250 got lost, is known.
    await client.envelope(COMPLAINTS)
    assert (await client.data(MAIL + b".\r\n"))[0] == "250 2.0.0 Kept before"
    await kill(process, client)
    assert contents(tmp_path) == sorted([MAIL, other])


async def test_no_log_line_holds_personal_data(connect, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as ours:
        client = await connect()
        await client.envelope(COMPLAINTS)
        await client.data(MAIL + b".\r\n")
        kept.trouble[COMPLAINTS] = RuntimeError("lea@example.org")
        await client.envelope(COMPLAINTS)
        await client.data(MAIL + b".\r\n")
    lines = f"{ours} {caplog.text}"
    assert "lmtp_mail_kept" in lines
    assert "lmtp_connection_failed" in lines
    assert [secret for secret in ("lea", "example.org", "Plainte", "Bonjour", "plaintes@") if secret in lines] == []


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("FROM:<>", ""),
        ("FROM: <a@example.org>", "a@example.org"),
        ('FROM:<"a b>"@example.org> SIZE=1', '"a b>"@example.org'),
        ("TO:<@relay.example,@b.example:a@example.org>", "a@example.org"),
        ("FROM:<a@example.org", None),
        ("FROM:<a@example.org>SIZE=1", None),
        ("FROM:<a b@example.org>", None),
        ("", None),
    ],
)
def test_paths(argument: str, address: str | None) -> None:
    path = read_path(argument)
    assert (path.address if path else None) == address


class Pieces:
    """A stream that comes in packets of a given size."""

    def __init__(self, stream: bytes, size: int) -> None:
        self._packets = iter([stream[i : i + size] for i in range(0, len(stream), size)])

    async def read(self, _limit: int) -> bytes:
        return next(self._packets, b"")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\r\n.\r"]), max_size=30).map(b"".join),
    st.integers(1, 9),
)
async def test_what_is_stuffed_comes_out_as_it_was(content: bytes, cut: int) -> None:
    """Property: any message, stuffed as RFC 5321 4.5.2 says and cut anyhow, arrives whole and leaves what follows it."""
    body = content + b"\r\n"
    stuffed = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..")[2:]
    stream = stuffed + b".\r\nNEXT\r\n"
    wire = Wire(cast("asyncio.StreamReader", Pieces(stream, cut)))

    async def growing(size: int) -> None:
        assert size <= len(stream) + 2

    assert await wire.message(1000, 5, growing) == body
    assert await wire.line(100, 5) == b"NEXT"
