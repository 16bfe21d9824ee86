"""Merging, splitting, kept lists, presence and looking people up, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from router.deadlines import after_pause
from store import correspondence, family, finding, kept_views, lists, merging, presence, splitting, views
from store.database import Store
from store.lists import Filter
from store.viewer import Viewer
from store.views import Row
from tests.console.example_house import NOW, House, Told, add_case, furnish

AGAIN = Told(
    "Marie Dubois",
    "marie.dubois@mail.example",
    "Encore moi, avec une girafe.",
    days_ago=20,
    member_number="123 456 789",
)
KNOWN = Told("Zoë Nummers", "zoe@mail.example", "Bonjour.", member_number="123 456 789")


@pytest.fixture
async def house(store: Store) -> House:
    made = await furnish(store)
    await add_case(made, "again", AGAIN)
    return made


def viewer(house: House, login: str = "tom") -> Viewer:
    return Viewer(house.users[login], login, "mediator")


async def row(house: House, key: str) -> Row:
    async with house.store.read() as tx:
        found = await views.case(tx, viewer(house), house.cases[key])
    assert found is not None
    return found


async def merge(house: House, gone: str, into: str) -> None:
    one, other = await row(house, gone), await row(house, into)
    async with house.store.write() as tx:
        await merging.merge(
            tx, viewer(house), one, other, moved=after_pause, now=NOW, versions=(one.version, other.version)
        )


async def test_merged_cases_are_read_together_and_the_earliest_promise_counts(house: House) -> None:
    before, other = await row(house, "marie"), await row(house, "again")
    assert before.due_on is not None
    assert other.due_on is not None
    assert other.due_on < before.due_on
    await merge(house, "again", "marie")
    assert (await row(house, "marie")).due_on == other.due_on
    async with house.store.read() as tx:
        found = await correspondence.messages_of(tx, viewer(house), house.cases["marie"])
        assert any("girafe" in message.text for message in found)
        assert await family.members(tx, house.cases["marie"]) == [house.cases["marie"], house.cases["again"]]
        searched = await finding.found(tx, viewer(house), finding.Asked("girafe"), limit=5)
        assert [one.id for one in searched] == [house.cases["marie"]]
        # A colleague of other queues reads neither.
        foreign = replace(viewer(house), queues=frozenset({"digital"}))
        assert await correspondence.messages_of(tx, foreign, house.cases["marie"]) == []


async def test_a_chain_of_merges_is_followed_and_taken_back_step_by_step(house: House) -> None:
    before = {key: await row(house, key) for key in ("again", "marie", "soon")}
    await merge(house, "again", "marie")
    await merge(house, "marie", "soon")
    async with house.store.read() as tx:
        assert set(await family.members(tx, house.cases["soon"])) == {house.cases[key] for key in before}
        assert (await family.goes_on_as(tx, house.cases["again"])).id == house.cases["soon"]
    for gone, into in (("marie", "soon"), ("again", "marie")):
        one, other = await row(house, gone), await row(house, into)
        async with house.store.write() as tx:
            await merging.unmerge(tx, viewer(house), one, other, now=NOW, version=other.version)
    for key, was in before.items():
        now = await row(house, key)
        assert replace(now, version=was.version, unread=was.unread) == was


async def test_messages_that_are_split_off_leave_the_case(house: House) -> None:
    case = await row(house, "marie")
    async with house.store.write() as tx:
        movable = await splitting.movable(tx, viewer(house), case.id)
        new = await splitting.split(
            tx, viewer(house), case, list(movable), queue="privacy", now=NOW, version=case.version
        )
    async with house.store.read() as tx:
        left = await correspondence.messages_of(tx, viewer(house), case.id)
        gone = await correspondence.messages_of(tx, viewer(house), new.case_id)
        assert {message.id for message in gone} == movable
        assert not movable & {message.id for message in left}
        found = await views.case(tx, viewer(house), new.case_id)
        assert found is not None
        assert (found.queue, found.person, found.reference) == ("privacy", case.person, new.reference)
    with pytest.raises(splitting.NothingToSplitError):
        async with house.store.write() as tx:
            await splitting.split(tx, viewer(house), case, [left[0].id], queue="privacy", now=NOW, version=1)


async def test_a_member_is_found_by_number_and_by_address(house: House) -> None:
    await add_case(house, "known", KNOWN)
    async with house.store.read() as tx:
        for asked in (
            finding.Asked(number="12-34-56-789"),
            finding.Asked(addresses=(("email", "zoe@mail.example"),)),
        ):
            found = await finding.found(tx, viewer(house), asked, limit=10)
            assert [one.id for one in found] == [house.cases["known"]]


async def test_every_filter_narrows_on_both_databases(house: House) -> None:
    async with house.store.read() as tx:
        every = await lists.listing(tx, viewer(house), Filter(), limit=100)
        for wanted in (
            Filter(flag="second_line"),
            Filter(kind="compliment"),
            Filter(language="nl"),
            Filter(channel="webform"),
            Filter(department="incapacity"),
            Filter(unassigned=True),
            Filter(undated=True),
            Filter(due=(NOW.date(), NOW.date() + timedelta(days=1))),
        ):
            found = await lists.listing(tx, viewer(house), wanted, limit=100)
            assert 0 < len(found) < len(every), wanted
        first = await lists.listing(tx, viewer(house), Filter(), limit=5)
        seen = list(first)
        while first:
            last = first[-1]
            after = (last.due_on or lists.date.max, last.id)
            first = await lists.listing(tx, viewer(house), Filter(), after=after, limit=5)
            seen += first
        assert [one.id for one in seen] == [one.id for one in every]


async def test_lists_of_others_and_people_who_left_are_not_seen(house: House) -> None:
    tom, luc = viewer(house), replace(viewer(house, "luc"), role="supervisor")
    async with house.store.write() as tx:
        await kept_views.keep(tx, tom, "Mine", None, {}, shared=True, now=NOW)
        shared = await kept_views.keep(tx, luc, "For all", "mediation", {}, shared=True, now=NOW)
        assert [view.name for view in await kept_views.for_viewer(tx, luc)] == ["For all"]
        assert [view.id for view in await kept_views.for_viewer(tx, replace(tom, queues=frozenset({"digital"})))] != [
            shared
        ]
        await presence.touch(tx, luc, house.cases["marie"], now=NOW)
        await presence.touch(tx, luc, house.cases["marie"], now=NOW + timedelta(seconds=15))
        seen = await presence.others(tx, tom, [house.cases["marie"]], now=NOW + timedelta(seconds=59))
        assert seen == {house.cases["marie"]: ["Luc Simon"]}
        assert await presence.others(tx, tom, [house.cases["marie"]], now=NOW + timedelta(seconds=61)) == {}
        await presence.leave(tx, luc, house.cases["marie"])
        assert await presence.others(tx, tom, [house.cases["marie"]], now=NOW) == {}
