"""Many turns at once on one PostgreSQL: two workers and the web chat's own writing, in one conversation and in many."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from channels.contract import StoreUnavailableError
from channels.widget import contract
from channels.widget.parse import parse
from classifier import pipeline
from classifier.classification import Text
from config.settings import load
from gateway import record
from gateway.arrival import Arrival
from gateway.chat_door import ChatDoor
from gateway.classifying import unclassified
from gateway.door import Door
from gateway.house import House, active_rules, build
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.room import Room
from store import inbox, schema
from tests.gateway.conftest import DirectClassifying, DirectParsing

pytestmark = pytest.mark.servers

SAID = (
    "Bonjour, mes remboursements de kiné n'arrivent pas depuis trois mois et personne ne répond.",
    "Je veux être remboursée",
    "Marie Dubois, marie.dubois{number}@mail.example",
    "oui",
    "Et encore ceci : la facture date de mars.",
    "Le guichet de Namur m'a dit d'attendre.",
)


@pytest.fixture
async def house(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.chdir(tmp_path)
    made = build(
        load(data=tmp_path / "data", database_url=postgres_url, redis_url="", allow_unsafe_database=True), name="test"
    )
    await made.store.open()
    yield made
    await made.close()


def door_of(house: House) -> ChatDoor:
    return ChatDoor(house, Door(house, Metrics(), Room(house.settings.data, 0, 0)))


def workers(house: House, model: pipeline.Classifier) -> list[Intake]:
    """Two workers, of three lanes each."""
    parsing, reading = DirectParsing(house, ""), DirectClassifying(model)
    return [
        Intake(house, parsing, reading, Metrics(), patience=30)  # type: ignore[arg-type]  # the same methods, no child
        for _ in range(2)
    ]


async def nothing_left(house: House) -> None:
    async with asyncio.timeout(120):
        while True:
            async with house.store.read() as tx:
                if not (await inbox.backlog(tx)).waiting:
                    return
            await asyncio.sleep(0.05)


async def visit(door: ChatDoor, conversation: contract.Conversation, number: int, again: float) -> None:
    """A member who types fast, and whose browser sends some lines again."""
    for place, said in enumerate(SAID):
        words = said.format(number=number)
        sent = [door.say(conversation, f"c{place}", words, "", [])]
        if random.random() < again:
            sent += [door.say(conversation, f"c{place}", words, "", []) for _ in range(3)]
        assert len(set(await asyncio.gather(*sent))) == 1
        for earlier in range(place):
            if random.random() < again:
                await door.say(conversation, f"c{earlier}", words, "", [])
        await asyncio.sleep(random.random() * 0.02)


@pytest.mark.parametrize("visitors", [1, 12])
async def test_every_line_once_in_order_and_one_case(house: House, model: pipeline.Classifier, visitors: int) -> None:
    door = door_of(house)
    both = workers(house, model)
    begun = [(await door.begin("fr", "https://www.example.org"))[1] for _ in range(visitors)]
    running = [asyncio.create_task(worker.run()) for worker in both]
    await asyncio.gather(*(visit(door, one, number, 0.5) for number, one in enumerate(begun)))
    await nothing_left(house)
    for worker in both:
        worker.stop()
    await asyncio.gather(*running)
    for number, one in enumerate(begun):
        lines = await door.since(one, 0)
        own = [line.text for line in lines if line.who == "you"]
        assert own == [said.format(number=number) for said in SAID]
        assert any(line.who == "bot" for line in lines)
    async with house.store.read() as tx:
        items = (await tx.conn.execute(select(schema.inbox).order_by(schema.inbox.c.id))).all()
        cases = (await tx.conn.execute(select(func.count()).select_from(schema.cases))).scalar_one()
        deadlocks = (
            await tx.conn.execute(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
        ).scalar_one()
        talks = (await tx.conn.execute(select(schema.messages.c.conversation_id, schema.messages.c.case_id))).all()
    assert {(item.state, item.fate, item.attempts) for item in items} == {("done", "conversing", 1)}
    for thread in {item.thread for item in items}:
        ended = [item.fate_at for item in items if item.thread == thread]
        assert ended == sorted(ended)
    assert (cases, deadlocks) == (visitors, 0)
    # What is said in a conversation stands in its own case and in no other one.
    assert len({(row.conversation_id, row.case_id) for row in talks if row.conversation_id}) == visitors
    assert all(row.case_id for row in talks)


async def test_a_line_that_is_sent_again_while_it_is_recorded_waits_for_nobody(house: House) -> None:
    """The recorder has the item and wants the conversation; the door has the conversation."""
    recorder = record.Recorder(house, await active_rules(house))
    door = door_of(house)
    _, conversation = await door.begin("fr", "https://www.example.org")
    line = await door.say(conversation, "c1", SAID[0], "", [])
    async with house.store.write() as tx:
        (item,) = await inbox.claim(tx, limit=9, now=house.now(), lease=house.lease)
    message = parse(item.raw)
    found = unclassified(Text(channel="chat", text=message.text))
    finished, finish = asyncio.Event(), inbox.finish

    async def slowly(*arguments: object, **more: object) -> None:
        await finish(*arguments, **more)  # type: ignore[arg-type]  # passed on as they came
        finished.set()
        await asyncio.sleep(0.5)

    async def recorded() -> None:
        async with house.store.write() as tx:
            await recorder.record(tx, Arrival(item, message, found, found), now=house.now())

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(inbox, "finish", slowly)
        task = asyncio.create_task(recorded())
        await finished.wait()
        try:
            again = await asyncio.wait_for(door.say(conversation, "c1", SAID[0], "", []), 5)
        except StoreUnavailableError:
            again = 0
        await task
    assert again == line
