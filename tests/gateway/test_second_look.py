"""A person looks again: a held message joins or opens, a robot turns out to be somebody, and each only once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from store import correspondence, operations, schema, second_look
from store.viewer import Viewer
from tests.gateway.conftest import Gateway
from tests.gateway.test_mail_flow import LENA, mail

# Decisions are made when the test runs: the house works by the real time here.
NOW = datetime.now(UTC)
ZORRO = "Zorro <zorro@post.example>"


async def rows(gateway: Gateway, table: Any) -> list[Any]:
    async with gateway.house.store.read() as tx:
        return list((await tx.conn.execute(select(table).order_by(table.c.id))).all())


async def fates(gateway: Gateway) -> list[str]:
    return [row.fate for row in await rows(gateway, schema.inbox)]


def foreign(number: int, reference: str, more: str = "") -> str:
    text = mail(number, f"Concerne {reference}. {more}")
    return text.replace("Marie Dubois <marie.dubois@mail.example>", ZORRO)


@pytest.fixture
async def mediator(gateway: Gateway) -> Viewer:
    """Somebody who decides; the register wants to know who."""
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(
            schema.users.insert().values(
                id=LENA.user_id,
                login="lena",
                name="Lena",
                role="supervisor",
                medical=True,
                password="x",
                disabled=False,
                created_at=NOW,
            )
        )
    return LENA


async def held(gateway: Gateway) -> tuple[str, int]:
    """(reference, held id) of a case and a stranger's mail that names it."""
    await gateway.mail(mail(1))
    (case,) = await rows(gateway, schema.cases)
    await gateway.mail(foreign(2, case.reference), sender="zorro@post.example")
    (waiting,) = await rows(gateway, schema.held)
    assert await fates(gateway) == ["opened", "held"]
    return case.reference, waiting.id


async def decide(gateway: Gateway, how: str, held_id: int) -> int | None:
    async with gateway.house.store.write() as tx:
        act = second_look.join_held if how == "join" else second_look.open_held
        return await act(tx, LENA, held_id, now=NOW)


async def sound(gateway: Gateway) -> bool:
    async with gateway.house.store.read() as tx:
        return not any((await operations.contradictions(tx)).values())


async def test_a_held_message_joins_and_its_sender_is_known_from_then_on(gateway: Gateway, mediator: Viewer) -> None:
    reference, held_id = await held(gateway)
    assert await decide(gateway, "join", held_id) is not None
    await gateway.work()
    assert await fates(gateway) == ["opened", "joined"]
    (case,) = await rows(gateway, schema.cases)
    async with gateway.house.store.read() as tx:
        found = await correspondence.messages_of(tx, LENA, case.id)
    assert [message.direction for message in found].count("in") == 2
    assert await sound(gateway)
    trusted = "Authentication-Results: mx.partenamut.example; dmarc=pass header.from=post.example"
    again = foreign(3, reference, "Encore autre chose.").replace("Subject:", f"{trusted}\nSubject:")
    await gateway.mail(again, sender="zorro@post.example")
    assert (await fates(gateway))[-1] == "joined"


async def test_a_held_message_becomes_a_case_of_its_own(gateway: Gateway, mediator: Viewer) -> None:
    _, held_id = await held(gateway)
    assert await decide(gateway, "open", held_id) is not None
    await gateway.work()
    assert await fates(gateway) == ["opened", "opened"]
    assert len(await rows(gateway, schema.cases)) == 2
    assert [row.state for row in await rows(gateway, schema.held)] == ["opened"]
    assert len([row for row in await rows(gateway, schema.messages) if row.direction == "in"]) == 2
    assert await sound(gateway)


async def test_a_held_message_that_came_twice_still_opens(gateway: Gateway, mediator: Viewer) -> None:
    reference, held_id = await held(gateway)
    await gateway.mail(foreign(3, reference), sender="zorro@post.example")
    assert await decide(gateway, "open", held_id) is not None
    await gateway.work()
    assert (await fates(gateway))[:2] == ["opened", "opened"]
    assert len(await rows(gateway, schema.cases)) == 2


@pytest.mark.parametrize("ways", [("join", "join"), ("open", "open"), ("join", "open"), ("open", "join")])
async def test_a_held_message_is_decided_once(gateway: Gateway, mediator: Viewer, ways: tuple[str, str]) -> None:
    _, held_id = await held(gateway)
    results = await asyncio.gather(*(decide(gateway, way, held_id) for way in ways))
    assert sum(result is None for result in results) == 1
    await gateway.work()
    assert await decide(gateway, ways[0], held_id) is None
    assert len(await rows(gateway, schema.cases)) in (1, 2)
    assert await sound(gateway)


async def test_a_robot_that_is_somebody_gets_a_case_and_an_answer(gateway: Gateway, mediator: Viewer) -> None:
    await gateway.mail(mail(1, headers="Auto-Submitted: auto-replied"))
    (item,) = await rows(gateway, schema.inbox)
    assert item.fate == "robot"

    async def somebody() -> bool:
        async with gateway.house.store.write() as tx:
            return await second_look.not_a_robot(tx, LENA, item.id, now=NOW)

    assert sorted(await asyncio.gather(somebody(), somebody())) == [False, True]
    await gateway.work()
    assert await fates(gateway) == ["opened"]
    assert [message.recipient for message in gateway.sink.sent] == ["marie.dubois@mail.example"]
    assert not await somebody()
    assert await sound(gateway)


async def test_what_never_was_a_robot_cannot_be_read_again(gateway: Gateway, mediator: Viewer) -> None:
    await gateway.mail(mail(1))
    async with gateway.house.store.write() as tx:
        assert not await second_look.not_a_robot(tx, LENA, 1, now=NOW)
        assert not await second_look.not_a_robot(tx, LENA, 404, now=NOW)
    await gateway.work()
    assert len(await rows(gateway, schema.cases)) == 1
