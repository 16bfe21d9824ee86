"""The steps of an answer to a request for access, on both databases: each is taken once, and never by who prepared it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from store import access_choices, access_requests, audit, users
from store.access_choices import Chosen, Put
from store.access_requests import Request, SameReaderError, StaleRequestError
from store.database import Store
from store.schema import cases
from store.viewer import Viewer
from tests.store.registered import case, contact

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAYS = (date(2026, 11, 24), date(2026, 12, 24))


async def people(store: Store) -> tuple[Viewer, Viewer]:
    """Two mediators."""
    found = []
    async with store.write() as tx:
        for login in ("tom", "luc"):
            number = await users.add(
                tx, login=login, name=login, role="mediator", medical=True, password="", actor="system", now=NOW
            )
            found.append(Viewer(number, login, "mediator", medical=True))
    return found[0], found[1]


async def begun(store: Store, viewer: Viewer) -> Request:
    """A request on a case."""
    async with store.write() as tx:
        case_id = await case(tx, contact=await contact(tx))
        person_id = (await tx.conn.execute(select(cases.c.person_id).where(cases.c.id == case_id))).scalar_one()
        number = await access_requests.begin(
            tx, viewer, case_id, person_id, name="Jan Peeters", identity="paper", days=DAYS, now=NOW
        )
        made = await access_requests.of_id(tx, viewer, number)
    assert made is not None
    return made


async def again(store: Store, viewer: Viewer, request: Request) -> Request:
    async with store.read() as tx:
        found = await access_requests.of_id(tx, viewer, request.id)
    assert found is not None
    return found


async def sent(store: Store, viewer: Viewer, request: Request) -> Request:
    async with store.write() as tx:
        await access_requests.hand_over(tx, viewer, request, b"read", version=request.version, now=NOW)
    return await again(store, viewer, request)


async def test_from_the_draft_to_what_is_fetched(store: Store) -> None:
    tom, luc = await people(store)
    one = await sent(store, tom, await begun(store, tom))
    assert (one.state, one.name, one.sent_by, one.due_on) == ("reading", "Jan Peeters", "tom", DAYS[1])
    async with store.write() as tx:
        to = (await tx.conn.execute(select(cases.c.contact_id).where(cases.c.id == one.case_id))).scalar_one()
        await access_requests.approve(tx, luc, one, b"archive", to, version=one.version, now=NOW)
        ready = await access_requests.ready_on(tx, one.case_id, to, now=NOW)
        assert ready is not None
        assert await access_requests.ready_on(tx, one.case_id, None, now=NOW) is None
        assert await access_requests.fetch(tx, ready.id, now=NOW) == b"archive"
    over = await again(store, tom, one)
    assert (over.state, over.approved_by, over.fetched) == ("approved", "luc", 1)
    async with store.write() as tx:
        later = NOW + timedelta(days=60)
        assert await access_requests.ready_on(tx, one.case_id, to, now=later) is None
        assert await access_requests.forget_old(tx, now=later) == 1
        assert await access_requests.body_of(tx, tom, over) == b""
    async with store.read() as tx:
        acts = [entry.act for entry in await audit.of_case(tx, one.case_id)]
    assert acts[-4:] == ["access.begun", "access.sent", "access.approved", "access.fetched"]


async def test_who_has_a_hand_in_it_neither_approves_nor_returns_it(store: Store) -> None:
    tom, luc = await people(store)
    one = await sent(store, tom, await begun(store, tom))
    async with store.write() as tx:
        with pytest.raises(SameReaderError):
            await access_requests.approve(tx, tom, one, b"archive", None, version=one.version, now=NOW)
        with pytest.raises(SameReaderError):
            await access_requests.give_back(tx, tom, one, "x", version=one.version, now=NOW)
        await access_requests.changed(tx, luc, one, version=one.version, now=NOW)
    one = await sent(store, tom, await again(store, tom, one))
    async with store.write() as tx:
        with pytest.raises(SameReaderError):
            await access_requests.approve(tx, luc, one, b"archive", None, version=one.version, now=NOW)
    assert (await again(store, tom, one)).state == "reading"


async def test_of_two_who_press_at_once_one_is_told(store: Store) -> None:
    tom, luc = await people(store)
    one = await sent(store, tom, await begun(store, tom))

    async def approve() -> str:
        try:
            async with store.write() as tx:
                await access_requests.approve(tx, luc, one, b"archive", None, version=one.version, now=NOW)
        except StaleRequestError:
            return "stale"
        return "approved"

    assert sorted(await asyncio.gather(approve(), approve())) == ["approved", "stale"]


async def test_a_change_takes_the_archive_away(store: Store) -> None:
    tom, luc = await people(store)
    one = await sent(store, tom, await begun(store, tom))
    async with store.write() as tx:
        await access_requests.approve(tx, luc, one, b"archive", None, version=one.version, now=NOW)
    one = await again(store, tom, one)
    async with store.write() as tx:
        await access_requests.changed(tx, tom, one, version=one.version, now=NOW)
    back = await again(store, tom, one)
    assert (back.state, back.archive_hash, back.body_hash, back.approved_at) == ("draft", "", "", None)


async def test_one_that_was_given_up_is_not_open_any_more(store: Store) -> None:
    tom, _ = await people(store)
    one = await begun(store, tom)
    async with store.write() as tx:
        assert await access_requests.open_of(tx, tom, one.person_id, one.case_id) == one
        await access_requests.end(tx, tom, one, "By mistake.", version=one.version, now=NOW)
        assert await access_requests.open_of(tx, tom, one.person_id, one.case_id) is None
        with pytest.raises(StaleRequestError):
            await access_requests.end(tx, tom, one, "Twice.", version=one.version, now=NOW)


async def test_after_a_merge_it_is_listed_for_who_may_see_the_case_that_goes_on(store: Store) -> None:
    tom, _ = await people(store)
    one = await begun(store, tom)
    unsealed = Viewer(98, "luc", "mediator")
    async with store.write() as tx:
        into = await case(tx, contact=await contact(tx, "other@mail.example"))
        await tx.conn.execute(update(cases).where(cases.c.id == one.case_id).values(merged_into=into))
        assert [found.id for found in await access_requests.of_case(tx, unsealed, into)] == [one.id]
        assert [found.id for found in await access_requests.listed(tx, unsealed)] == [one.id]
        await tx.conn.execute(update(cases).where(cases.c.id == into).values(sealed=True))
        assert await access_requests.of_case(tx, unsealed, into) == []
        assert await access_requests.listed(tx, unsealed) == []
        assert [found.id for found in await access_requests.listed(tx, tom)] == [one.id]


async def test_what_was_said_last_of_a_case_or_a_note_counts(store: Store) -> None:
    tom, _ = await people(store)
    one = await begun(store, tom)
    async with store.write() as tx:
        for taken in (True, False):
            chosen = Chosen(taken, ("zèbre",), ("Tom",))
            await access_choices.choose_case(tx, tom, one.id, one.case_id, chosen, now=NOW)
            put = Put(taken, "" if taken else "about another")
            await access_choices.choose_item(tx, tom, one.id, one.case_id, ("note", 7), put, now=NOW)
        assert await access_choices.cases_of(tx, one.id) == {one.case_id: Chosen(False, ["zèbre"], ["Tom"])}
        assert await access_choices.items_of(tx, one.id) == {("note", 7): Put(False, "about another")}


async def test_a_matter_that_is_not_for_somebody_is_not_there(store: Store) -> None:
    tom, _ = await people(store)
    one = await begun(store, tom)
    elsewhere = Viewer(99, "nele", "mediator", medical=True, queues=frozenset({"privacy"}))
    async with store.read() as tx:
        mine = await access_choices.matters_of(tx, tom, one.person_id)
        assert [matter.case_id for matter in mine] == [one.case_id]
        assert await access_choices.matters_of(tx, elsewhere, one.person_id) == []
        assert await access_requests.of_id(tx, elsewhere, one.id) is None
        assert await access_requests.listed(tx, elsewhere) == []
