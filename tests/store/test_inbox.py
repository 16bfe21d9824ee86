"""The inbox keeps what arrived, hands it out, and records exactly one fate."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from channels.message import RawMessage
from store import inbox, quarantine
from store.database import Store

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=180)


def raw(number: int = 1, body: bytes = b"Subject: x\r\n\r\nBonjour\x00\xff") -> RawMessage:
    return RawMessage(
        "email", "ombudsman@partenamut.example", f"<{number}@mail.example>", body, NOW, {"mail_from": "a@b"}
    )


async def claim(store: Store, now: datetime = NOW, limit: int = 16) -> list[inbox.Item]:
    async with store.write() as tx:
        return await inbox.claim(tx, limit=limit, now=now, lease=LEASE)


async def test_what_was_added_comes_out_as_it_was(store: Store) -> None:
    async with store.write() as tx:
        _, new = await inbox.add(tx, raw(), now=NOW)
    assert new
    (item,) = await claim(store)
    assert item.raw == raw()
    assert item.attempt == 1


async def test_a_large_message_goes_through_a_file(store: Store) -> None:
    big = raw(body=b"x" * (inbox.LARGE + 1))
    async with store.write() as tx:
        await inbox.add(tx, big, now=NOW)
    (item,) = await claim(store)
    assert (await inbox.with_body(store.files, item)).raw.body == big.body


async def test_a_redelivery_is_counted_and_not_stored_twice(store: Store) -> None:
    async with store.write() as tx:
        first, _ = await inbox.add(tx, raw(), now=NOW)
        second, new = await inbox.add(tx, raw(body=b"other"), now=NOW)
    assert first == second
    assert not new
    (item,) = await claim(store)
    assert item.raw.body == raw().body


async def test_an_item_in_hand_is_not_handed_out_again_before_its_lease_ends(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, raw(), now=NOW)
    (first,) = await claim(store)
    assert await claim(store) == []
    (again,) = await claim(store, NOW + LEASE + timedelta(seconds=1))
    assert again.id == first.id
    assert again.attempt == 2


async def test_a_worker_that_slept_through_its_lease_cannot_record(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, raw(), now=NOW)
    (slow,) = await claim(store)
    (quick,) = await claim(store, NOW + LEASE + timedelta(seconds=1))
    async with store.write() as tx:
        await inbox.finish(tx, quick, "robot", now=NOW)
    with pytest.raises(inbox.ClaimLostError):
        async with store.write() as tx:
            await inbox.finish(tx, slow, "opened", now=NOW)
    async with store.read() as tx:
        assert await inbox.outcome(tx, slow.id) == ("done", None)


async def test_an_item_that_kills_its_worker_five_times_is_quarantined_alone(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, raw(1), now=NOW)
        await inbox.add(tx, raw(2), now=NOW)
    now = NOW
    assert len(await claim(store, now)) == 2
    taken = []
    for _ in range(8):
        now += LEASE + timedelta(seconds=1)
        taken.append(await claim(store, now))
    assert all(len(items) <= 1 for items in taken)
    now += LEASE + timedelta(seconds=1)
    with structlog.testing.capture_logs() as said:
        await claim(store, now)
    async with store.read() as tx:
        kept = await quarantine.listing(tx)
    assert [item.attempts for item in kept] == [5, 5]
    # Nobody lived to say so: whoever finds it does.
    assert kept[-1].id in [entry["item"] for entry in said if entry["event"] == "an item is in quarantine"]


async def test_quarantined_items_are_kept_whole_and_can_be_replayed(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, raw(), now=NOW)
    (item,) = await claim(store)
    async with store.write() as tx:
        await inbox.set_back(tx, item, due_at=None, error="UnreadableError", now=NOW)
    assert await claim(store, NOW + timedelta(days=1)) == []
    async with store.write() as tx:
        assert await quarantine.replay(tx, item.id, actor="user:1", now=NOW)
        assert not await quarantine.replay(tx, item.id, actor="user:1", now=NOW)
    (again,) = await claim(store)
    assert again.raw == raw()
    assert again.attempt == 1


async def test_handing_back_does_not_count_as_an_attempt(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, raw(), now=NOW)
    items = await claim(store)
    async with store.write() as tx:
        await inbox.hand_back(tx, items)
    (again,) = await claim(store)
    assert again.attempt == 1


async def test_two_workers_never_hold_the_same_item(store: Store) -> None:
    async with store.write() as tx:
        for number in range(60):
            await inbox.add(tx, raw(number), now=NOW)
    batches = await asyncio.gather(*(claim(store, limit=5) for _ in range(12)))
    ids = [item.id for batch in batches for item in batch]
    assert len(ids) == len(set(ids))
    rest = await claim(store, limit=100)
    assert len(ids) + len(rest) == 60


async def test_the_backlog_counts_what_has_no_fate(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, raw(1), now=NOW)
        await inbox.add(tx, raw(2), now=NOW)
    (first, _second) = await claim(store)
    async with store.write() as tx:
        await inbox.finish(tx, first, "robot", now=NOW)
        found = await inbox.backlog(tx)
    assert found.waiting == 1
    assert found.oldest == NOW
