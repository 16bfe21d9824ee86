"""Addresses on PostgreSQL, many hands at once: several presses are one change, and one that is taken back is so whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from channels.form.contact_contract import NewContact
from channels.message import Sender
from console.reach_contract import Wanted
from gateway.contact_door import HouseContactDoor
from gateway.house import House
from gateway.reaching import HouseReach
from store import codes, contact_changes, links, people, schema, users, views
from store.cases import StaleError
from store.viewer import Viewer
from tests.gateway.test_case_door_servers import BROWSER, TOKEN, a_case, count, house

__all__ = ["house"]

pytestmark = pytest.mark.servers

WANTED = Sender("email", "new@mail.example")


async def known(house: House) -> list[people.Contact]:
    async with house.store.read() as tx:
        case_id = (await tx.conn.execute(select(schema.cases.c.id))).scalar_one()
        return await people.contacts_of_case(tx, case_id)


async def test_two_codes_change_it_once_however_often_they_are_given(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_case(house)
    monkeypatch.setattr("gateway.contact_door.secrets.randbelow", lambda _: 424242)
    door = HouseContactDoor(house)
    (old,) = await known(house)
    wanted = NewContact(WANTED, old.id)
    assert await door.ask(TOKEN, BROWSER, wanted) == "sent"
    proofs = await asyncio.gather(*(door.prove(TOKEN, BROWSER, wanted, "424242") for _ in range(4)))
    assert sorted(proofs) == ["over", "over", "over", "sent"]
    found = await asyncio.gather(*(door.confirm(TOKEN, BROWSER, wanted, "424242") for _ in range(4)))
    assert sum(one not in ("over", "wrong") for one in found) == 1
    assert [one.address for one in await known(house)] == [WANTED.address]
    assert await count(house, select(func.count()).select_from(schema.contact_changes)) == 1
    async with house.store.read() as tx:
        assert await links.opened(tx, TOKEN, now=house.now()) is None


async def test_guesses_at_once_are_counted_one_by_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_case(house)
    monkeypatch.setattr("gateway.contact_door.secrets.randbelow", lambda _: 424242)
    door = HouseContactDoor(house)
    (old,) = await known(house)
    wanted = NewContact(WANTED, old.id)
    assert await door.ask(TOKEN, BROWSER, wanted) == "sent"
    outcomes = await asyncio.gather(*(door.prove(TOKEN, BROWSER, wanted, f"{number:06}") for number in range(12)))
    assert outcomes.count("wrong") == codes.TRIES - 1
    assert await door.prove(TOKEN, BROWSER, wanted, "424242") == "over"


async def test_a_colleague_changes_it_and_takes_it_back_and_two_at_once_are_one(house: House) -> None:
    await a_case(house)
    now, reach = house.now(), HouseReach(house)
    (old,) = await known(house)
    async with house.store.write() as tx:
        user_id = await users.add(
            tx, login="anne", name="Anne", role="mediator", medical=True, password="x", actor="system", now=now
        )
        case_id = (await tx.conn.execute(select(schema.cases.c.id))).scalar_one()
    viewer = Viewer(user_id, "Anne", "mediator", medical=True)
    async with house.store.read() as tx:
        row = await views.case(tx, viewer, case_id)
    assert row is not None
    wanted = Wanted("replace", "counter", "Card seen.", contact_id=old.id, sender=WANTED)

    async def change() -> bool:
        try:
            async with house.store.write() as tx:
                await reach.change(tx, viewer, case_id, wanted, now=now, version=row.version)
        except StaleError:
            return False
        return True

    assert sorted(await asyncio.gather(*(change() for _ in range(3)))) == [False, False, True]
    assert [one.address for one in await known(house)] == [WANTED.address]
    async with house.store.write() as tx:
        last = await contact_changes.last_of(tx, case_id, since=now - timedelta(hours=1))
        assert last is not None
        assert await reach.undo(tx, viewer, case_id, last.id, now=now)
    assert await known(house) == [old]
    async with house.store.read() as tx:
        assert await links.opened(tx, TOKEN, now=now) is not None
        assert await contact_changes.replaced(tx, case_id) == set()


async def somebody(house: House, login: str) -> Viewer:
    async with house.store.write() as tx:
        user_id = await users.add(
            tx, login=login, name=login, role="mediator", medical=True, password="x", actor="system", now=house.now()
        )
    return Viewer(user_id, login, "mediator", medical=True)


async def waits_for_a_lock(house: House) -> None:
    """Until some transaction waits for what another one holds."""
    waiting = "datname = current_database() AND wait_event_type = 'Lock'"
    query = text(f"SELECT count(*) FROM pg_stat_activity, pg_sleep(0.01) WHERE {waiting}")
    while not await count(house, query):
        pass


async def test_who_takes_a_change_back_does_not_take_back_the_one_that_was_just_made_upon_it(house: House) -> None:
    await a_case(house)
    now, reach = house.now(), HouseReach(house)
    anne, tom = await somebody(house, "anne"), await somebody(house, "tom")
    (old,) = await known(house)
    async with house.store.write() as tx:
        case_id = (await tx.conn.execute(select(schema.cases.c.id))).scalar_one()
        row = await views.case(tx, anne, case_id)
        assert row is not None
        first = Wanted("replace", "phone", "Asked.", contact_id=old.id, sender=WANTED)
        await reach.change(tx, anne, case_id, first, now=now, version=row.version)
        last = await contact_changes.last_of(tx, case_id, since=now - timedelta(hours=1))
    assert last is not None

    async def taken_back() -> bool:
        async with house.store.write() as tx:
            return await reach.undo(tx, anne, case_id, last.id, now=now)

    (new,) = await known(house)
    other = Sender("email", "other@mail.example")
    async with house.store.write() as tx:
        row = await views.case(tx, tom, case_id)
        assert row is not None
        second = Wanted("replace", "counter", "Card seen.", contact_id=new.id, sender=other)
        await reach.change(tx, tom, case_id, second, now=now, version=row.version)
        pressed = asyncio.create_task(taken_back())
        await waits_for_a_lock(house)
    assert not await pressed
    assert [one.address for one in await known(house)] == [other.address]
    async with house.store.read() as tx:
        first_choice = select(schema.contacts.c.address).join(
            schema.cases, schema.cases.c.contact_id == schema.contacts.c.id
        )
        assert (await tx.conn.execute(first_choice)).scalar_one() == other.address
