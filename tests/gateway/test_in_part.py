"""A mail beyond the bounds of the parser: it is read in part, and whoever wrote it has a case all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels.message import RawMessage
from gateway.reading import Failed, InFile, ParserSettings, Parsing
from store import correspondence, schema
from store.files import FileStore
from store.viewer import Viewer
from tests.gateway.conftest import Gateway

LENA = Viewer(1, "Lena", "supervisor", medical=True)
STORY = "Bonjour, mes indemnités d'octobre n'ont pas été payées, que faire ? Marie Dubois"
HEAD = (
    "From: Marie Dubois <marie.dubois@mail.example>\r\n"
    "To: plaintes@partenamut.example\r\n"
    "Subject: Indemnites\r\n"
    "Message-ID: <much@mail.example>\r\n"
    "{more}"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{story}\r\n"
    "--b\r\nContent-Type: application/pdf; name=scan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)


def mail(more: str = "", megabytes: int = 40) -> bytes:
    """A mail with a story and one file, larger than a narrow parser can take."""
    line = b"QUJD" * 19 + b"\r\n"
    return HEAD.format(more=more, story=STORY).encode() + line * (megabytes * 1024 * 1024 // len(line)) + b"--b--\r\n"


@pytest.fixture
async def narrow(gateway: Gateway) -> AsyncIterator[Gateway]:
    """A gateway whose parser, in its own process, has so little memory that a mail of 40 MB is too much."""
    parsing = Parsing(ParserSettings(gateway.house.own_addresses, "", memory_mb=48), seconds=20)
    await parsing.warm()
    gateway.intake.parsing = parsing
    yield gateway
    await parsing.close()


async def try_again(gateway: Gateway) -> None:
    """Let the wait before the next try be over."""
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.inbox).values(due_at=gateway.house.now() - timedelta(seconds=1)))
    await gateway.work()


async def test_it_becomes_a_case_for_people_at_its_second_try(narrow: Gateway) -> None:
    await narrow.mail(mail(), to="plaintes@partenamut.example")
    async with narrow.house.store.read() as tx:
        (waiting,) = (await tx.conn.execute(select(schema.inbox))).all()
    assert (waiting.state, waiting.attempts, waiting.fate) == ("waiting", 1, None)
    await try_again(narrow)
    async with narrow.house.store.read() as tx:
        (item,) = (await tx.conn.execute(select(schema.inbox))).all()
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
        message = (await correspondence.messages_of(tx, LENA, case.id))[0]
    assert (item.fate, item.raw_file is not None) == ("opened", True)
    assert (case.queue, case.refused, case.abstained) == ("triage", "", True)
    assert STORY in message.reply
    assert "text_cut" in message.defects
    (answer,) = narrow.sink.sent
    assert answer.recipient == "marie.dubois@mail.example"


async def test_a_robot_is_known_by_its_headers_all_the_same(narrow: Gateway) -> None:
    await narrow.mail(mail("Auto-Submitted: auto-generated\r\n"), to="plaintes@partenamut.example")
    await try_again(narrow)
    async with narrow.house.store.read() as tx:
        (item,) = (await tx.conn.execute(select(schema.inbox))).all()
    assert item.fate == "robot"
    assert narrow.sink.sent == []


async def test_a_lost_file_is_said_whichever_part_is_read(narrow: Gateway) -> None:
    await narrow.mail(mail(megabytes=1), to="plaintes@partenamut.example")
    async with narrow.house.store.read() as tx:
        (item,) = (await tx.conn.execute(select(schema.inbox))).all()
    assert item.fate == "opened"
    files: FileStore = narrow.house.store.files
    (files.folder / item.raw_file[:2] / item.raw_file).write_bytes(b"something else")
    raw = RawMessage("email", item.account, item.external_id, b"", item.received_at, {})
    lost = InFile(raw, files, item.raw_file)
    for found in [*(await narrow.intake.parsing.parse([lost])), await narrow.intake.parsing.parse_beginning(lost)]:
        assert isinstance(found, Failed)
        assert found.final
        assert "lost or damaged" in found.error
