"""Large raw messages lie in files: they come a few at a time, and a lost one stops nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.message import RawMessage
from store import inbox
from store.database import Store
from store.files import FileLostError
from tests.store.registered import NOW


async def add(store: Store, number: int, body: bytes) -> int:
    async with store.write() as tx:
        raw = RawMessage("email", "ombudsman@partenamut.example", f"<{number}@mail.example>", body, NOW)
        return (await inbox.add(tx, raw, now=NOW))[0]


async def claim(store: Store) -> list[inbox.Item]:
    async with store.write() as tx:
        return await inbox.claim(tx, limit=16, now=NOW, lease=timedelta(minutes=3))


async def test_an_item_whose_file_is_lost_stops_nobody(store: Store) -> None:
    lost = await add(store, 1, b"x" * (inbox.LARGE + 1))
    await add(store, 2, b"small")
    for path in store.files.folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    first, second = await claim(store)
    assert first.id == lost
    assert (await inbox.with_body(store.files, second)).raw.body == b"small"
    with pytest.raises(FileLostError):
        await inbox.with_body(store.files, first)


async def test_large_items_come_a_few_at_a_time(store: Store) -> None:
    for number in range(6):
        await add(store, number, b"%d" % number * (inbox.BATCH_BYTES // 3))
    await add(store, 9, b"z" * (inbox.BATCH_BYTES + 1))
    await add(store, 10, b"small")
    sizes = []
    while items := await claim(store):
        sizes.append(len(items))
    assert sizes == [4, 3, 1]
