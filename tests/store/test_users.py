"""Who is signed in, for how long, and how long somebody who guesses has to wait."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from store import schema, sign_ins, users
from store.database import Store
from tests.store.registered import NOW

MINUTE = timedelta(minutes=1)
TOKEN = "a-token-of-256-bits"


async def anne(store: Store, login: str = "anne@example.org") -> int:
    async with store.write() as tx:
        return await users.add(
            tx, login=login, name="Anne", role="mediator", medical=False, password="hash", actor="command", now=NOW
        )


async def signed_in(store: Store) -> int:
    user_id = await anne(store)
    async with store.write() as tx:
        await users.start_session(tx, user_id, token=TOKEN, csrf="c", now=NOW)
    return user_id


async def in_session(store: Store, now: datetime, token: str = TOKEN) -> bool:
    async with store.read() as tx:
        return await users.session_of(tx, token, now=now) is not None


async def test_a_login_is_taken_once_in_any_capitals(store: Store) -> None:
    await anne(store)
    with pytest.raises(users.UserExistsError):
        await anne(store, " ANNE@example.org ")
    async with store.read() as tx:
        found = await users.by_login(tx, "Anne@Example.org")
    assert found is not None
    assert found.login == "anne@example.org"


async def test_a_session_ends_after_thirty_idle_minutes(store: Store) -> None:
    await signed_in(store)
    assert await in_session(store, NOW + 29 * MINUTE)
    assert not await in_session(store, NOW + 30 * MINUTE)


async def test_use_keeps_a_session_but_never_beyond_twelve_hours(store: Store) -> None:
    await signed_in(store)
    now = NOW
    while now < NOW + timedelta(hours=12) - 20 * MINUTE:
        now += 20 * MINUTE
        assert await in_session(store, now)
        async with store.write() as tx:
            await users.touch_session(tx, TOKEN, now=now)
    assert await in_session(store, NOW + timedelta(hours=12) - MINUTE)
    assert not await in_session(store, NOW + timedelta(hours=12))


async def test_a_user_who_is_disabled_is_out_at_once(store: Store) -> None:
    user_id = await signed_in(store)
    async with store.write() as tx:
        await users.disable(tx, user_id, actor="user:9", now=NOW)
    assert not await in_session(store, NOW)
    async with store.write() as tx:
        await users.start_session(tx, user_id, token="another", csrf="c", now=NOW)
    assert not await in_session(store, NOW, "another")


async def test_signing_out_ends_that_session_only(store: Store) -> None:
    user_id = await signed_in(store)
    async with store.write() as tx:
        await users.start_session(tx, user_id, token="elsewhere", csrf="c", now=NOW)
        await users.end_session(tx, TOKEN, now=NOW)
        await users.end_session(tx, "unknown", now=NOW)
    assert not await in_session(store, NOW)
    assert await in_session(store, NOW, "elsewhere")


async def test_the_token_itself_is_not_kept(store: Store) -> None:
    await signed_in(store)
    async with store.read() as tx:
        rows = str((await tx.conn.execute(select(schema.sessions))).all())
    assert TOKEN not in rows


async def wait(store: Store, now: datetime, address: str = "192.0.2.1", login: str = "anne@example.org") -> timedelta:
    async with store.read() as tx:
        return await sign_ins.wait_for(tx, login, address, now=now)


async def fail(store: Store, now: datetime, times: int = 1, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        async with store.write() as tx:
            await sign_ins.note_failure(tx, "anne@example.org", address, now=now)


async def test_the_wait_grows_to_a_quarter_of_an_hour(store: Store) -> None:
    await fail(store, NOW, 4)
    assert await wait(store, NOW) == timedelta(0)
    waits = []
    for _ in range(14):
        await fail(store, NOW)
        waits.append(await wait(store, NOW))
    assert waits[0] > timedelta(0)
    assert waits == sorted(waits)
    assert waits[1] > waits[0]
    assert waits[-1] == 15 * MINUTE


async def test_the_wait_passes(store: Store) -> None:
    await fail(store, NOW, 30)
    assert await wait(store, NOW + 10 * MINUTE) == 5 * MINUTE
    assert await wait(store, NOW + 15 * MINUTE) == timedelta(0)


async def test_nobody_is_locked_out_from_another_address_or_another_account(store: Store) -> None:
    await fail(store, NOW, 30)
    assert await wait(store, NOW, address="192.0.2.2") == timedelta(0)
    assert await wait(store, NOW, login="tom@example.org") == timedelta(0)
    assert await wait(store, NOW, login=" ANNE@example.org") > timedelta(0)


async def test_a_clock_that_steps_back_locks_nobody_out_for_longer(store: Store) -> None:
    await fail(store, NOW, 30)
    assert await wait(store, NOW - timedelta(hours=2)) <= 15 * MINUTE


async def test_parallel_guesses_are_all_counted(store: Store) -> None:
    await asyncio.gather(*(fail(store, NOW) for _ in range(20)))
    assert await wait(store, NOW) == 15 * MINUTE


async def test_signing_in_ends_the_wait(store: Store) -> None:
    await fail(store, NOW, 30)
    async with store.write() as tx:
        await sign_ins.forget_failures(tx, "anne@example.org", "192.0.2.1")
    assert await wait(store, NOW) == timedelta(0)


async def test_the_count_begins_again_after_a_day_of_peace(store: Store) -> None:
    await fail(store, NOW, 30)
    await fail(store, NOW + timedelta(days=1, seconds=1))
    assert await wait(store, NOW + timedelta(days=1, seconds=1)) == timedelta(0)


async def test_tidying_drops_what_no_longer_counts_and_nothing_else(store: Store) -> None:
    await signed_in(store)
    await fail(store, NOW, 30)
    async with store.write() as tx:
        assert await users.forget_old(tx, now=NOW + 5 * MINUTE) == 0
    assert await in_session(store, NOW + 5 * MINUTE)
    assert await wait(store, NOW + 5 * MINUTE) == 10 * MINUTE
    async with store.write() as tx:
        assert await users.forget_old(tx, now=NOW + timedelta(days=2)) == 1
