"""References count up, year by year, and none is issued twice, whoever asks at once and whatever is restored."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.reference import format_reference
from store import references
from store.database import Store
from store.files import FileStore


async def take(store: Store, year: int = 2026) -> str:
    async with store.write() as tx:
        return await references.next_reference(tx, year)


async def test_the_sequence_goes_on(store: Store) -> None:
    assert [await take(store) for _ in range(3)] == [format_reference(2026, number) for number in (1, 2, 3)]


async def test_each_year_begins_anew(store: Store) -> None:
    await take(store)
    assert await take(store, 2027) == format_reference(2027, 1)
    assert await take(store) == format_reference(2026, 2)


async def test_fifty_at_once_get_fifty_without_a_gap(store: Store) -> None:
    found = await asyncio.gather(*(take(store) for _ in range(50)))
    assert sorted(found) == sorted(format_reference(2026, number) for number in range(1, 51))


async def test_a_number_that_was_not_used_is_given_again(store: Store) -> None:
    async def fail() -> None:
        async with store.write() as tx:
            await references.next_reference(tx, 2026)
            raise RuntimeError

    await take(store)
    with pytest.raises(RuntimeError):
        await fail()
    assert await take(store) == format_reference(2026, 2)


async def test_the_sequence_survives_a_new_start(store: Store) -> None:
    await take(store)
    await store.open()
    assert await take(store) == format_reference(2026, 2)


async def test_after_a_restore_no_reference_is_issued_again(tmp_path: Path) -> None:
    async def opened() -> Store:
        store = Store(f"sqlite+aiosqlite:///{tmp_path / 'guichet.db'}", FileStore(tmp_path / "files"))
        await store.open()
        return store

    store = await opened()
    given = [await take(store) for _ in range(3)]
    await store.close()
    shutil.copy(tmp_path / "guichet.db", tmp_path / "backup.db")
    store = await opened()
    given += [await take(store) for _ in range(50)]
    given += [await take(store, 2025) for _ in range(2)]
    await store.close()
    shutil.copy(tmp_path / "backup.db", tmp_path / "guichet.db")
    store = await opened()
    async with store.write() as tx:
        await references.jump(tx, year=2026, now=datetime(2026, 11, 24, tzinfo=UTC))
    after = [await take(store) for _ in range(60)]
    await store.close()
    assert not set(given) & set(after)
    assert after[0] == format_reference(2026, 10_004)
