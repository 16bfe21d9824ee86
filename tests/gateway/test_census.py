"""The mailbox's own word against the register's, on a real Dovecot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import delete, func, select

from channels.mail.census import take_census
from channels.mail.imap import MailboxWatcher, WatcherTimes
from config.settings import load
from gateway.census import UNDER_WAY, ask_mailboxes
from gateway.door import Door
from gateway.house import House, build
from gateway.metrics import Metrics
from gateway.room import Room
from store import schema
from tests.servers.dovecot import DovecotServer, ImapUser

ADDRESS = "ombudsman@partenamut.example"


def mail(number: int) -> bytes:
    return f"From: lea@mail.example\r\nMessage-ID: <{number}@mail.example>\r\n\r\nBonjour {number}\r\n".encode()


@pytest.fixture
async def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dovecot_server: DovecotServer, imap_user: ImapUser
) -> AsyncIterator[House]:
    """A house whose mailbox is on Dovecot."""
    monkeypatch.chdir(tmp_path)
    box = {
        "address": "Ombudsman@partenamut.example",
        "queue": "mediation",
        "imap_host": dovecot_server.host,
        "imap_port": dovecot_server.port,
        "imap_tls": "none",
        "imap_user": imap_user.name,
        "imap_password": imap_user.password,
    }
    path = tmp_path / "mailboxes.yaml"
    path.write_text(yaml.safe_dump({"mailboxes": [box]}), encoding="utf-8")
    made = build(load(data=tmp_path / "data", mailboxes=path, min_free_mb=0, min_free_percent=0), name="test")
    await made.store.open()
    yield made
    await made.close()


async def fetch(house: House, wanted: int) -> None:
    """Watch the mailbox until the register holds so many items, and until they are put away."""
    door = Door(house, Metrics(), Room(house.settings.data, 0, 0))
    watcher = MailboxWatcher(
        house.mailboxes[0], door.submit, clock=house.now, max_bytes=1_000_000, times=WatcherTimes(idle=1)
    )
    task = asyncio.create_task(watcher.run())
    try:
        async with asyncio.timeout(30):
            while await held(house) < wanted or await waiting(house):  # noqa: ASYNC110 - in the server and its watcher
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def waiting(house: House) -> int:
    now, day = house.now(), timedelta(days=1)
    census = await take_census(house.mailboxes[0], since=now - day, until=now + day, known=1_000, max_bytes=1_000_000)
    return census.waiting


async def held(house: House) -> int:
    async with house.store.read() as tx:
        return int((await tx.conn.execute(select(func.count()).select_from(schema.inbox))).scalar_one())


async def differences(house: House) -> tuple[str, ...]:
    """As if it were a while later: what is under way now is not any more."""
    now = house.now()
    return await ask_mailboxes(house, since=now - timedelta(days=2), now=now + UNDER_WAY + timedelta(minutes=1))


@pytest.mark.servers
async def test_what_the_mailbox_gave_is_in_the_register(
    watched: House, dovecot_server: DovecotServer, imap_user: ImapUser
) -> None:
    for number in (1, 2, 3, 3):
        dovecot_server.deliver(imap_user, mail(number))
    await fetch(watched, 3)
    assert await differences(watched) == ()


@pytest.mark.servers
async def test_a_mail_that_was_put_away_and_is_not_in_the_register_is_a_difference(
    watched: House, dovecot_server: DovecotServer, imap_user: ImapUser
) -> None:
    for number in (1, 2, 3):
        dovecot_server.deliver(imap_user, mail(number))
    await fetch(watched, 3)
    async with watched.store.write() as tx:
        await tx.conn.execute(delete(schema.inbox).where(schema.inbox.c.id == 2))
    (said,) = await differences(watched)
    assert said.endswith("put away in its mailbox that the register does not hold: 1")
    assert said.lower().startswith(ADDRESS)


@pytest.mark.servers
async def test_a_mail_that_is_not_fetched_is_a_difference(
    watched: House, dovecot_server: DovecotServer, imap_user: ImapUser
) -> None:
    dovecot_server.deliver(imap_user, mail(1))
    (said,) = await differences(watched)
    assert said.endswith("mails that wait in its mailbox for more than 15 minutes: 1")
    now = watched.now()
    assert await ask_mailboxes(watched, since=now - timedelta(days=2), now=now) == ()


@pytest.mark.servers
async def test_a_mailbox_that_cannot_be_asked_is_said(watched: House, dovecot_server: DovecotServer) -> None:
    dovecot_server.kill()
    (said,) = await differences(watched)
    assert said.endswith("its mailbox could not be asked what it holds")
