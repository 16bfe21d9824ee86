"""The case tells what was handed over on paper at the counter: the slip, and the letter to the coordinating doctor."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from console.entry_contract import Entry, Into
from store import audit, schema
from store.audit import Entry as Line
from tests.gateway.conftest import Gateway
from tests.gateway.test_entries import MEDICAL, STORY, Counter, counter

# The fixture of the other tests serves here too.
__all__ = ["counter"]


async def told_on(gateway: Gateway, act: str) -> list[Line]:
    """The lines of this act on the newest case."""
    async with gateway.house.store.read() as tx:
        newest = await tx.conn.scalar(select(schema.cases.c.id).order_by(schema.cases.c.id.desc()).limit(1))
        return [line for line in await audit.of_case(tx, newest) if line.act == act]


async def test_a_printed_slip_stands_on_its_case_with_who_and_when(counter: Counter) -> None:
    receipt = await counter.told()
    assert receipt.printed_at is None
    assert await told_on(counter.gateway, "case.slip_printed") == []
    now = counter.gateway.house.now()
    # Two clicks are one; a second slip for who lost the first is told too.
    for later in (0, 20, 600):
        at = now + timedelta(seconds=later)
        assert await counter.entries.slip_printed(counter.agent, "client-1", now=at)
    lines = await told_on(counter.gateway, "case.slip_printed")
    assert [line.at for line in lines] == [now, now + timedelta(seconds=600)]
    assert {line.actor for line in lines} == {f"user:{counter.agent.user_id}"}
    again = await counter.entries.receipt(counter.agent, "client-1", wait=False, now=now)
    assert again is not None
    assert again.printed_at == now + timedelta(seconds=600)


async def test_a_slip_that_is_printed_before_the_words_are_read_is_told_when_they_are(counter: Counter) -> None:
    house = counter.gateway.house
    now = house.now()
    entry = Entry(text=STORY, language="fr", channel="counter", received_at=now, name="Nadine Colson")
    await counter.entries.record(counter.agent, entry, client_id="early", into=None, words_in="en", now=now)
    assert await counter.entries.slip_printed(counter.agent, "early", now=now + timedelta(seconds=2))
    await counter.gateway.work()
    (line,) = await told_on(counter.gateway, "case.slip_printed")
    assert line.at == now + timedelta(seconds=2)
    # Printed once more at once, it is the same slip still.
    assert await counter.entries.slip_printed(counter.agent, "early", now=now + timedelta(seconds=5))
    assert len(await told_on(counter.gateway, "case.slip_printed")) == 1


async def test_there_is_a_slip_only_of_ones_own_fresh_entry_that_opened_a_case(counter: Counter) -> None:
    receipt = await counter.told()
    async with counter.gateway.house.store.read() as tx:
        case_id = (await tx.conn.scalars(select(schema.cases.c.id))).one()
    await counter.told(text=f"{STORY} Encore une chose.", into=Into(case_id, receipt.reference))
    now = counter.gateway.house.now()
    somebody = type(counter.agent)(counter.agent.user_id + 1, "", "agent")
    assert not await counter.entries.slip_printed(somebody, "client-1", now=now)
    assert not await counter.entries.slip_printed(counter.agent, "client-1", now=now + timedelta(hours=3))
    assert not await counter.entries.slip_printed(counter.agent, "client-2", now=now)
    assert not await counter.entries.slip_printed(counter.agent, "unknown", now=now)
    assert await told_on(counter.gateway, "case.slip_printed") == []


async def test_the_letter_that_is_fetched_at_the_counter_stands_on_its_case(counter: Counter) -> None:
    await counter.told(text=MEDICAL)
    now = counter.gateway.house.now()
    assert await counter.entries.letter(counter.agent, "client-1", now=now)
    (line,) = await told_on(counter.gateway, "case.printed")
    assert (line.actor, line.at, line.detail) == (f"user:{counter.agent.user_id}", now, {"what": "letter"})
