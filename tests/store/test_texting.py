"""What the outbox knows of messages on chat channels, on both databases: their order, their hour, and their receipts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from channels.message import OutboundMessage
from store import opted_out, outbox, outbox_figures, schema
from store.database import Store
from tests.store.registered import NOW, message

LEASE = timedelta(minutes=3)
NUMBER = "+32470001103"


def text(key: str, to: str = NUMBER) -> OutboundMessage:
    return replace(message(key), channel="sms", recipient=to, references=())


async def rows(store: Store) -> list[Any]:
    async with store.read() as tx:
        return list((await tx.conn.execute(select(schema.outbox).order_by(schema.outbox.c.id))).all())


async def test_one_to_an_address_waits_for_those_before_it(store: Store) -> None:
    async with store.write() as tx:
        for key, to in (("one", NUMBER), ("two", NUMBER), ("other", "+32470001104")):
            await outbox.put(tx, text(key, to), now=NOW)
        await outbox.put(tx, message("mail"), now=NOW)
    async with store.write() as tx:
        one, two, other, mail = await outbox.claim(tx, limit=9, now=NOW, lease=LEASE)
        assert [await outbox.is_next(tx, each) for each in (one, two, other, mail)] == [True, False, True, True]
        await outbox.sent(tx, one, code="", provider_id="SM1", masked="", now=NOW)
        assert await outbox.is_next(tx, two)


async def test_what_has_gone_in_the_last_hour_is_counted_with_what_is_in_hand_before(store: Store) -> None:
    async with store.write() as tx:
        for key, to in (
            ("old", NUMBER),
            ("sent", NUMBER),
            ("other", "+32470001104"),
            ("failed", NUMBER),
            ("last", NUMBER),
        ):
            await outbox.put(tx, text(key, to), now=NOW - timedelta(hours=2))
        old, sent, _, failed, last = await outbox.claim(tx, limit=9, now=NOW, lease=LEASE)
        await outbox.sent(tx, old, code="", provider_id="SM1", masked="", now=NOW - timedelta(hours=1, minutes=5))
        await outbox.sent(tx, sent, code="", provider_id="SM2", masked="", now=NOW - timedelta(minutes=5))
        await outbox.failed(tx, failed, code="30003", now=NOW)
        gone = await outbox_figures.gone_since(tx, last, NOW - timedelta(hours=1))
    assert gone == outbox_figures.LastHour(to_address=1, to_all=2)


async def test_what_belongs_to_a_message_comes_out_of_the_outbox_as_it_went_in(store: Store) -> None:
    wanted = replace(text("talk-1"), heard_at=NOW - timedelta(minutes=1))
    async with store.write() as tx:
        await outbox.put(tx, wanted, now=NOW - timedelta(seconds=9))
        (first,) = await outbox.claim(tx, limit=9, now=NOW, lease=LEASE)
        assert first.message == wanted
        (second,) = await outbox.claim(tx, limit=9, now=NOW + 2 * LEASE, lease=LEASE)
    # Whoever had it is gone, and may have sent it.
    assert second.message == replace(wanted, tried_since=NOW - timedelta(seconds=9))


async def test_a_receipt_is_kept_by_key_and_by_the_providers_id(store: Store) -> None:
    def further(known: str, code: str) -> tuple[str, str]:
        return max(known, "b"), code or "30003"

    async with store.write() as tx:
        await outbox.put(tx, text("one"), now=NOW)
        noted = await outbox.note_receipt(tx, "SM1", "one", merge=further, broken=("x",), now=NOW)
        assert noted is not None
        assert (noted.new, noted.message.recipient) == (True, NUMBER)
        again = await outbox.note_receipt(tx, "SM1", "one", merge=further, broken=("x",), now=NOW)
        assert again is not None
        assert not again.new
        assert await outbox.note_receipt(tx, "SM2", "", merge=further, broken=(), now=NOW) is None
        assert await outbox.note_receipt(tx, "SM2", "none", merge=further, broken=(), now=NOW) is None
    (row,) = await rows(store)
    assert (row.receipt, row.receipt_code, row.receipt_at) == ("b", "30003", NOW)


async def test_who_wants_nothing_more_is_known_by_a_hash_alone(store: Store) -> None:
    async with store.write() as tx:
        assert await opted_out.add(tx, "sms", NUMBER, now=NOW)
        assert not await opted_out.add(tx, "whatsapp", NUMBER, now=NOW)
        assert not await opted_out.add(tx, "email", "marie@mail.example", now=NOW)
        assert await opted_out.has(tx, "whatsapp", NUMBER)
        assert not await opted_out.has(tx, "telegram", NUMBER)
        (row,) = (await tx.conn.execute(select(schema.opted_out))).all()
        assert NUMBER not in str(row)
        await opted_out.remove(tx, "sms", NUMBER)
        assert not await opted_out.has(tx, "sms", NUMBER)
