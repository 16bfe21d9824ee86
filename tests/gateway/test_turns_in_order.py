"""A turn that has to wait for the one before it: soon taken up, never read in vain, and in its order after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import uuid4

from sqlalchemy import select

from channels.message import RawMessage
from gateway.classifying import Line, Understood
from gateway.house import release_what_was_in_hand
from store import inbox, schema
from tests.gateway.conftest import Gateway
from tests.gateway.test_conversing import STORY, rows


def turn(gateway: Gateway, said: str) -> RawMessage:
    sid, sender, account = f"SM{uuid4().hex}", "+32470001103", "+32460001100"
    body = urlencode({"MessageSid": sid, "From": sender, "To": account, "Body": said, "NumMedia": "0"}).encode()
    return RawMessage("sms", account, sid, body, gateway.house.now(), {"address": sender})


class Reading:
    """Counts what is read, and reads the first line slowly."""

    def __init__(self, gateway: Gateway, *, first_seconds: float = 0) -> None:
        self.lines: list[str] = []
        self.begun = asyncio.Event()
        self._seconds = first_seconds
        self._understand = gateway.intake.classifying.understand
        gateway.intake.classifying.understand = self.understand  # type: ignore[method-assign]

    async def understand(self, lines: Sequence[Line]) -> list[Understood]:
        first = not self.lines
        self.lines += [line.text.text for line in lines]
        self.begun.set()
        if first:
            await asyncio.sleep(self._seconds)
        return await self._understand(lines)


async def working(gateway: Gateway, seconds: float) -> float:
    """Let the worker work until nothing waits, or for so long; how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    worker = asyncio.create_task(gateway.intake.run())
    while loop.time() - began < seconds:
        await asyncio.sleep(0.02)
        if {row.state for row in await rows(gateway, schema.inbox)} == {"done"}:
            break
    gateway.intake.stop()
    await worker
    return loop.time() - began


async def test_a_turn_that_waited_is_taken_up_when_its_turn_has_come(gateway: Gateway) -> None:
    # What is loaded at the first line is no wait for a turn.
    await gateway.text(STORY, sender="+32470001104")
    reading = Reading(gateway, first_seconds=0.3)
    await gateway.door.submit(turn(gateway, STORY))

    async def second() -> None:
        await reading.begun.wait()
        await gateway.door.submit(turn(gateway, "Je veux être remboursée"))

    took, _ = await asyncio.gather(working(gateway, 12), second())
    assert took < 4
    assert reading.lines == [STORY, "Je veux être remboursée"]


async def test_a_turn_behind_one_that_hangs_is_not_read_in_vain(gateway: Gateway) -> None:
    reading = Reading(gateway)
    await gateway.door.submit(turn(gateway, STORY))
    async with gateway.house.store.write() as tx:
        # A worker that has died since.
        await inbox.claim(tx, limit=1, now=gateway.house.now(), lease=gateway.house.lease)
    for number in range(3):
        await gateway.door.submit(turn(gateway, f"Encore {number}"))
    await working(gateway, 1.5)
    assert reading.lines == []
    _, *waiting = await rows(gateway, schema.inbox)
    assert {(row.state, row.attempts) for row in waiting} == {("waiting", 0)}


async def test_after_a_crash_the_earlier_turn_comes_first(gateway: Gateway) -> None:
    for said in (STORY, "Je veux être remboursée"):
        await gateway.door.submit(turn(gateway, said))
        async with gateway.house.store.write() as tx:
            await inbox.claim(tx, limit=1, now=gateway.house.now(), lease=gateway.house.lease)
        if said == STORY:
            continue
        async with gateway.house.store.write() as tx:
            await tx.conn.execute(
                schema.inbox.update().where(schema.inbox.c.id == 2).values(state="waiting", attempts=0)
            )
    await release_what_was_in_hand(gateway.house)
    while {row.state for row in await rows(gateway, schema.inbox)} != {"done"}:
        await gateway.intake.work_once()
        await asyncio.sleep(0.05)
    async with gateway.house.store.read() as tx:
        said = select(schema.messages.c.inbox_id).where(schema.messages.c.direction == "in")
        assert list((await tx.conn.execute(said.order_by(schema.messages.c.id))).scalars()) == [1, 2]
