"""Exactly one version reads, for every process; and back leads through those it replaced, to the shipped one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from store import model_uses, schema
from store.database import Store
from store.model_uses import SHIPPED, NoWayBackError
from tests.store.registered import NOW

ONE, TWO = "guichet-1-00000001", "guichet-1-00000002"


async def test_the_last_word_counts_and_back_leads_to_the_shipped_one(store: Store) -> None:
    async with store.write() as tx:
        assert await model_uses.in_use(tx) == SHIPPED
        with pytest.raises(NoWayBackError):
            await model_uses.back(tx, author_id=None, now=NOW)
        assert not await model_uses.use(tx, SHIPPED, author_id=None, now=NOW)
        assert await model_uses.use(tx, ONE, author_id=None, now=NOW)
        assert await model_uses.use(tx, TWO, author_id=None, now=NOW)
        assert not await model_uses.use(tx, TWO, author_id=None, now=NOW)
    async with store.read() as tx:
        assert await model_uses.in_use(tx) == TWO
    async with store.write() as tx:
        assert await model_uses.back(tx, author_id=None, now=NOW) == ONE
        assert await model_uses.back(tx, author_id=None, now=NOW) == SHIPPED
        with pytest.raises(NoWayBackError):
            await model_uses.back(tx, author_id=None, now=NOW)
    async with store.read() as tx:
        assert await model_uses.in_use(tx) == SHIPPED
        assert [use.version for use in await model_uses.history(tx)] == [SHIPPED, ONE, TWO, ONE]
        acts = await tx.conn.execute(select(schema.audit.c.act, schema.audit.c.actor, schema.audit.c.detail))
        assert [tuple(row) for row in acts][-1] == ("model.used", "command", {"version": SHIPPED})


async def test_back_after_a_new_choice_leads_to_what_that_choice_replaced(store: Store) -> None:
    async with store.write() as tx:
        await model_uses.use(tx, ONE, author_id=None, now=NOW)
        await model_uses.use(tx, SHIPPED, author_id=None, now=NOW)
        await model_uses.use(tx, TWO, author_id=None, now=NOW)
        assert await model_uses.back(tx, author_id=None, now=NOW) == SHIPPED
        assert await model_uses.back(tx, author_id=None, now=NOW) == ONE
