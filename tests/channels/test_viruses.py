"""A real clamd is asked about files: rule F7."""

from __future__ import annotations

import asyncio

import pytest

from channels.viruses import Clamd, NoScanner, scanner_at
from tests.servers.clamd import EICAR, ClamdServer
from tests.servers.process import free_port

pytestmark = pytest.mark.servers


async def test_what_a_scanner_says(clamd_server: ClamdServer) -> None:
    scanner = scanner_at(clamd_server.address)
    assert await scanner.scan(b"A letter about my refund.") == "clean"
    assert await scanner.scan(b"") == "clean"
    assert await scanner.scan(EICAR) == "infected"
    # Several chunks, and several at once.
    large = bytes(range(256)) * 4096
    assert await asyncio.gather(*(scanner.scan(large) for _ in range(4))) == ["clean"] * 4


async def test_a_file_beyond_its_limit_is_not_called_clean(clamd_server: ClamdServer) -> None:
    assert await scanner_at(clamd_server.address).scan(b"x" * (31 * 1024 * 1024)) == "unknown"


async def test_a_scanner_that_is_away_or_silent_knows_nothing_and_comes_back(clamd_server: ClamdServer) -> None:
    scanner = scanner_at(clamd_server.address)
    clamd_server.stop()
    try:
        assert await scanner.scan(EICAR) == "unknown"
    finally:
        clamd_server.start()
    assert await scanner.scan(EICAR) == "infected"

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()
        left.set()

    port, left = free_port(), asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", port)
    assert await Clamd(f"127.0.0.1:{port}", seconds=0.3).scan(b"x") == "unknown"
    # Nobody is kept waiting on the other side either.
    await asyncio.wait_for(left.wait(), 5)
    server.close()


async def test_a_house_without_a_scanner_asks_nobody() -> None:
    assert isinstance(scanner_at(""), NoScanner)
    assert await scanner_at("").scan(EICAR) == "unasked"
