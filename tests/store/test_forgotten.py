"""What was said without coming to a case is forgotten after its time, and nothing else is (rule D7)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from channels.message import Attachment, OutboundMessage
from store import cases, conversations, forgotten, inbox, outbox, schema
from store.database import Store, Tx
from tests.store import registered
from tests.store.registered import NOW
from tests.store.test_conversations import begun, turn

LEASE = timedelta(minutes=3)
WORDS = b"canary"


async def spoken(tx: Tx, number: int, *, done: bool = True, case_id: int | None = None) -> int:
    """A conversation with a line, a file and an answer that has gone out."""
    address = f"+3247000110{number}"
    talk = await begun(tx, address)
    await inbox.add(tx, turn(number, address), now=NOW)
    (item,) = await inbox.claim(tx, limit=1, now=NOW, lease=LEASE)
    if done:
        await inbox.finish(tx, item, "conversing", now=NOW)
    line = cases.NewMessage(
        case_id, "in", "sms", "+3225550100", "", "canary", "canary", NOW, inbox_id=item.id, conversation_id=talk.id
    )
    await cases.add_message(tx, line, [Attachment("canary.txt", "text/plain", WORDS)])
    answer = cases.NewMessage(
        case_id, "out", "sms", "+3225550100", "", "canary", "", NOW, auto=True, conversation_id=talk.id
    )
    message_id = await cases.add_message(tx, answer)
    going = OutboundMessage(f"talk-{message_id}", "sms", "+3225550100", address, "", "", "canary", "fr", auto=True)
    await outbox.put(tx, going, now=NOW, message_id=message_id)
    (sending,) = await outbox.claim(tx, limit=1, now=NOW, lease=LEASE)
    await outbox.sent(tx, sending, code="", provider_id="", masked="canary", now=NOW)
    await conversations.save(
        tx,
        talk,
        state={"told": "canary"},
        stage="ended",
        language="fr",
        now=NOW,
        heard=True,
        due_at=None,
        case_id=case_id,
    )
    return talk.id


async def left(tx: Tx) -> list[int]:
    rows = await tx.conn.execute(select(schema.conversations.c.id).order_by(schema.conversations.c.id))
    return list(rows.scalars())


async def test_what_came_to_no_case_is_forgotten_when_its_time_has_come(store: Store) -> None:
    async with store.write() as tx:
        await spoken(tx, 1)
    async with store.write() as tx:
        assert await forgotten.without_a_case(tx, before=NOW) == 0
        assert await forgotten.without_a_case(tx, before=NOW + timedelta(seconds=1)) == 1
    async with store.read() as tx:
        assert await left(tx) == []
        for table in (schema.messages, schema.message_files, schema.outbox):
            assert (await tx.conn.execute(select(table))).all() == []
        (item,) = (await tx.conn.execute(select(schema.inbox))).all()
    # The item is counted as before, and says nothing any more.
    assert (item.state, item.fate, bytes(item.raw), item.thread) == ("done", "conversing", b"", None)
    assert b"+32470001101" not in bytes(item.envelope)


async def test_what_a_person_has_to_see_stays(store: Store) -> None:
    async with store.write() as tx:
        with_case = await spoken(tx, 1, case_id=await registered.case(tx))
        unread = await spoken(tx, 2, done=False)
        waiting = await spoken(tx, 3)
        held = await conversations.held(tx, waiting)
        assert held is not None
        await conversations.save(
            tx, held, state={}, stage="waiting", language="fr", now=NOW, heard=True, due_at=None, case_id=None
        )
        assert await forgotten.without_a_case(tx, before=NOW + timedelta(days=999)) == 0
        assert await left(tx) == [with_case, unread, waiting]
