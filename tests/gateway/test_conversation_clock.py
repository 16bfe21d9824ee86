"""The clock among many conversations: one that cannot be gone on with keeps no other one waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway.clock import Clock
from gateway.conversation_clock import look_at_conversations
from gateway.house import active_rules
from store import conversations, schema, texts
from tests.gateway.conftest import Gateway
from tests.gateway.test_conversing import STORY, rows


async def test_a_conversation_that_cannot_be_read_keeps_no_other_one_waiting(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    await gateway.text(STORY, sender="+32470001103")
    await gateway.text(STORY, sender="+32470001104")
    async with gateway.house.store.write() as tx:
        broken = texts.keep_json({"dialogue": {"step": STORY}}, conversations.STATE)
        first = select(schema.conversations.c.id).order_by(schema.conversations.c.id).limit(1).scalar_subquery()
        await tx.conn.execute(
            update(schema.conversations).where(schema.conversations.c.id == first).values(state=broken)
        )
    rules, now = await active_rules(gateway.house), gateway.house.now() + timedelta(hours=22)
    assert await look_at_conversations(gateway.house, rules, now=now) == 1
    assert len(await rows(gateway, schema.cases)) == 1
    # It is looked at again in a while, and not at every tick.
    (one, _) = await rows(gateway, schema.conversations)
    assert one.due_at > now
    assert STORY not in capsys.readouterr().out


async def test_the_clock_goes_on_behind_it(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(gateway.house)
    swept = []

    async def sweep(now: object) -> None:
        swept.append(now)

    monkeypatch.setattr(clock, "_sweep", sweep)
    await gateway.text(STORY)
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(
            update(schema.conversations).values(state=texts.keep_json({"dialogue": {}}, conversations.STATE))
        )
    await clock.tick(gateway.house.now() + timedelta(hours=22))
    assert swept
