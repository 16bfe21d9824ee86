"""One owner at a time, one run of each job, and a register that says where it contradicts itself."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from channels.message import RawMessage
from store import cases, inbox, operations, outbox, schema
from store.database import Store
from tests.store.registered import NOW, case, message

LIFE = timedelta(seconds=35)
SECOND = timedelta(seconds=1)


async def hold(store: Store, owner: str, now: datetime = NOW, name: str = "mailbox:1") -> bool:
    async with store.write() as tx:
        return await operations.hold_lease(tx, name, owner, now=now, life=LIFE)


async def test_a_lease_has_one_owner_at_a_time(store: Store) -> None:
    assert await hold(store, "a")
    assert not await hold(store, "b")
    assert await hold(store, "a", NOW + 30 * SECOND)
    assert not await hold(store, "b", NOW + 60 * SECOND)
    assert await hold(store, "b", NOW + 66 * SECOND)
    assert not await hold(store, "a", NOW + 67 * SECOND)
    assert await hold(store, "a", NOW, name="mailbox:2")


async def test_of_many_who_ask_at_once_one_gets_the_lease(store: Store) -> None:
    assert sum(await asyncio.gather(*(hold(store, f"p{number}") for number in range(10)))) == 1
    late = NOW + 2 * LIFE
    assert sum(await asyncio.gather(*(hold(store, f"q{number}", late) for number in range(10)))) == 1


async def run(store: Store, job: str = "reminders", slot: str = "2026-11-24") -> bool:
    async with store.write() as tx:
        first = await operations.first_to_run(tx, job, slot, now=NOW)
        await asyncio.sleep(0)
        return first


async def test_a_run_is_taken_once_whoever_asks(store: Store) -> None:
    assert sum(await asyncio.gather(*(run(store) for _ in range(8)))) == 1
    assert not await run(store)
    assert await run(store, slot="2026-11-25")
    assert await run(store, job="tidying")


async def test_a_run_that_failed_is_free_again(store: Store) -> None:
    async def fail() -> None:
        async with store.write() as tx:
            assert await operations.first_to_run(tx, "reminders", "2026-11-24", now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await run(store)


async def test_runs_are_forgotten_after_ninety_days(store: Store) -> None:
    await run(store)
    async with store.write() as tx:
        await operations.forget_old_runs(tx, now=NOW + timedelta(days=89))
    assert not await run(store)
    async with store.write() as tx:
        await operations.forget_old_runs(tx, now=NOW + timedelta(days=91))
    assert await run(store)


async def test_reminders_and_escalations_are_counted_once(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
        await cases.add_deadlines(tx, case_id, [("mediation_result", date(2026, 12, 1), "rule")], running=True)
        (clock,) = await operations.clocks_due(tx, until=date(2026, 12, 1))
        assert await operations.clocks_due(tx, until=date(2026, 11, 30)) == []
        assert [await operations.reminded(tx, clock) for _ in range(3)] == [True, False, False]
        assert [await operations.escalated(tx, clock, now=NOW) for _ in range(3)] == [True, False, False]
        assert await operations.clocks_due(tx, until=date(2026, 12, 1)) == []


async def test_more_clocks_than_ever_due_on_one_day_are_all_found(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
        rows = [
            {"case_id": case_id, "clock": f"c{number}", "due_on": date(2026, 12, 1), "source": "", "state": "running"}
            for number in range(700)
        ]
        await tx.conn.execute(insert(schema.deadlines), rows)
        assert len(await operations.clocks_due(tx, until=date(2026, 12, 1))) == 700


async def sound(store: Store) -> dict[str, int]:
    async with store.read() as tx:
        return {name: count for name, count in (await operations.contradictions(tx)).items() if count}


async def test_a_sound_register_contradicts_nothing(store: Store) -> None:
    async with store.write() as tx:
        await case(tx)
        await case(tx, refused=True)
    assert await sound(store) == {}


async def change(store: Store, table: Any, row_id: int, **values: Any) -> None:
    async with store.write() as tx:
        await tx.conn.execute(update(table).where(table.c.id == row_id).values(**values))


@pytest.mark.parametrize("fate", ["opened", "joined"])
async def test_an_item_without_its_case_is_found(store: Store, fate: str) -> None:
    async with store.write() as tx:
        item, _ = await inbox.add(tx, RawMessage("email", "a@b.example", "1", b"x", NOW), now=NOW)
    await change(store, schema.inbox, item, fate=fate, fate_at=NOW, state="done")
    assert "items_without_their_case" in await sound(store)


async def test_a_case_opened_twice_is_found(store: Store) -> None:
    async with store.write() as tx:
        first = await case(tx)
        item, _ = await inbox.add(tx, RawMessage("email", "a@b.example", "1", b"x", NOW), now=NOW)
    await change(store, schema.inbox, item, fate="opened", fate_at=NOW, state="done", case_id=first)
    assert await sound(store) == {"cases_opened_twice": 1}


async def test_a_case_without_its_item_is_found(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
    async with store.write() as tx:
        item = schema.inbox
        await tx.conn.execute(update(item).where(item.c.case_id == case_id).values(fate="duplicate"))
    assert await sound(store) == {"cases_without_their_item": 1}


async def test_a_held_item_without_its_message_is_found(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
        item, _ = await inbox.add(tx, RawMessage("email", "a@b.example", "1", b"x", NOW), now=NOW)
    await change(store, schema.inbox, item, fate="held", fate_at=NOW, state="done", case_id=case_id)
    assert "held_without_their_message" in await sound(store)


async def test_a_fate_without_a_date_is_found(store: Store) -> None:
    async with store.write() as tx:
        item, _ = await inbox.add(tx, RawMessage("email", "a@b.example", "1", b"x", NOW), now=NOW)
    await change(store, schema.inbox, item, fate="robot", state="done")
    assert "decided_without_a_date" in await sound(store)


async def test_tallies_add_up_to_what_was_delivered(store: Store) -> None:
    async with store.write() as tx:
        for number in (1, 2, 3):
            raw = RawMessage("email", "a@b.example", f"{number}", b"x", NOW)
            await inbox.add(tx, raw, now=NOW)
            await inbox.add(tx, raw, now=NOW)
        (item, *_rest) = await inbox.claim(tx, limit=1, now=NOW, lease=LIFE)
        await inbox.finish(tx, item, "robot", now=NOW)
        (tally,) = await operations.tallies(tx)
        assert await operations.kept_since(tx, account="a@b.example", since=NOW) == 3
        assert await operations.kept_since(tx, account="a@b.example", since=NOW + SECOND) == 0
    assert (tally.deliveries, tally.items, dict(tally.fates), tally.open) == (6, 3, {"robot": 1}, 2)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "done"},
        {"state": "quarantined"},
        {"state": "waiting", "fate": "robot", "fate_at": NOW},
        {"state": "done", "fate": "quarantined", "fate_at": NOW},
        {"state": "quarantined", "fate": "robot", "fate_at": NOW},
    ],
)
async def test_an_item_that_ended_without_its_fate_is_found(store: Store, values: dict[str, Any]) -> None:
    async with store.write() as tx:
        item, _ = await inbox.add(tx, RawMessage("email", "a@b.example", "1", b"x", NOW), now=NOW)
    assert await sound(store) == {}
    await change(store, schema.inbox, item, **values)
    assert "items_whose_state_and_fate_differ" in await sound(store)


async def test_a_robot_that_was_answered_is_found(store: Store) -> None:
    async with store.write() as tx:
        item, _ = await inbox.add(tx, RawMessage("email", "a@b.example", "1", b"x", NOW), now=NOW)
        await outbox.put(tx, message(f"ack-{item}"), now=NOW)
    assert await sound(store) == {}
    await change(store, schema.inbox, item, fate="robot", fate_at=NOW, state="done")
    assert await sound(store) == {"robots_that_were_answered": 1}


async def test_signs_of_life_of_processes_that_are_gone_are_forgotten(store: Store) -> None:
    async with store.write() as tx:
        for name in ("worker:a-1", "web:a-1", "mailbox:mail@b.example", "owner-of-mailbox:1"):
            await operations.beat(tx, name, "alive", {}, now=NOW)
        await operations.beat(tx, "worker:b-2", "alive", {}, now=NOW + timedelta(days=1))
        await operations.forget_old_runs(tx, now=NOW + timedelta(days=1, seconds=1))
        names = [beat.name for beat in await operations.beats(tx)]
    assert names == ["mailbox:mail@b.example", "owner-of-mailbox:1", "worker:b-2"]
