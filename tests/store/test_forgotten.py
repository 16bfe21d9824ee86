"""What was said without coming to a case is forgotten after its time, and nothing else is (rule D7)."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from channels.message import Attachment, OutboundMessage
from store import cases, conversations, forgotten, inbox, outbox, schema
from store.database import Store, Tx
from store.files import FileStore
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


NAME = hashlib.sha256(WORDS).hexdigest()


def aged(store: Store) -> Path:
    """The file of the canary, as old as if nobody had written it since yesterday."""
    path = store.files.folder / NAME[:2] / NAME
    os.utime(path, ((NOW - timedelta(days=1)).timestamp(),) * 2)
    return path


async def names_of_files(store: Store) -> list[str]:
    async with store.read() as tx:
        return list((await tx.conn.execute(select(schema.files.c.hash))).scalars())


async def test_a_file_goes_when_no_row_names_it_any_more(store: Store) -> None:
    async with store.write() as tx:
        await spoken(tx, 1)
        case_id = await registered.case(tx)
        await spoken(tx, 2, case_id=case_id)
    path = aged(store)
    assert await forgotten.unnamed_files(store, now=NOW) == 0
    async with store.write() as tx:
        assert await forgotten.without_a_case(tx, before=NOW + timedelta(seconds=1)) == 1
    # The case has a file with the same content.
    assert await forgotten.unnamed_files(store, now=NOW) == 0
    assert path.read_bytes() == WORDS
    async with store.write() as tx:
        await tx.conn.execute(schema.message_files.delete())
    # A writer who has it on disk and no row yet is not robbed of it.
    store.files.write(WORDS)
    assert await forgotten.unnamed_files(store, now=datetime.now(UTC)) == 0
    aged(store)
    assert await forgotten.unnamed_files(store, now=NOW) == 1
    assert not path.exists()
    assert await names_of_files(store) == []
    assert list(path.parent.iterdir()) == []


async def test_a_raw_message_in_a_file_is_named_by_its_item(store: Store) -> None:
    async with store.write() as tx:
        await inbox.add(tx, turn(1, "+32470001101"), now=NOW)
        await tx.conn.execute(schema.inbox.update().values(raw_file=store.files.write(WORDS)))
    path = aged(store)
    assert await forgotten.unnamed_files(store, now=NOW) == 0
    assert path.exists()


async def test_a_writer_at_any_moment_of_the_removal_keeps_the_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the rename, between rename and look, and before the drop: the file is there in the end."""
    before = NOW - timedelta(hours=6)
    store.files.write(WORDS)
    path = aged(store)
    # It has found the file whole, and comes to mark it when it has been set aside: then it writes it anew.
    holds = FileStore.holds

    def whole_and_gone(files: FileStore, name: str) -> bool:
        found = holds(files, name)
        assert store.files.set_aside(name, before=before)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "holds", whole_and_gone)
        store.files.write(WORDS)
    store.files.drop(NAME)
    assert path.read_bytes() == WORDS
    # It has marked it in the moment of the rename.
    assert not store.files.set_aside(NAME, before=before)
    assert path.read_bytes() == WORDS
    # It comes while the removal is under way, which finds a row after all.
    aged(store)
    assert store.files.set_aside(NAME, before=before)
    store.files.write(WORDS)
    store.files.put_back(NAME)
    assert path.read_bytes() == WORDS


async def test_what_a_run_that_broke_off_had_set_aside_is_put_back(store: Store) -> None:
    store.files.write(WORDS)
    path = aged(store)
    assert store.files.set_aside(NAME, before=NOW)
    assert store.files.old(before=NOW) == [NAME]
    assert path.read_bytes() == WORDS


async def test_notices_to_groups_go_with_the_conversations(store: Store) -> None:
    async with store.write() as tx:
        for key in ("group-100200", "talk-9"):
            going = OutboundMessage(key, "telegram", "7", "-100200", "", "", "canary", "fr", auto=True)
            await outbox.put(tx, going, now=NOW)
        assert await forgotten.group_notices(tx, before=NOW + timedelta(days=1)) == 0
        for sending in await outbox.claim(tx, limit=2, now=NOW, lease=LEASE):
            await outbox.sent(tx, sending, code="", provider_id="", masked="canary", now=NOW)
        assert await forgotten.group_notices(tx, before=NOW) == 0
        assert await forgotten.group_notices(tx, before=NOW + timedelta(days=1)) == 1
        assert list((await tx.conn.execute(select(schema.outbox.c.key))).scalars()) == ["talk-9"]
