"""A secret link opens one case for a while; nothing in its table opens anything."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from channels.message import RawMessage
from store import cases, inbox, links, schema
from store.database import Store
from tests.store.registered import NOW, case

TOKEN = "q3vF0bPp2cUuJm9Xk1LzAw"
DAY = timedelta(days=1)


async def with_case(store: Store) -> int:
    async with store.write() as tx:
        case_id = await case(tx)
        await links.add(tx, TOKEN, now=NOW, case_id=case_id)
    return case_id


async def opens(store: Store, now: datetime, token: str = TOKEN) -> bool:
    async with store.read() as tx:
        return await links.opened(tx, token, now=now) is not None


@pytest.mark.parametrize(("days", "open_still"), [(0, True), (59, True), (60, False), (400, False)])
async def test_a_link_ends_sixty_days_after_its_message(store: Store, days: int, open_still: bool) -> None:
    await with_case(store)
    assert await opens(store, NOW + days * DAY) is open_still


async def test_each_message_carries_its_own(store: Store) -> None:
    case_id = await with_case(store)
    async with store.write() as tx:
        await links.add(tx, "another token of its own", now=NOW + 50 * DAY, case_id=case_id)
    assert not await opens(store, NOW + 61 * DAY)
    assert await opens(store, NOW + 61 * DAY, "another token of its own")


async def test_a_link_ends_thirty_days_after_closing(store: Store) -> None:
    case_id = await with_case(store)
    async with store.write() as tx:
        await cases.close(tx, case_id, outcome="resolved", actor="user:1", now=NOW + 5 * DAY)
    assert await opens(store, NOW + 34 * DAY)
    assert not await opens(store, NOW + 35 * DAY)
    async with store.write() as tx:
        await cases.reopen(tx, case_id, actor="system", now=NOW + 36 * DAY)
    assert await opens(store, NOW + 36 * DAY)


async def test_revoking_ends_every_link_of_the_case_and_of_no_other(store: Store) -> None:
    case_id = await with_case(store)
    async with store.write() as tx:
        await links.add(tx, "second", now=NOW, case_id=case_id)
        await links.add(tx, "of another case", now=NOW, case_id=await case(tx))
        await links.revoke(tx, case_id, now=NOW)
    assert not await opens(store, NOW)
    assert not await opens(store, NOW, "second")
    assert await opens(store, NOW, "of another case")


async def test_nothing_in_the_table_opens_a_page(store: Store) -> None:
    await with_case(store)
    async with store.read() as tx:
        rows = [tuple(row) for row in await tx.conn.execute(select(schema.links))]
    assert TOKEN not in str(rows)
    for value in (str(each) for row in rows for each in row):
        assert not await opens(store, NOW, value)


async def test_looking_changes_nothing(store: Store) -> None:
    await with_case(store)
    for _ in range(50):
        assert await opens(store, NOW)


async def test_a_link_given_out_before_the_case_opens_it_afterwards(store: Store) -> None:
    async with store.write() as tx:
        raw = RawMessage("webform", "form", "1", b"x", NOW)
        item_id, _ = await inbox.add(tx, raw, now=NOW)
        await links.add(tx, TOKEN, now=NOW, inbox_id=item_id)
        assert await links.opened(tx, TOKEN, now=NOW) == links.Opened(None, item_id, None, proven=True, by_receipt=True)
        case_id = await case(tx)
        await links.bind(tx, item_id, case_id, None)
        assert await links.opened(tx, TOKEN, now=NOW) == links.Opened(
            case_id, item_id, None, proven=True, by_receipt=True
        )


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "é" * 3000, "%", "' OR 1=1 --"])
async def test_any_words_are_just_an_unknown_token(store: Store, token: str) -> None:
    await with_case(store)
    assert not await opens(store, NOW, token)
