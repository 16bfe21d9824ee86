"""Held messages, robots and the quarantine."""

from __future__ import annotations

import re
from typing import get_args

from sqlalchemy import select, update

from console.words import catalogue
from store import audit, correspondence, inbox, operations, quarantine
from store.audit import Asked
from store.schema import cases
from store.schema import inbox as inbox_table
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import CANARY, add_quarantined

VIEWER = Viewer(1, "Test", "supervisor", medical=True)
EN = catalogue()["en"]


async def held_id(running: Running, key: str) -> int:
    async with running.house.store.read() as tx:
        return (await correspondence.held_messages(tx, VIEWER, case_id=running.house.cases[key]))[0].id


async def test_a_held_message_is_shown_apart_and_joins_when_a_person_says_so(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/held")
    assert "Olivier Renard" in page
    assert "The sender is not known on this case." in page
    assert "o.renard@mail.example" in page
    page = await tom.post(f"/console/held/{await held_id(running, 'marie')}/join")
    assert "The message joins this case in a moment." in page
    # The item is read again at once, not at the next look of the sweeper.
    assert len(running.desk.waiting) == 1
    assert "No message is held." in await tom.get("/console/held")


async def test_a_held_message_becomes_a_case_of_its_own(running: Running) -> None:
    tom = await running.sign_in("tom")
    number = await held_id(running, "marie")
    page = await tom.post(f"/console/held/{number}/own")
    assert "becomes a case of its own" in page
    assert len(running.desk.waiting) == 1
    await tom.post(f"/console/held/{number}/own", status=404)


async def test_a_held_message_of_a_sealed_case_wants_the_right_and_the_reason(running: Running) -> None:
    number = await held_id(running, "sealed")
    tom = await running.sign_in("tom")
    await tom.post(f"/console/held/{number}/join", status=404)
    anne = await running.sign_in("anne")
    page = await anne.get("/console/held")
    assert "read and decide there" in page
    await anne.post(f"/console/held/{number}/join", status=404)
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    assert f"Ria {CANARY}" in anne.page
    await anne.post(f"/console/held/{number}/join")


async def test_a_message_wrongly_taken_for_a_robot_becomes_a_case(running: Running) -> None:
    anne = await running.sign_in("anne")
    item = running.house.items["robot"]
    assert f"/console/robots/{item}" in await anne.get("/console/robots")
    page = await anne.get(f"/console/robots/{item}")
    assert "Taken for an automatic reply because of: Auto-Submitted: auto-replied" in page
    page = await anne.post(f"/console/robots/{item}/case")
    assert "It becomes a case in a moment." in page
    assert running.desk.waiting == [item]
    await anne.post(f"/console/robots/{item}/case", status=404)
    tom = await running.sign_in("tom")
    assert "Nobody has read them yet" in await tom.get("/console/robots")


async def test_what_was_tried_again_says_which_case_it_became(running: Running) -> None:
    luc, anne = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.get("/console/quarantine")
    items = [running.house.items[name] for name in ("kept1", "kept2", "kept3")]
    for item in items:
        page = await luc.post("/console/quarantine/replay", item=str(item))
    assert "being read again" in page
    assert f"/console/quarantine?again={items[2]}" in page
    open_case, sealed = (running.house.references[name] for name in ("late", "sealed"))
    async with running.house.store.write() as tx:
        for item, fate, reference in zip(
            items, ("opened", "joined", "quarantined"), (open_case, sealed, ""), strict=True
        ):
            case = select(cases.c.id).where(cases.c.reference == reference).scalar_subquery()
            state = "done" if reference else "quarantined"
            became = update(inbox_table).where(inbox_table.c.id == item)
            await tx.conn.execute(became.values(fate=fate, state=state, case_id=case))
    address = "/console/quarantine?again=" + ",".join(str(item) for item in items)
    page = await luc.get(address)
    assert f'<a href="/console/case/{open_case}">{open_case}</a>' in page
    assert "it came back here" in page
    # Which case it is stays with those who may open it.
    assert sealed not in page
    assert "a case that you may not open" in page
    assert f'<a href="/console/case/{sealed}">' in await anne.get(address)


async def test_how_long_the_oldest_waits_is_no_time_of_day(running: Running) -> None:
    await add_quarantined(running.house, "old", "?", "charset", hours_ago=400)
    running.clock.forward(hours=1)
    luc = await running.sign_in("luc")
    page = await luc.get("/console/quarantine")
    assert "The oldest has been here for 16 days." in page
    assert ">the oldest for 16 days</li>" in page
    tom = await running.sign_in("tom")
    assert re.search(
        r'<span class="soft" title="[^"]+">for \d+ (hours|days)</span></header>', await tom.get("/console/held")
    )


async def test_the_quarantine_groups_by_error_and_tries_again(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/quarantine")
    assert "3 messages are kept here." in page
    assert page.count("The charset x-user is not known.") == 1
    assert "Try all 2 with this error again" in page
    key = page.split('name="error" value="')[1].split('"')[0]
    page = await luc.post("/console/quarantine/replay", error=key)
    assert page.count("being read again") == 2
    assert sorted(running.desk.waiting) == sorted([running.house.items["kept1"], running.house.items["kept2"]])
    await luc.post("/console/quarantine/replay", item=str(running.house.items["kept3"]))
    assert "Nothing is kept here." in await luc.get("/console/quarantine")
    async with running.house.store.read() as tx:
        assert await quarantine.listing(tx) == []
        assert (await inbox.backlog(tx)).waiting == 3


async def test_a_raw_message_is_text_and_opens_for_the_medical_team_only(running: Running) -> None:
    item = running.house.items["kept1"]
    luc = await running.sign_in("luc")
    page = await luc.get(f"/console/quarantine/{item}")
    assert "may hold medical matters" in page
    assert CANARY not in page
    sofie = await running.sign_in("sofie")
    page = await sofie.get(f"/console/quarantine/{item}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    page = await sofie.get("/console/quarantine/999", status=404)
    assert "a colleague dealt with it meanwhile" in page


async def test_a_message_that_arrived_empty_says_so(running: Running) -> None:
    await add_quarantined(running.house, "empty", "", "There is nothing to read.")
    sofie = await running.sign_in("sofie")
    page = await sofie.get(f"/console/quarantine/{running.house.items['empty']}")
    assert "It arrived empty." in page
    assert "medical matters" not in page[page.index("<main") : page.index("</main>")]
    assert "0 kB" in page


async def test_what_is_no_message_is_set_aside_with_a_reason_and_can_come_back(running: Running) -> None:
    item = running.house.items["kept3"]
    async with running.house.store.read() as tx:
        sound = await operations.contradictions(tx)
    sofie = await running.sign_in("sofie")
    page = await sofie.get(f"/console/quarantine/{item}")
    assert "Why does nobody wait for an answer?" in page
    # Without a reason nothing happens, and who may not read it cannot know.
    await sofie.post(f"/console/quarantine/{item}/aside", reason="because")
    luc = await running.sign_in("luc")
    assert "Why does nobody wait" not in await luc.get(f"/console/quarantine/{item}")
    await luc.post(f"/console/quarantine/{item}/aside", reason="test")
    assert "3 messages are kept here." in await luc.get("/console/quarantine")

    page = await sofie.post(f"/console/quarantine/{item}/aside", reason="advertising")
    assert "2 messages are kept here." in page
    assert "It is set aside and stays whole." in page
    await sofie.post(f"/console/quarantine/{item}/aside", status=404, reason="advertising")
    async with running.house.store.read() as tx:
        assert [one.id for one in await quarantine.were_set_aside(tx)] == [item]
        assert await inbox.raw_of(tx, item) is not None
        assert await operations.contradictions(tx) == sound
        (entry,) = await audit.search(tx, VIEWER, Asked(act="quarantine.set_aside"))
    assert entry.detail == {"item": item, "reason": "advertising"}

    page = await luc.post(f"/console/quarantine/{item}/back")
    assert "It is in quarantine again." in page
    assert "3 messages are kept here." in page
    await luc.post(f"/console/quarantine/{item}/back", status=404)
    # A message that waits or became a case is none of this page's.
    await luc.post(f"/console/quarantine/{running.house.items['robot']}/back", status=404)


async def test_every_fate_has_its_column(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/fates")
    for fate in get_args(inbox.Fate):
        assert f"<dt>{EN[f'fates.{fate}']}</dt><dd>" in page
