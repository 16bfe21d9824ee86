"""The same key and body have one answer, however often and however parallel they are asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from store import idempotency, schema
from store.database import Store
from tests.store.registered import NOW


async def call(store: Store, key: str = "k", body: str = "a", answer: object = "first") -> object | None:
    """Ask as the door does: take the key, do the work, keep the answer. None when this call was the first."""
    async with store.write() as tx:
        given = await idempotency.begin(tx, key, body, now=NOW)
        if given is None:
            await idempotency.answer(tx, key, answer)
        return given


async def test_the_same_key_and_body_get_the_first_answer(store: Store) -> None:
    assert await call(store) is None
    assert await call(store, answer="second") == "first"
    assert await call(store, key="other") is None


async def test_another_body_is_a_conflict_and_learns_nothing(store: Store) -> None:
    await call(store, answer="a secret answer")
    with pytest.raises(idempotency.ConflictError) as caught:
        await call(store, body="b")
    assert "secret" not in str(caught.value)
    assert await call(store) == "a secret answer"


async def test_of_parallel_calls_exactly_one_is_the_first(store: Store) -> None:
    for number in range(10):
        answers = await asyncio.gather(*(call(store, key=f"k{number}", answer=f"{one}") for one in range(8)))
        assert answers.count(None) == 1
        assert len({answer for answer in answers if answer is not None}) == 1


async def test_of_parallel_calls_with_other_bodies_one_is_served(store: Store) -> None:
    calls = (call(store, body=f"{number}") for number in range(8))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(result, idempotency.ConflictError) for result in results) == 7


async def test_a_call_that_failed_leaves_the_key_free(store: Store) -> None:
    async def fail() -> None:
        async with store.write() as tx:
            assert await idempotency.begin(tx, "k", "a", now=NOW) is None
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await call(store) is None


async def test_a_key_is_forgotten_after_a_day(store: Store) -> None:
    await call(store)
    async with store.write() as tx:
        assert await idempotency.begin(tx, "k", "b", now=NOW + timedelta(hours=24, seconds=1)) is None
        await idempotency.answer(tx, "k", "anew")
        assert await idempotency.forget_old(tx, now=NOW + timedelta(hours=26)) == 0
        assert await idempotency.forget_old(tx, now=NOW + timedelta(hours=49)) == 1


async def test_the_key_itself_is_not_kept(store: Store) -> None:
    await call(store, key="a-guessable-key")
    async with store.read() as tx:
        assert "guessable" not in str((await tx.conn.execute(select(schema.idempotency))).all())
