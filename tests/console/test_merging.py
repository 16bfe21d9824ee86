"""Two cases become one and can be told apart again; one becomes two; nothing is lost on the way."""

from __future__ import annotations

import re
from dataclasses import replace

from store import clocks as store_clocks
from store import correspondence, merging, search, views
from store.viewer import Viewer
from store.views import Row
from tests.console.conftest import Running, hidden, on_both
from tests.console.example_house import NOW, Told, add_case

pytestmark = on_both
SAME = Told("Marie Dubois", "marie.dubois@mail.example", "Encore moi, avec une girafe.", days_ago=1, hour=6)
OTHER = Told("Paul Dubois", "paul@mail.example", "J'écris pour ma femme, avec un zèbre.", days_ago=1)
VIEWER = Viewer(1, "Tom Baert", "mediator")


async def row_of(running: Running, key: str) -> Row:
    async with running.house.store.read() as tx:
        found = await views.case(tx, VIEWER, running.house.cases[key])
    assert found is not None
    return found


async def merge(running: Running, login: str, here: str, other: str, goes_on: str, **more: str) -> str:
    browser = await running.sign_in(login)
    references = running.house.references
    page = await browser.get(f"{running.case(here)}/merge?with={references[other]}")
    version = re.search(r'name="other_version" value="(\d+)"', page)
    assert version is not None
    return await browser.post(
        f"{running.case(here)}/merge",
        **{"with": references[other], "goes_on": references[goes_on], "other_version": version.group(1), **more},
    )


async def test_two_cases_of_a_member_become_one_with_the_messages_of_both(running: Running) -> None:
    await add_case(running.house, "again", SAME)
    before = await row_of(running, "marie")
    page = await merge(running, "tom", "again", "marie", "marie")
    assert "The two cases are one now" in page
    assert "girafe" in page
    # The line of time tells it once, as the case that goes on does.
    assert page.count("Tom Baert merged") == 1
    tom = await running.sign_in("tom")
    # The other one leads there, by every address and by its words, and is in no list of its own.
    gone, into = running.house.references["again"], running.house.references["marie"]
    for path in (f"/console/case/{gone}", f"/console/search?q={gone}"):
        assert f"{gone} goes on here, as {into}" in await tom.get(path)
    page = await tom.get("/console/search?q=girafe")
    assert into in page
    assert f'"/console/case/{gone}"' not in page
    assert f'"/console/case/{gone}"' not in await tom.get("/console/")
    after = await row_of(running, "marie")
    assert after.due_on is not None
    assert before.due_on is not None
    assert after.due_on <= before.due_on


async def test_a_merge_is_taken_back_and_all_is_as_it_was(running: Running) -> None:
    await add_case(running.house, "again", SAME)
    before = [await row_of(running, key) for key in ("again", "marie")]
    await merge(running, "tom", "again", "marie", "marie")
    tom = await running.sign_in("tom")
    await tom.get(running.case("marie"))
    page = await tom.post(f"{running.case('marie')}/unmerge", gone=running.house.references["again"])
    assert "The merge is taken back" in page
    after = [await row_of(running, key) for key in ("again", "marie")]
    for one, other in zip(before, after, strict=True):
        assert replace(other, version=one.version, unread=one.unread) == one
    page = await tom.get(running.case("marie"))
    assert "girafe" not in page
    assert page.count("took the merge with") == 1
    page = await tom.get(running.case("again"))
    assert (page.count("merged it into"), page.count("took the merge into")) == (1, 1)
    async with running.house.store.read() as tx:
        assert await search.find(tx, "girafe") == [running.house.cases["again"]]
        clocks = [clock.state for clock in await store_clocks.promised(tx, running.house.cases["again"])]
        assert "running" in clocks
        assert "merged" not in clocks
    # Twice is too late, and nothing happens.
    await tom.post(f"{running.case('marie')}/unmerge", gone=running.house.references["again"])
    assert (await row_of(running, "again")).state == "open"


async def test_cases_of_two_members_are_asked_about_twice(running: Running) -> None:
    await add_case(running.house, "other", OTHER)
    references = running.house.references
    before = await merge(running, "tom", "other", "marie", "marie")
    assert "two different members" in before
    assert (await row_of(running, "other")).merged_into is None
    page = await merge(running, "tom", "other", "marie", "marie", sure="once")
    assert "Please confirm" in page
    assert "Each of them goes on seeing" in before
    # What was explained is not said twice: what happens, to whom, and one button for it.
    assert "Each of them goes on seeing" not in page
    assert "For two cases of the same matter" not in page
    assert 'type="radio"' not in page
    told = f"{OTHER.name}, {references['other']}, goes on in the case of Marie Dubois, {references['marie']}."
    assert told in page
    assert hidden(page, "goes_on") == references["marie"]
    assert (await row_of(running, "other")).merged_into is None
    page = await merge(running, "tom", "other", "marie", "marie", sure="twice")
    assert "The two cases are one now" in page
    assert "zèbre" in page


