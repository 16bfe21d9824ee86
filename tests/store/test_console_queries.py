"""What the console asks of the register, on both databases: counts, closed cases, what stands around a case, clocks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from store import aside, audit, case_around, cases, clocks, lists, sign_ins, users, views, worklist
from store.database import Store
from store.lists import Filter
from store.schema import cases as table
from store.viewer import Viewer
from tests.console.example_house import CANARY, NOW, House, furnish

TODAY = date(2026, 11, 24)


@pytest.fixture
async def house(store: Store) -> House:
    return await furnish(store)


def viewer(house: House, login: str, role: str = "mediator", *, medical: bool = False) -> Viewer:
    return Viewer(house.users[login], login, role, medical)  # type: ignore[arg-type]  # One of the closed list.


async def test_the_rail_counts_for_its_viewer(house: House) -> None:
    async with house.store.read() as tx:
        tom = await worklist.rail(tx, viewer(house, "tom"), today=TODAY)
        sofie = await worklist.rail(tx, viewer(house, "sofie", "supervisor", medical=True), today=TODAY)
        admin = await worklist.rail(tx, viewer(house, "admin", "administrator"), today=TODAY)
    assert (tom.all, tom.mine, tom.held, tom.kept) == (12, 1, 1, 0)
    assert tom.late == {"mediation": 1}
    assert (sofie.mine, sofie.held, sofie.kept) == (0, 2, 3)
    assert sofie.kept_since == NOW - timedelta(hours=5)
    assert admin == worklist.Rail({}, {})


async def test_distress_is_listed_apart_and_closed_cases_latest_first(house: House) -> None:
    tom = viewer(house, "tom")
    async with house.store.write() as tx:
        first = await lists.listing(tx, tom, Filter(urgent=True))
        others = await lists.listing(tx, tom, Filter(urgent=False))
        assert [row.id for row in first] == [house.cases["urgent"]]
        assert house.cases["urgent"] not in [row.id for row in others]
        await cases.close(tx, house.cases["soon"], outcome="founded", actor="system", now=NOW)
        ended = await lists.closed(tx, tom, Filter(), limit=1)
        assert [row.id for row in ended] == [house.cases["soon"]]
        assert ended[0].closed_at is not None
        after = await lists.closed(tx, tom, Filter(), before=(ended[0].closed_at, ended[0].id))
        assert [row.id for row in after] == [house.cases["earlier"]]


async def test_other_cases_leave_sealed_ones_to_those_who_may_see_them(house: House) -> None:
    tom, anne = viewer(house, "tom"), viewer(house, "anne", medical=True)
    async with house.store.write() as tx:
        row = await views.case(tx, tom, house.cases["marie"])
        assert row is not None
        assert [one.reference for one in await case_around.other_cases(tx, tom, row)] == [house.references["earlier"]]
        await tx.conn.execute(update(table).where(table.c.id == house.cases["earlier"]).values(sealed=True))
        assert await case_around.other_cases(tx, tom, row) == []
        assert len(await case_around.other_cases(tx, anne, row)) == 1


async def test_fates_and_departures_are_fenced(house: House) -> None:
    tom, anne = viewer(house, "tom"), viewer(house, "anne", medical=True)
    case_id = house.cases["sealed"]
    async with house.store.read() as tx:
        assert await case_around.fates(tx, anne, case_id) == {house.items["sealed"]: "opened"}
        assert await case_around.fates(tx, tom, case_id) == {}
        assert await case_around.departing(tx, anne, case_id) == {}


async def test_a_reason_holds_for_its_person_and_its_time(house: House) -> None:
    anne, sofie = viewer(house, "anne", medical=True), viewer(house, "sofie", "supervisor", medical=True)
    case_id = house.cases["sealed"]
    async with house.store.write() as tx:
        await audit.write(tx, actor=f"user:{anne.user_id}", act="case.unsealed", at=NOW, case_id=case_id)
        assert await case_around.opened_since(tx, anne, case_id, since=NOW - timedelta(hours=1))
        assert not await case_around.opened_since(tx, anne, case_id, since=NOW + timedelta(hours=1))
        assert not await case_around.opened_since(tx, sofie, case_id, since=NOW - timedelta(hours=1))
        assert not await case_around.opened_since(tx, anne, house.cases["marie"], since=NOW - timedelta(hours=1))
        assert (await case_around.names(tx))[f"user:{anne.user_id}"] == "Anne Lemaire"


async def test_robots_are_listed_without_a_word_of_them(house: House) -> None:
    tom, anne, rik = viewer(house, "tom"), viewer(house, "anne", medical=True), viewer(house, "rik", "reader")
    item = house.items["robot"]
    async with house.store.read() as tx:
        found = await aside.robots(tx, tom)
        assert [one.id for one in found] == [item]
        assert CANARY not in repr(found)
        assert await aside.robots(tx, tom, before=item) == []
        assert await aside.robots(tx, rik) == []
        assert await aside.robot(tx, tom, item) is None
        assert await aside.robot(tx, anne, item) == found[0]
        assert await aside.robot(tx, anne, house.items["marie"]) is None


async def test_moving_adds_clocks_and_keeps_the_earlier_date(house: House) -> None:
    case_id = house.cases["unsure"]
    async with house.store.write() as tx:
        before = {clock.clock: clock.due_on for clock in await clocks.promised(tx, case_id)}
        early, late = before["union"] - timedelta(days=5), before["union"] + timedelta(days=5)
        await clocks.tighten(tx, case_id, [("union", late, "later"), ("department", early, "own")])
        await clocks.tighten(tx, case_id, [("department", late, "other")])
        after = {clock.clock: (clock.due_on, clock.source) for clock in await clocks.promised(tx, case_id)}
        assert after["union"][0] == before["union"]
        assert after["department"] == (early, "own")
        row = await views.case(tx, viewer(house, "tom"), case_id)
    assert row is not None
    assert row.due_on == early


async def test_the_owner_is_told_of_waits_since_they_last_signed_in(house: House) -> None:
    user = house.users["anne"]
    async with house.store.write() as tx:
        await sign_ins.note_wait(tx, user, now=NOW)
        await sign_ins.note_wait(tx, user, now=NOW + timedelta(minutes=1))
        assert await sign_ins.waits_since_last(tx, user) == (2, NOW + timedelta(minutes=1))
        assert await sign_ins.waits_since_last(tx, house.users["tom"]) == (0, None)
        await users.start_session(tx, user, token="t", csrf="c", now=NOW)
        assert await sign_ins.waits_since_last(tx, user) == (0, None)
        assert await sign_ins.seen_at(tx, "t") == NOW
        assert await sign_ins.seen_at(tx, "u") is None
