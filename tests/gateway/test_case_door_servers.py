"""Codes, links and withdrawals on PostgreSQL, many at the same moment: what one request counts must hold for all (C3, F8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.settings import load
from gateway.case_door import CaseDoor
from gateway.case_finding import LINKS_AN_HOUR
from gateway.house import House, build
from store import cases, codes, links, people, schema
from tests.store import registered

pytestmark = pytest.mark.servers

TOKEN = "t" * 22
BROWSER = "a browser's own secret"


@pytest.fixture
async def house(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.chdir(tmp_path)
    made = build(
        load(data=tmp_path / "data", database_url=postgres_url, redis_url="", allow_unsafe_database=True), name="test"
    )
    await made.store.open()
    yield made
    await made.close()


async def a_case(house: House, *, sealed: bool = False) -> str:
    """A case with one contact and the link TOKEN; its reference."""
    now = house.now()
    async with house.store.write() as tx:
        contact = await registered.contact(tx)
        case_id = await registered.case(tx, contact=contact, sealed=sealed, now=now)
        await people.know_on_case(tx, case_id, contact.id, now=now)
        await links.add(tx, TOKEN, now=now, case_id=case_id, contact_id=contact.id)
        query = select(schema.cases.c.reference).where(schema.cases.c.id == case_id)
        reference: str = (await tx.conn.execute(query)).scalar_one()
    return reference


async def count(house: House, query: object) -> int:
    async with house.store.read() as tx:
        return int((await tx.conn.execute(query)).scalar_one())  # type: ignore[call-overload]  # a select


async def test_codes_asked_for_at_once_keep_the_limit(house: House) -> None:
    await a_case(house, sealed=True)
    door = CaseDoor(house)
    answers = await asyncio.gather(*(door.send_code(TOKEN, "open", f"browser {number}") for number in range(10)))
    assert answers.count("sent") == codes.AN_HOUR
    assert await count(house, select(func.count()).select_from(schema.outbox)) == codes.AN_HOUR


async def test_guesses_at_once_are_counted_one_by_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_case(house, sealed=True)
    door = CaseDoor(house)
    monkeypatch.setattr("gateway.case_door.secrets.randbelow", lambda _: 424242)
    assert await door.send_code(TOKEN, "open", BROWSER) == "sent"
    outcomes = await asyncio.gather(*(door.unlock(TOKEN, BROWSER, f"{number:06}") for number in range(20)))
    assert outcomes.count("wrong") == codes.TRIES - 1
    assert await door.unlock(TOKEN, BROWSER, "424242") == "over"


async def test_a_right_code_at_once_opens_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_case(house, sealed=True)
    door = CaseDoor(house)
    monkeypatch.setattr("gateway.case_door.secrets.randbelow", lambda _: 424242)
    assert await door.send_code(TOKEN, "open", BROWSER) == "sent"
    outcomes = await asyncio.gather(*(door.unlock(TOKEN, BROWSER, "424242") for _ in range(12)))
    assert len([one for one in outcomes if one not in ("wrong", "over")]) == 1


async def test_links_asked_for_at_once_keep_the_limit(house: House) -> None:
    reference = await a_case(house)
    door = CaseDoor(house)
    for _ in range(12):
        await door.find(reference, "marie@mail.example", "fr")
    await door.settled()
    assert await count(house, select(func.count()).select_from(schema.outbox)) == LINKS_AN_HOUR


async def test_one_press_of_many_withdraws(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_case(house)
    door = CaseDoor(house)
    monkeypatch.setattr("gateway.case_door.secrets.randbelow", lambda _: 424242)
    assert await door.send_code(TOKEN, "withdraw", BROWSER) == "sent"
    outcomes = await asyncio.gather(*(door.withdraw(TOKEN, BROWSER, "424242") for _ in range(8)))
    assert sorted(outcomes) == ["over"] * 7 + ["right"]
    withdrawn = select(func.count()).where(schema.audit.c.act == "case.withdrawn")
    assert await count(house, withdrawn) == 1


async def test_an_opinion_given_twice_at_once_is_one(house: House) -> None:
    await a_case(house)
    async with house.store.write() as tx:
        await cases.close(tx, 1, outcome="founded", actor="user:1", now=house.now())
    door = CaseDoor(house)
    assert all(await asyncio.gather(*(door.rate(TOKEN, score, "") for score in (1, 2, 3, 4, 5))))
    assert await count(house, select(func.count()).select_from(schema.ratings)) == 1