async def test_each_member_sees_their_own_messages_only(running: Running) -> None:
    """Rule C6, by the link of either case."""
    house = running.house
    await add_case(house, "other", OTHER)
    async with house.store.read() as tx:
        contacts = {
            key: (await correspondence.messages_of(tx, Viewer(1, "x", "mediator"), house.cases[key]))[0].address
            for key in ("marie", "other")
        }
    assert contacts["marie"] != contacts["other"]
    await merge(running, "tom", "other", "marie", "marie", sure="twice")
    async with house.store.read() as tx:
        ids = {}
        for key in ("marie", "other"):
            row = await tx.conn.execute(
                views.row_query()
                .with_only_columns(views.cases.c.contact_id)
                .where(views.cases.c.id == house.cases[key])
            )
            ids[key] = row.scalar_one()
        for case in ("marie", "other"):
            for key, contact_id in ids.items():
                seen = await correspondence.messages_for_member(tx, house.cases[case], contact_id)
                assert seen
                assert {message.address for message in seen} == {contacts[key]}, (case, key)
            assert await correspondence.messages_for_member(tx, house.cases[case], None) == []


async def test_what_cannot_be_merged_is_said(running: Running) -> None:
    references = running.house.references
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    base = f"{running.case('marie')}/merge"
    assert "This is the same case" in await tom.get(f"{base}?with={references['marie']}")
    assert "There is no such case" in await tom.get(f"{base}?with=PM-2026-999999-99")
    # Of a sealed case nothing is told, whoever may not open it.
    assert "There is no such case" in await tom.get(f"{base}?with={references['sealed']}")
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    assert "One of the two is sealed" in await anne.get(f"{base}?with={references['sealed']}")
    await tom.get(running.case("marie"))
    page = await tom.post(
        base, status=422, **{"with": references["earlier"], "goes_on": references["earlier"], "other_version": "1"}
    )
    assert "is closed" in page
    assert (await row_of(running, "marie")).merged_into is None


async def test_what_was_typed_for_a_case_that_was_merged_meanwhile_is_given_back(running: Running) -> None:
    await add_case(running.house, "again", SAME)
    anne = await running.sign_in("anne")
    await anne.get(running.case("again"))
    await merge(running, "tom", "again", "marie", "marie")
    page = await anne.post(f"{running.case('again')}/reply", status=409, text="Chère Madame, voici <la> réponse.")
    assert "The case was merged meanwhile. Nothing was sent." in page
    assert "voici &lt;la&gt; réponse" in page
    page = await anne.post(f"{running.case('again')}/take")
    assert "goes on here, as" in page


async def test_a_merge_seen_in_an_older_state_is_not_done(running: Running) -> None:
    await add_case(running.house, "again", SAME)
    tom = await running.sign_in("tom")
    await tom.get(running.case("again"))
    fields = {"with": running.house.references["marie"], "goes_on": running.house.references["marie"]}
    page = await tom.post(f"{running.case('again')}/merge", status=409, **fields, other_version="99")
    assert "One of the two has changed" in page
    assert (await row_of(running, "again")).merged_into is None


async def test_messages_of_another_matter_become_a_case_of_their_own(running: Running) -> None:
    house = running.house
    tom = await running.sign_in("tom")
    async with house.store.write() as tx:
        told = await correspondence.messages_of(tx, VIEWER, house.cases["soon"])
        message = told[0]
        added = await merging.register.add_message(
            tx,
            merging.register.NewMessage(
                case_id=house.cases["soon"],
                direction="in",
                channel="email",
                account="ombudsman@partenamut.example",
                subject="Andere zaak",
                text="En dan nog iets over de tandarts.",
                reply="En dan nog iets over de tandarts.",
                at=NOW,
                contact_id=None,
                sender_name="Jan Peeters",
            ),
        )
    page = await tom.get(f"{running.case('soon')}/split")
    assert "tandarts" in page
    assert f'name="message-{message.id}"' not in page
    base = f"{running.case('soon')}/split"
    assert "Choose at least one message" in await tom.post(base, status=422, queue="hospital_dental")
    await tom.get(base)
    page = await tom.post(base, queue="hospital_dental", **{f"message-{added}": "1", f"message-{message.id}": "1"})
    assert "This is the new case" in page
    assert "tandarts" in page
    assert "Tom Baert split it off" in page
    assert "Jan Peeters" in page
    assert "tandarts" not in await tom.get(running.case("soon"))
    assert "Jan Peeters" in await tom.get("/console/queue/hospital_dental")
    # A second press of the same button is too late.
    await tom.post(base, status=422, queue="hospital_dental", **{f"message-{added}": "1"}, version="1")
