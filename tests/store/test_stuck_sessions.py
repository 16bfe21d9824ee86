"""A process that stands still with a transaction open keeps nobody else waiting for longer than a bound."""

from __future__ import annotations

import socket
import struct
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from channels.message import RawMessage
from store import inbox, sessions
from store.database import APPLICATION, Store

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=15)


class PausedClient:
    """A client that speaks PostgreSQL's protocol and stops in the middle of preparing a statement.

    It has asked for the description with Flush and never sends Sync, as asyncpg does for the length of a round trip.
    The server calls such a session active, so neither its limit for idle transactions nor the one for statements ends it.
    """

    def __init__(self, url: str, application: str = APPLICATION) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._socket = socket.create_connection((parts.hostname, parts.port or 5432), timeout=10)
        words = {"user": parts.username or "", "database": parts.path[1:], "application_name": application}
        limits = {"idle_in_transaction_session_timeout": "200", "statement_timeout": "200"}
        start = b"".join(f"{name}\0{value}\0".encode() for name, value in (words | limits).items()) + b"\0"
        self._socket.sendall(struct.pack("!II", len(start) + 8, 196608) + start)
        self._read_until(b"Z")

    def _send(self, kind: bytes, body: bytes = b"") -> None:
        self._socket.sendall(kind + struct.pack("!I", len(body) + 4) + body)

    def _read(self) -> bytes:
        """One message of the server: its kind, followed by its body. Raises ConnectionError when the session has ended."""
        head = self._exactly(5)
        return head[:1] + self._exactly(struct.unpack("!I", head[1:])[0] - 4)

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            part = self._socket.recv(size - len(found))
            if not part:
                raise ConnectionError("the session has ended")
            found += part
        return found

    def _read_until(self, kind: bytes) -> None:
        while not (found := self._read()).startswith(kind):
            assert not found.startswith(b"E"), found

    def hold(self, statement: str) -> None:
        """Run a statement in a transaction that stays open, then stop in the middle of the next."""
        self._send(b"Q", f"BEGIN; {statement}\0".encode())
        self._read_until(b"Z")
        self._send(b"P", b"half\0SELECT 1\0" + struct.pack("!H", 0))
        self._send(b"H")
        self._read_until(b"1")

    def was_ended(self) -> bool:
        """Whether the server has ended the session."""
        try:
            return self._read().startswith(b"E")
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def plain(store: Store) -> str:
    return store.url.replace("+asyncpg", "")


@pytest.mark.servers
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_an_item_held_by_a_process_that_stands_still_is_freed(store: Store) -> None:
    async with store.write() as tx:
        number, _ = await inbox.add(tx, RawMessage("email", "a", "1", b"x", NOW, {}), now=NOW)
        await inbox.claim(tx, limit=1, now=NOW, lease=LEASE)
    later = NOW + timedelta(minutes=5)
    with closing(PausedClient(plain(store))) as paused:
        paused.hold(f"UPDATE inbox SET state = 'done' WHERE id = {number}")
        async with store.write() as tx:
            await tx.conn.execute(text("SELECT pg_sleep(0.5)"))
            assert await inbox.claim(tx, limit=1, now=later, lease=LEASE) == [], "the limits of the server were enough"
        async with store.write() as tx:
            assert await sessions.end_stuck(tx, longer_than=timedelta(seconds=60)) == 0
        async with store.write() as tx:
            assert await sessions.end_stuck(tx, longer_than=timedelta(seconds=0.3)) == 1
        assert paused.was_ended()
        async with store.write() as tx:
            (item,) = await inbox.claim(tx, limit=1, now=later, lease=LEASE)
        assert (item.id, item.attempt) == (number, 2)


@pytest.mark.servers
@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_sessions_of_other_programs_and_working_ones_are_left_alone(store: Store) -> None:
    with closing(PausedClient(plain(store), application="backup")) as other:
        other.hold("SELECT 1")
        async with store.write() as working, store.write() as tx:
            await working.conn.execute(text("SELECT pg_sleep(0.2)"))
            assert await sessions.end_stuck(tx, longer_than=timedelta(seconds=0.1)) == 0
            assert (await working.conn.execute(text("SELECT 1"))).scalar() == 1


async def test_the_sweep_is_nothing_on_sqlite(store: Store) -> None:
    async with store.write() as tx:
        assert await sessions.end_stuck(tx, longer_than=timedelta(seconds=60)) == 0
