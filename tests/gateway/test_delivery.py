"""The delivery beside a server that hangs, dies or refuses: nobody else waits for it, and nothing goes out twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from channels.contract import Delivery as Outcome
from channels.message import OutboundMessage
from gateway import delivery as sending
from gateway.delivery import PER_DOMAIN_AT_ONCE
from gateway.house import House
from store import outbox, schema
from tests.gateway.conftest import Gateway


def message(key: str, recipient: str) -> OutboundMessage:
    return OutboundMessage(
        key=key,
        channel="email",
        account="ombudsman@partenamut.example",
        recipient=recipient,
        recipient_name="",
        subject="s",
        text="t",
        language="fr",
        auto=False,
    )


async def put(gateway: Gateway, domain: str, count: int) -> None:
    async with gateway.house.store.write() as tx:
        for number in range(count):
            await outbox.put(tx, message(f"{domain}-{number}", f"m{number}@{domain}"), now=gateway.house.now())


class Hanging:
    """One domain's server takes the connection and says nothing; all others answer at once."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.hanging = 0

    async def send(self, wanted: OutboundMessage) -> Outcome:
        if wanted.recipient.endswith("@slow.example"):
            self.hanging += 1
            await asyncio.sleep(3600)
        self.sent.append(wanted.recipient)
        return Outcome("sent")


async def rows(gateway: Gateway) -> list[Any]:
    async with gateway.house.store.read() as tx:
        return list((await tx.conn.execute(select(schema.outbox).order_by(schema.outbox.c.id))).all())


async def test_a_domain_that_hangs_delays_nobody_else(gateway: Gateway) -> None:
    """However much waits for it: what it cannot take now is not kept in hand, where its lease would end."""
    channel = Hanging()
    gateway.delivery.channels = {"email": channel}
    await put(gateway, "slow.example", 3 * gateway.delivery.at_once)
    await put(gateway, "quick.example", 3)
    running = asyncio.create_task(gateway.delivery.run())
    for _ in range(200):
        if len(channel.sent) == 3:
            break
        await asyncio.sleep(0.05)
    assert sorted(channel.sent) == [f"m{number}@quick.example" for number in range(3)]
    assert channel.hanging == PER_DOMAIN_AT_ONCE
    states = [(row.state, row.attempts) for row in await rows(gateway) if row.key.startswith("slow")]
    assert states.count(("taken", 1)) == PER_DOMAIN_AT_ONCE
    assert states.count(("waiting", 0)) == len(states) - PER_DOMAIN_AT_ONCE
    hanging = list(gateway.delivery._under_way)
    for task in (running, *hanging):
        task.cancel()
    await asyncio.gather(running, *hanging, return_exceptions=True)


async def test_a_place_is_free_again_after_each_message(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "NO_PLACE_WAIT", sending.timedelta(0))
    await put(gateway, "busy.example", 4 * PER_DOMAIN_AT_ONCE + 1)
    await gateway.work()
    assert {row.state for row in await rows(gateway)} == {"sent"}
    assert {row.attempts for row in await rows(gateway)} == {1}
    assert not gateway.delivery._in_hand


async def test_a_code_that_has_ended_is_not_sent_any_more(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter may arrive days later; a code that nobody can use only confuses who gets it then."""
    async with gateway.house.store.write() as tx:
        for key in ("code-1", "answer-1"):
            await outbox.put(tx, message(key, f"{key}@down.example"), now=gateway.house.now())
    gateway.sink.answers = {f"{key}@down.example": Outcome("later", "421") for key in ("code-1", "answer-1")}
    await gateway.work()
    began = gateway.house.now()
    monkeypatch.setattr(House, "now", lambda _: began + timedelta(minutes=11))
    await gateway.work()
    assert {row.key: row.state for row in await rows(gateway)} == {"code-1": "failed", "answer-1": "waiting"}
