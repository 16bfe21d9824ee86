"""Fetching by IMAP from a real Dovecot that stops, freezes, loses connections and forgets its numbers."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from imapclient import IMAPClient

from channels.contract import StoreUnavailableError
from channels.mail.imap import MailboxWatcher, WatcherTimes
from channels.message import RawMessage
from config.mailboxes import MailboxSettings
from tests.servers.dovecot import DovecotServer, ImapUser

pytestmark = pytest.mark.servers

# Everything faster than in life, in the same proportions.
TIMES = WatcherTimes(connect=5, read=1, idle=1, submit=5, first_delay=0.1, longest_delay=0.4, refused_delay=30)
SLOW_IDLE = WatcherTimes(connect=5, read=5, idle=20, submit=5, first_delay=0.1, longest_delay=0.4)
MAX_BYTES = 3 * 1024 * 1024


def mail(number: int, size: int = 0) -> bytes:
    head = (
        f"From: lea@example.org\r\nMessage-ID: <{number}@example.org>\r\nSubject: Plainte\r\n\r\nBonjour {number}\r\n"
    )
    return head.encode() + b"x" * 70 * (size // 70)


class Kept:
    """A store in memory, unique by external id, that can be told to fail."""

    def __init__(self) -> None:
        self.items: dict[str, RawMessage] = {}
        self.calls = 0
        self.trouble: list[BaseException] = []
        self.hold: asyncio.Event | None = None
        self.alarms: list[str] = []

    async def submit(self, message: RawMessage) -> bool:
        self.calls += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        new = message.external_id not in self.items
        self.items.setdefault(message.external_id, message)
        return new

    async def numbers(self, count: int) -> list[int]:
        await until(lambda: len(self.items) >= count)
        return [int(item.body.split()[-1]) for item in self.items.values()]


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def settings_of(server: DovecotServer, user: ImapUser, **more: Any) -> MailboxSettings:
    values = {
        "address": "plaintes@partenamut.example",
        "imap_host": server.host,
        "imap_port": server.port,
        "imap_tls": "none",
        "imap_user": user.name,
        "imap_password": user.password,
    }
    return MailboxSettings(**(values | more))


@asynccontextmanager
async def watching(
    mailbox: MailboxSettings, kept: Kept, times: WatcherTimes = TIMES, **more: Any
) -> AsyncIterator[MailboxWatcher]:
    watcher = MailboxWatcher(
        mailbox,
        kept.submit,
        clock=lambda: datetime.now(UTC),
        max_bytes=MAX_BYTES,
        alarm=lambda _mailbox, words: kept.alarms.append(words),
        times=times,
        **more,
    )
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.wait([task])


def folders(server: DovecotServer, user: ImapUser) -> dict[str, list[tuple[bytes, ...]]]:
    """The flags of the mails in each folder."""
    with IMAPClient(server.host, server.port, ssl=False) as client:
        client.login(user.name, user.password)
        found = {}
        for _, _, name in client.list_folders():
            client.select_folder(name, readonly=True)
            fetched = client.fetch(client.search(), ["FLAGS"]) if client.search() else {}
            found[name] = [tuple(flag for flag in each[b"FLAGS"] if flag != b"\\Recent") for each in fetched.values()]
        return found


async def test_what_waits_is_fetched_kept_marked_and_moved(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    dovecot_server.deliver(imap_user, mail(1))
    dovecot_server.deliver(imap_user, mail(2))
    start = datetime.now(UTC)
    async with watching(settings_of(dovecot_server, imap_user), kept) as watcher:
        assert sorted(await kept.numbers(2)) == [1, 2]
        await until(lambda: len(folders(dovecot_server, imap_user).get("Processed", [])) == 2)
        await until(lambda: watcher.status.state == "watching")
        assert watcher.status.last_item_at is not None
        assert watcher.status.last_contact is not None
    assert folders(dovecot_server, imap_user) == {"INBOX": [], "Processed": [(b"\\Seen",)] * 2, "Failed": []}
    item = next(iter(kept.items.values()))
    assert (item.channel, item.account) == ("email", "plaintes@partenamut.example")
    assert item.body in (mail(1), mail(2))
    assert start - timedelta(minutes=1) < item.received_at <= datetime.now(UTC)


async def test_news_wake_it_at_once(dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept) -> None:
    async with watching(settings_of(dovecot_server, imap_user), kept, SLOW_IDLE) as watcher:
        await until(lambda: watcher.status.state == "watching")
        await asyncio.sleep(0.5)
        start = time.monotonic()
        dovecot_server.deliver(imap_user, mail(1))
        await kept.numbers(1)
        # Dovecot itself takes half a second to say so; without IDLE it would be twenty.
        assert time.monotonic() - start < 5


async def test_a_mail_somebody_has_opened_is_fetched_too(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    dovecot_server.deliver(imap_user, mail(1))
    with IMAPClient(dovecot_server.host, dovecot_server.port, ssl=False) as client:
        client.login(imap_user.name, imap_user.password)
        client.select_folder("INBOX")
        client.add_flags(client.search(), [b"\\Seen"])
    async with watching(settings_of(dovecot_server, imap_user), kept):
        assert await kept.numbers(1) == [1]


async def test_mail_of_an_outage_is_caught_up(dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept) -> None:
    async with watching(settings_of(dovecot_server, imap_user), kept) as watcher:
        await until(lambda: watcher.status.state == "watching")
        dovecot_server.kill()
        dovecot_server.deliver(imap_user, mail(1))
        await until(lambda: watcher.status.state == "unreachable")
        await until(lambda: watcher.status.error == "ConnectionRefusedError")
        dovecot_server.start()
        assert await kept.numbers(1) == [1]
        await until(lambda: watcher.status.state == "watching")
        assert watcher.status.error == ""


async def test_a_cut_connection_is_made_anew(dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept) -> None:
    async with watching(settings_of(dovecot_server, imap_user), kept, SLOW_IDLE) as watcher:
        for number in (1, 2, 3):
            await until(lambda: watcher.status.state == "watching")
            await asyncio.sleep(0.2)
            dovecot_server.drop_connections()
            dovecot_server.deliver(imap_user, mail(number))
            assert number in await kept.numbers(number)


async def test_a_frozen_server_is_noticed(dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept) -> None:
    async with watching(settings_of(dovecot_server, imap_user), kept) as watcher:
        await until(lambda: watcher.status.state == "watching")
        dovecot_server.freeze()
        start = time.monotonic()
        await until(lambda: watcher.status.state == "unreachable")
        assert watcher.status.error == "TimeoutError"
        assert time.monotonic() - start < TIMES.idle + TIMES.read + 1.5
        dovecot_server.deliver(imap_user, mail(1))
        dovecot_server.thaw()
        assert await kept.numbers(1) == [1]


def test_in_life_a_frozen_server_goes_unnoticed_for_a_minute_at_most() -> None:
    assert WatcherTimes().idle + WatcherTimes().read <= 60


async def test_a_folder_made_anew_is_read_from_its_beginning(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    mailbox = settings_of(dovecot_server, imap_user, folder="Complaints")

    def remake(*numbers: int) -> int:
        with IMAPClient(dovecot_server.host, dovecot_server.port, ssl=False) as client:
            client.login(imap_user.name, imap_user.password)
            if client.folder_exists("Complaints"):
                client.delete_folder("Complaints")
            client.create_folder("Complaints")
            for number in numbers:
                client.append("Complaints", mail(number))
            return int(client.folder_status("Complaints", ["UIDVALIDITY"])[b"UIDVALIDITY"])

    first = await asyncio.to_thread(remake, 1, 2)
    async with watching(mailbox, kept):
        assert sorted(await kept.numbers(2)) == [1, 2]
        # The same UIDs come again, for a mail already known and for two new ones.
        second = await asyncio.to_thread(remake, 2, 3, 4)
        assert second != first
        assert sorted(await kept.numbers(4)) == [1, 2, 3, 4]
        await until(lambda: folders(dovecot_server, imap_user)["Complaints"] == [])


async def test_only_what_the_store_has_is_moved(dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept) -> None:
    kept.trouble = [StoreUnavailableError(), StoreUnavailableError()]
    kept.hold = asyncio.Event()
    dovecot_server.deliver(imap_user, mail(1))
    async with watching(settings_of(dovecot_server, imap_user), kept) as watcher:
        await until(lambda: kept.calls == 1)
        assert folders(dovecot_server, imap_user)["INBOX"] == [()]
        kept.hold.set()
        await until(lambda: watcher.status.state == "store_unavailable")
        assert await kept.numbers(1) == [1]
        await until(lambda: len(folders(dovecot_server, imap_user).get("Processed", [])) == 1)


async def test_one_mail_the_store_cannot_take_holds_up_no_other(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    kept.trouble = [ValueError("odd"), ValueError("odd"), ValueError("odd")]
    dovecot_server.deliver(imap_user, mail(1))
    async with watching(settings_of(dovecot_server, imap_user), kept):
        await until(lambda: len(folders(dovecot_server, imap_user).get("Failed", [])) == 1)
        dovecot_server.deliver(imap_user, mail(2))
        assert await kept.numbers(1) == [2]
    assert kept.alarms == ["a mail could not be kept; it is in the failed folder"]


async def test_a_mail_over_the_limit_is_kept_in_part_and_put_aside(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    whole, large = mail(1, MAX_BYTES - 2000), mail(2, MAX_BYTES + 2000)
    dovecot_server.deliver(imap_user, large)
    dovecot_server.deliver(imap_user, whole)
    async with watching(settings_of(dovecot_server, imap_user), kept):
        await until(lambda: len(kept.items) == 2)
        await until(lambda: len(folders(dovecot_server, imap_user).get("Processed", [])) == 1)
    items = {item.body[:60]: item for item in kept.items.values()}
    assert items[whole[:60]].body == whole
    part = items[large[:60]]
    assert part.body == large[: 1024 * 1024]
    assert part.envelope == {"truncated_from": str(len(large))}
    assert len(folders(dovecot_server, imap_user)["Failed"]) == 1
    assert len(kept.alarms) == 1


async def test_a_wrong_password_is_not_tried_again_soon(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    async with watching(settings_of(dovecot_server, imap_user, imap_password="wrong"), kept) as watcher:
        await until(lambda: watcher.status.state == "refused")
        assert watcher.status.error == "LoginRefusedError"
        await asyncio.sleep(1)
        assert watcher.status.state == "refused"


async def test_a_mail_kept_but_not_yet_moved_when_all_breaks_is_no_second_item(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept
) -> None:
    class Breaking(Kept):
        async def submit(self, message: RawMessage) -> bool:
            new = await super().submit(message)
            if new:
                await asyncio.to_thread(dovecot_server.drop_connections)
            return new

    breaking = Breaking()
    dovecot_server.deliver(imap_user, mail(1))
    async with watching(settings_of(dovecot_server, imap_user), breaking):
        await until(lambda: len(folders(dovecot_server, imap_user).get("Processed", [])) == 1)
    assert breaking.calls == 2
    assert len(breaking.items) == 1


async def test_no_log_line_holds_personal_data(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kept.trouble = [ValueError("lea@example.org"), StoreUnavailableError("lea@example.org")]
    dovecot_server.deliver(imap_user, mail(1))
    with structlog.testing.capture_logs() as ours:
        async with watching(settings_of(dovecot_server, imap_user), kept):
            await kept.numbers(1)
            await until(lambda: len(folders(dovecot_server, imap_user)["Processed"]) == 1)
        async with watching(settings_of(dovecot_server, imap_user, imap_password="wrong"), kept) as watcher:
            await until(lambda: watcher.status.state == "refused")
    lines = f"{ours} {caplog.text}"
    assert "mailbox_mail_kept" in lines
    secrets = ("example.org", "Plainte", "Bonjour", imap_user.name, imap_user.password, "wrong", "plaintes@")
    assert [secret for secret in secrets if secret in lines] == []


@pytest.mark.parametrize("moment", ["idle", "unreachable", "submitting", "frozen"])
async def test_cancelling_ends_the_thread_within_a_second(
    dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept, moment: str
) -> None:
    times = WatcherTimes(connect=5, read=30, idle=30, first_delay=30)
    if moment == "submitting":
        kept.hold = asyncio.Event()
        dovecot_server.deliver(imap_user, mail(1))
    mailbox = settings_of(dovecot_server, imap_user)
    async with watching(mailbox, kept, times) as watcher:
        await until(lambda: kept.calls == 1 if moment == "submitting" else watcher.status.state == "watching")
        if moment == "unreachable":
            dovecot_server.kill()
            await until(lambda: watcher.status.state == "unreachable")
        if moment == "frozen":
            dovecot_server.freeze()
        start = time.monotonic()
    assert time.monotonic() - start < 1
    assert watcher.status.state == "stopped"
    await until(lambda: "imap" not in {thread.name for thread in threading.enumerate()}, 0.5)


async def test_the_loop_never_stands_still(dovecot_server: DovecotServer, imap_user: ImapUser, kept: Kept) -> None:
    for number in range(20):
        dovecot_server.deliver(imap_user, mail(number, 500_000))
    longest, last = 0.0, time.monotonic()
    async with watching(settings_of(dovecot_server, imap_user), kept):
        while len(kept.items) < 20:
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert longest < 0.5
