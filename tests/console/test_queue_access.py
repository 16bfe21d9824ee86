"""Access by queue (rule S1): a case in no queue of one's own is not there; not in lists, counts, search, files, talks, ids."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from channels.reference import format_reference
from config.vocabulary import Role
from store import case_around, corrections, correspondence, finding, lists, talks, users, views, worklist
from store.finding import Asked
from store.lists import Filter
from store.schema import cases, conversations
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import NOW
from tests.console.test_roles import _LOGINS, _POLICY, _answer, _filled, _routes

# Marie's earlier case is in one of these, her open one is not.
OWN = {"membership", "branches"}
_FOREIGN = ("marie", "late", "soon", "unsure", "sealed")
_MEDICAL = {"anne", "sofie"}


async def limited(running: Running, login: str, queues: set[str] | None = None) -> Browser:
    """Somebody who has been given these queues alone, and has signed in."""
    async with running.house.store.write() as tx:
        found = await users.by_login(tx, login)
        assert found is not None
        await users.set_rights(
            tx,
            found.id,
            role=found.role,
            medical=found.medical,
            queues=OWN if queues is None else queues,
            actor="test",
            now=NOW,
        )
    return await running.sign_in(login)


@pytest.mark.parametrize("login", [*sorted(set(_LOGINS.values()) - {"admin"}), "anne"])
async def test_no_route_opens_a_case_of_another_queue(running: Running, login: str) -> None:
    browser = await limited(running, login)
    role = {**{name: role for role, name in _LOGINS.items()}, "anne": "mediator"}[login]
    for name, method, pattern in _routes(running):
        allowed = _POLICY[name]
        if allowed is None or "{reference}" not in pattern:
            continue
        for key in _FOREIGN:
            status, text = await _answer(browser, method, _filled(pattern, running, key, 0))
            assert status == (404 if role in allowed else 403), (name, key, status)
            assert "Marie" not in text, (name, key)
    # Nothing was changed by any of these forms.
    async with running.house.store.read() as tx:
        row = await views.case(tx, Viewer(0, "", "supervisor"), running.house.cases["marie"])
    assert row is not None
    # Who had it in hand let it go with the queue; that is all.
    assert (row.version, row.queue) == (4 if login == "anne" else 3, "mediation")


@pytest.mark.parametrize("login", ["tom", "anne", "luc", "fatima", "rik"])
async def test_no_page_names_a_case_of_another_queue(running: Running, login: str) -> None:
    browser, house = await limited(running, login), running.house
    paths = ["/console/?show=closed", "/console/?show=unassigned", "/console/search?q=Dubois"]
    paths += [f"/console/search?q={house.references[key]}" for key in _FOREIGN]
    for _, method, pattern in _routes(running):
        if method == "GET" and "quarantine" not in pattern:
            keys = ("earlier", *_FOREIGN) if "{reference}" in pattern else ("",)
            paths += [_filled(pattern, running, key, 0) for key in keys]
    for path in dict.fromkeys(paths):
        _, text = await _answer(browser, "GET", path)
        for key in _FOREIGN:
            # A page that says it knows no such case may repeat the reference that was asked for.
            if house.references[key] not in path:
                assert house.references[key] not in text, (path, key)
        # What they have opened themselves meanwhile is their own earlier case.
        names_it = "Dubois" in path or house.references["earlier"] in path or "show=closed" in path
        if not names_it and path != "/console/me/acts":
            assert "Dubois" not in text, path


async def test_a_search_for_its_reference_or_words_does_not_find_it(running: Running) -> None:
    rik, house = await limited(running, "rik"), running.house
    answer = await rik.client.get(f"/console/search?q={house.references['marie']}", allow_redirects=False)
    assert answer.status == 200
    never = format_reference(2026, 900_001)
    unknown = await rik.client.get(f"/console/search?q={never}", allow_redirects=False)
    here, there = await answer.text(), await unknown.text()
    # It says the same of a reference that was never given.
    assert here.replace(house.references["marie"], "") == there.replace(never, "")
    assert house.references["marie"] not in await rik.get("/console/search?q=Dubois")


async def test_the_rail_and_the_lists_are_those_of_the_own_queues(running: Running) -> None:
    tom = await limited(running, "tom")
    page = await tom.get("/console/")
    assert "/console/queue/mediation" not in page
    assert "/console/queue/membership" in page
    await tom.get("/console/queue/membership")
    await tom.get("/console/queue/mediation", status=404)


async def test_what_goes_to_a_queue_of_others_is_gone_and_the_mover_is_told(running: Running) -> None:
    tom = await limited(running, "tom")
    await tom.get(running.case("week"))
    page = await tom.post(f"{running.case('week')}/move", queue="digital")
    assert "not one of yours" in page
    await tom.get(running.case("week"), status=404)


async def test_a_case_is_given_only_to_those_who_have_its_queue(running: Running) -> None:
    await limited(running, "tom")
    anne = await running.sign_in("anne")
    page = await anne.get(running.case("marie"))
    assert "Tom Baert</option>" not in page
    assert "Luc Simon</option>" in page
    await anne.post(f"{running.case('marie')}/assign", status=422, assignee=str(running.house.users["tom"]))


async def test_other_rights_end_the_sessions_under_the_old_ones(running: Running) -> None:
    tom = await running.sign_in("tom")
    await limited(running, "tom")
    answer = await tom.client.get("/console/", allow_redirects=False)
    assert answer.status == 303
    assert "sign-in" in answer.headers["Location"]


def _viewer(running: Running, role: Role = "mediator", queues: set[str] | None = None, **more: Any) -> Viewer:
    held = frozenset(OWN if queues is None else queues)
    return Viewer(running.house.users["tom"], "Tom", role, queues=held, **more)


@pytest.mark.parametrize("medical", [False, True])
async def test_every_query_knows_the_queues(running: Running, *, medical: bool) -> None:
    house, tom = running.house, _viewer(running, medical=medical)
    marie, earlier = house.cases["marie"], house.cases["earlier"]
    async with house.store.read() as tx:
        assert set(await views.counts(tx, tom)) == OWN
        rail = await worklist.rail(tx, tom, today=NOW.date())
        assert (set(rail.queues), rail.late, rail.mine, rail.held) == (OWN, {}, 0, 0)
        assert {row.queue for row in await lists.listing(tx, tom, Filter())} == OWN
        assert [row.id for row in await finding.found(tx, tom, Asked("Dubois"), limit=9)] == [earlier]
        of_address = Asked(addresses=(("email", "marie.dubois@mail.example"),))
        assert [row.id for row in await finding.found(tx, tom, of_address, limit=9)] == [earlier]
        assert await lists.listing(tx, tom, Filter(queue="mediation")) == []
        assert {row.id for row in await lists.closed(tx, tom, Filter())} == {earlier}
        assert await views.case(tx, tom, marie) is None
        assert await views.case_by_reference(tx, tom, house.references["marie"]) is None
        assert await views.notes_of(tx, tom, marie) == []
        assert await views.classification_of(tx, tom, marie) is None
        assert await views.decision_of(tx, tom, marie) is None
        assert await correspondence.messages_of(tx, tom, marie) == []
        assert await correspondence.file_of(tx, tom, marie, 1) is None
        assert await correspondence.held_messages(tx, tom) == []
        assert await case_around.fates(tx, tom, marie) == {}
        row = await views.case(tx, tom, earlier)
        assert row is not None
        assert await case_around.other_cases(tx, tom, row) == []
        with pytest.raises(corrections.NothingToCorrectError):
            await corrections.correct(tx, tom, marie, {"kind": "question"}, now=NOW, version=row.version)


async def test_nobody_with_no_queue_sees_any_case(running: Running) -> None:
    async with running.house.store.read() as tx:
        nobody = _viewer(running, queues=set())
        assert await views.counts(tx, nobody) == {}
        assert await lists.listing(tx, nobody, Filter(state="all")) == []


async def test_a_conversation_is_for_those_who_have_the_queue_of_its_case(running: Running) -> None:
    house = running.house
    own, foreign = _viewer(running, medical=True), _viewer(running, queues={"triage"}, medical=True)
    of_case = house.talks["case"]
    async with house.store.write() as tx:
        assert await talks.one(tx, own, of_case) is not None
        assert await talks.one(tx, foreign, of_case) is None
        assert of_case not in [going.conversation.id for going in await talks.going_on(tx, foreign)]
        assert await talks.open_for_case(tx, foreign, house.cases["week"]) is None
        # One of which no case has come yet is nobody's, so anybody's.
        assert await talks.one(tx, foreign, house.talks["waiting"]) is not None
        # An earlier message of it is in a case of another queue: that counts as well.
        await tx.conn.execute(
            update(conversations).where(conversations.c.id == of_case).values(case_id=house.cases["earlier"])
        )
        await tx.conn.execute(update(cases).where(cases.c.id == house.cases["earlier"]).values(queue="triage"))
        assert await talks.one(tx, foreign, of_case) is None
