"""The outbox gives each message to one sender at a time, until it has an end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from store import cases, outbox, outbox_figures, schema
from store.database import Store
from tests.store.registered import NOW, case, message

LEASE = timedelta(seconds=180)


async def put(store: Store, key: str = "ack-1", **values: Any) -> int | None:
    async with store.write() as tx:
        return await outbox.put(tx, message(key, **values), now=NOW)


async def claim(store: Store, now: Any = NOW, limit: int = 10) -> list[outbox.Outgoing]:
    async with store.write() as tx:
        return await outbox.claim(tx, limit=limit, now=now, lease=LEASE)


async def row(store: Store, outbox_id: int) -> Any:
    async with store.read() as tx:
        return (await tx.conn.execute(select(schema.outbox).where(schema.outbox.c.id == outbox_id))).one()


async def test_what_was_put_comes_out_as_it_was(store: Store) -> None:
    wanted = message(text="Bonjour Élodie \x00")
    async with store.write() as tx:
        await outbox.put(tx, wanted, now=NOW)
    (found,) = await claim(store)
    assert found.message == wanted
    assert found.attempt == 1


async def test_a_key_is_sent_once_whoever_puts_it(store: Store) -> None:
    assert await put(store) is not None
    assert await put(store, text="something else") is None
    given = await asyncio.gather(*(put(store, "ack-2") for _ in range(10)))
    assert len([one for one in given if one is not None]) == 1
    assert len(await claim(store)) == 2


async def test_a_message_in_hand_comes_again_only_after_its_lease(store: Store) -> None:
    await put(store)
    (first,) = await claim(store)
    assert await claim(store, NOW + LEASE) == []
    (again,) = await claim(store, NOW + LEASE + timedelta(seconds=1))
    assert (again.id, again.attempt) == (first.id, 2)
    assert again.message.key == first.message.key


async def test_two_senders_never_hold_the_same_message(store: Store) -> None:
    for number in range(40):
        await put(store, f"ack-{number}")
    batches = await asyncio.gather(*(claim(store, limit=4) for _ in range(8)))
    ids = [one.id for batch in batches for one in batch]
    assert len(ids) == len(set(ids))
    assert len(ids) + len(await claim(store, limit=99)) == 40


async def test_a_message_waits_until_it_is_due(store: Store) -> None:
    async with store.write() as tx:
        await outbox.put(tx, message(), now=NOW, due_at=NOW + timedelta(seconds=20))
    assert await claim(store) == []
    async with store.read() as tx:
        assert await outbox_figures.next_due(tx) == NOW + timedelta(seconds=20)
    assert len(await claim(store, NOW + timedelta(seconds=20))) == 1


async def test_a_temporary_refusal_waits_and_keeps_its_code(store: Store) -> None:
    await put(store)
    (found,) = await claim(store)
    due_at = NOW + timedelta(minutes=1)
    async with store.write() as tx:
        await outbox.later(tx, found, code="451 4.7.1", due_at=due_at)
    kept = await row(store, found.id)
    assert (kept.state, kept.attempts, kept.due_at, kept.code, kept.taken_until) == (
        "waiting",
        1,
        due_at,
        "451 4.7.1",
        None,
    )
    assert await claim(store) == []
    (again,) = await claim(store, due_at)
    assert again.attempt == 2
    assert again.created_at == NOW


async def test_our_own_waiting_is_no_attempt(store: Store) -> None:
    await put(store)
    (found,) = await claim(store)
    async with store.write() as tx:
        await outbox.later(tx, found, code="rate", due_at=NOW, counted=False)
    (again,) = await claim(store)
    assert again.attempt == 1


async def test_a_sent_message_is_kept_without_its_secret(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
        message_id = await cases.add_message(
            tx,
            cases.NewMessage(case_id, "out", "email", "ombudsman@partenamut.example", "s", "link s3cret", "", NOW),
        )
        await outbox.put(tx, message(text="link s3cret"), now=NOW, case_id=case_id, message_id=message_id)
    (found,) = await claim(store)
    async with store.write() as tx:
        await outbox.sent(tx, found, code="250", provider_id="<x@y>", masked="link …", now=NOW)
    everything = ""
    async with store.read() as tx:
        for table in (schema.outbox, schema.messages):
            everything += str([tuple(one) for one in await tx.conn.execute(select(table))])
    assert "s3cret" not in everything
    kept = await row(store, found.id)
    assert (kept.state, kept.provider_id, kept.ended_at) == ("sent", "<x@y>", NOW)
    assert await claim(store, NOW + timedelta(days=9)) == []


@pytest.mark.parametrize("end", ["failed", "cancelled"])
async def test_what_never_left_is_kept_without_its_secret_too(store: Store, end: str) -> None:
    text = "link https://guichet.example/fr/c/s3cretS3cretS3cretS3cr"
    async with store.write() as tx:
        case_id = await case(tx)
        message_id = await cases.add_message(
            tx, cases.NewMessage(case_id, "out", "email", "ombudsman@partenamut.example", "s", text, "", NOW)
        )
        outbox_id = await outbox.put(tx, message(text=text), now=NOW, case_id=case_id, message_id=message_id)
    assert outbox_id is not None
    if end == "cancelled":
        async with store.write() as tx:
            assert await outbox.cancel(tx, outbox_id, now=NOW)
    else:
        (found,) = await claim(store)
        async with store.write() as tx:
            await outbox.failed(tx, found, code="550", now=NOW)
    everything = ""
    async with store.read() as tx:
        for table in (schema.outbox, schema.messages):
            everything += str([tuple(one) for one in await tx.conn.execute(select(table))])
    assert "s3cret" not in everything
    assert "link https://guichet.example/fr/c/" in everything


async def test_a_sender_that_lost_its_lease_changes_nothing(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
        await cases.change(tx, case_id, actor="user:1", act="case.read", now=NOW, unread=False)
        await outbox.put(tx, message(), now=NOW, case_id=case_id)
    (slow,) = await claim(store)
    (quick,) = await claim(store, NOW + LEASE + timedelta(seconds=1))
    async with store.write() as tx:
        await outbox.sent(tx, quick, code="250", provider_id="", masked="kept", now=NOW)
        await outbox.failed(tx, slow, code="550", now=NOW)
        await outbox.later(tx, slow, code="451", due_at=NOW)
        await outbox.sent(tx, slow, code="250", provider_id="", masked="changed", now=NOW)
    assert (await row(store, quick.id)).state == "sent"
    async with store.read() as tx:
        unread = (await tx.conn.execute(select(schema.cases.c.unread).where(schema.cases.c.id == case_id))).scalar()
    assert unread is False


async def test_a_failure_is_shown_on_its_case(store: Store) -> None:
    async with store.write() as tx:
        case_id = await case(tx)
        version = await cases.change(tx, case_id, actor="user:1", act="case.read", now=NOW, unread=False)
        await outbox.put(tx, message(), now=NOW, case_id=case_id)
    (found,) = await claim(store)
    async with store.write() as tx:
        await outbox.failed(tx, found, code="550 5.1.1", now=NOW)
        kept = (await tx.conn.execute(select(schema.cases).where(schema.cases.c.id == case_id))).one()
    assert (kept.unread, kept.version) == (True, version + 1)
    assert await claim(store, NOW + timedelta(days=9)) == []


async def test_taking_back_against_sending_has_exactly_one_winner(store: Store) -> None:
    async def take_back(outbox_id: int) -> bool:
        async with store.write() as tx:
            return await outbox.cancel(tx, outbox_id, now=NOW)

    async def send(wanted: int) -> bool:
        return wanted in [one.id for one in await claim(store, limit=1)]

    winners = []
    for number in range(200):
        outbox_id = await put(store, f"answer-{number}")
        assert outbox_id is not None
        both = (take_back(outbox_id), send(outbox_id)) if number % 2 else (send(outbox_id), take_back(outbox_id))
        results = await asyncio.gather(*both)
        winners.append(sum(results))
    assert winners == [1] * 200


@pytest.mark.parametrize("state", ["sent", "failed", "cancelled"])
async def test_what_has_ended_cannot_be_taken_back(store: Store, state: str) -> None:
    outbox_id = await put(store)
    assert outbox_id is not None
    async with store.write() as tx:
        if state == "cancelled":
            assert await outbox.cancel(tx, outbox_id, now=NOW)
    if state != "cancelled":
        (found,) = await claim(store)
        async with store.write() as tx:
            if state == "sent":
                await outbox.sent(tx, found, code="250", provider_id="", masked="", now=NOW)
            else:
                await outbox.failed(tx, found, code="550", now=NOW)
    async with store.write() as tx:
        assert not await outbox.cancel(tx, outbox_id, now=NOW)


async def test_the_start_of_the_only_process_hands_out_what_was_in_hand(store: Store) -> None:
    await put(store)
    assert len(await claim(store)) == 1
    async with store.write() as tx:
        assert await outbox.release_all(tx) == 1
    assert len(await claim(store)) == 1
