"""A colleague who is shut out: whatever they had in hand goes on without them, and who meets it is told what is so."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import select

from console.passwords import hash_password
from store import presence, rule_drafts, users
from store.schema import drafts, mentions, outbox
from store.viewer import Viewer
from tests.console.conftest import Browser, Running, hidden, on_both
from tests.console.example_house import PASSWORD
from tests.console.test_actions import acts_of, row_of
from tests.console.test_rule_draft import DRAFT, edited, rehearsed
from tests.console.test_rules import CLEARER, live, publish

pytestmark = on_both


async def shut_out(running: Running, login: str) -> str:
    admin = await running.sign_in("admin")
    return await admin.post(f"/console/people/{running.house.users[login]}/disable")


async def supervisor(running: Running, login: str) -> None:
    """Somebody who comes after them."""
    async with running.house.store.write() as tx:
        running.house.users[login] = await users.add(
            tx,
            login=login,
            name="Els Maes",
            role="supervisor",
            medical=False,
            password=hash_password(PASSWORD),
            actor="system",
            now=running.clock(),
        )


async def test_their_open_cases_are_nobodys_and_wait_in_their_queues(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/take")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/pause", reason="member", until="2026-12-03")
    before = await anne.get(running.case("late"))
    assert "Take it over from Tom Baert" in before
    page = await shut_out(running, "tom")
    assert "Signed out everywhere and shut out. 2 open cases of theirs are nobody’s now" in page
    assert "and wait: Mediation (1), Reimbursements (1)." in page
    for key in ("late", "soon"):
        assert (await row_of(running, key)).assignee == ""
        assert (await acts_of(running, key))[-1] == "case.released"
    # Those of others stay theirs, and that one rests rests on.
    assert (await row_of(running, "week")).assignee == "Anne Lemaire"
    assert (await row_of(running, "soon")).paused_until is not None
    assert running.house.references["late"] in await anne.get("/console/queue/mediation?show=unassigned")
    # What was seen before it is an older state, and says so; then it is taken as any other.
    anne.page = before
    page = await anne.post(f"{running.case('late')}/take", status=409)
    assert "This case has changed since you opened it. Nothing was done." in page
    await anne.post(f"{running.case('late')}/take")
    assert (await row_of(running, "late")).assignee == "Anne Lemaire"
    # Let in again, they have what they are given anew.
    admin = await running.sign_in("admin")
    await admin.post(f"/console/people/{running.house.users['tom']}/enable")
    assert (await row_of(running, "late")).assignee == "Anne Lemaire"
    assert (await row_of(running, "soon")).assignee == ""


async def test_an_answer_on_its_way_goes_and_is_nobody_elses_to_take_back(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    await tom.get(running.case("soon"))
    page = await tom.post(f"{running.case('soon')}/reply", text="Beste Jan Peeters,\r\n\r\nWe kijken het na.")
    number = hidden(page, "outbox")
    await shut_out(running, "tom")
    page = await anne.get(running.case("soon"))
    assert "We kijken het na." in page
    assert f'name="outbox" value="{number}"' not in page
    page = await anne.post(f"{running.case('soon')}/undo", status=422, outbox=number)
    assert "Only your own answers can be taken back." in page
    async with running.house.store.read() as tx:
        assert await tx.conn.scalar(select(outbox.c.state).where(outbox.c.id == int(number))) == "waiting"


async def standing(browser: Browser, path: str) -> dict[str, Any]:
    """What an open page of a case is told of who else is there."""
    stream = await browser.client.get(f"{path}/events")
    while True:
        said = (await stream.content.readuntil(b"\n\n")).decode()
        if "event: case" in said:
            stream.close()
            found: dict[str, Any] = json.loads(said.partition("data: ")[2])
            return found


async def test_nobody_is_told_that_they_are_there_or_write(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    answer = await tom.send(f"{path}/draft", purpose="reply", text="Beste Jan, wat ik nog", quiet="1")
    assert answer.status == 204
    async with running.house.store.write() as tx:
        # As his page does while it is open.
        viewer = Viewer(running.house.users["tom"], "Tom Baert", "mediator")
        await presence.touch(tx, viewer, running.house.cases["soon"], now=running.clock())
    there = await standing(anne, path)
    assert (there["others"], there["writing"]) == ("Tom Baert", "Tom Baert")
    await shut_out(running, "tom")
    there = await standing(anne, path)
    assert (there["others"], there["writing"]) == ("", "")
    page = await anne.get(path)
    # What they had typed is theirs alone: nobody reads it, and it is there when they are let in again.
    assert "wat ik nog" not in page
    async with running.house.store.read() as tx:
        assert len((await tx.conn.execute(select(drafts.c.user_id))).all()) == 1


async def test_they_are_offered_nowhere_and_named_in_vain(running: Running) -> None:
    anne = await running.sign_in("anne")
    path, tom = running.case("soon"), str(running.house.users["tom"])
    await shut_out(running, "tom")
    page = await anne.get(path)
    assert f'<option value="{tom}"' not in page
    assert f'value="{tom}"' not in page
    page = await anne.post(f"{path}/assign", status=422, assignee=tom)
    assert "This colleague cannot have this case." in page
    await anne.get(path)
    await anne.post(f"{path}/note", text="@Tom Baert, kijk jij?", tell=tom)
    async with running.house.store.read() as tx:
        assert (await tx.conn.execute(select(mentions.c.id))).all() == []


async def test_a_conversation_in_their_hand_is_taken_by_somebody_else(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = f"/console/conversations/{running.house.talks['tom']}"
    await shut_out(running, "tom")
    page = await anne.get(path)
    had = re.search(r'name="had" value="(\d+)"', page)
    assert had is not None
    page = await anne.post(f"{path}/take", had=had.group(1))
    assert "Priya" in page
    await anne.post(f"{path}/say", text="Hello, I am here now.")


async def _taken_from_a_list(running: Running, browser: Browser) -> str:
    page = await browser.get("/console/")
    pick = f"pick-{running.house.references['urgent']}"
    page = await browser.post("/console/lists/act", act="take", back="/console/", **{pick: hidden(page, pick)})
    found = re.search(r'action="(/console/lists/undo/\d+)"', page)
    assert found is not None
    return found.group(1)


async def test_what_they_did_from_a_list_is_nobody_elses_to_take_back(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    undo = await _taken_from_a_list(running, tom)
    await shut_out(running, "tom")
    before = await row_of(running, "urgent")
    answer = await anne.send(undo, back="/console/")
    assert answer.status == 404
    assert await row_of(running, "urgent") == before
    assert before.assignee == ""


async def test_rules_that_they_proposed_are_proposed_anew_by_who_stands_for_them(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="", proof=PASSWORD)
    assert "Luc Simon says that it is ready" in await sofie.get(DRAFT)
    await shut_out(running, "luc")
    await supervisor(running, "els")
    page = await sofie.get(DRAFT)
    assert "says that it is ready" not in page
    assert "Nothing for anybody" in page
    page = await sofie.post(f"{DRAFT}/publish", text="A better name, says Sofie", proof=PASSWORD)
    assert "Another supervisor can read it now" in page
    els = await running.sign_in("els")
    await els.get(DRAFT)
    await rehearsed(running, els)
    assert "Sofie Claes says that it is ready" in await els.get(DRAFT)
    page = await els.post(f"{DRAFT}/publish", proof=PASSWORD)
    assert "by Sofie Claes" in page
    assert "read by Els Maes" in page
    async with running.house.store.read() as tx:
        assert await rule_drafts.current(tx) is None


async def test_a_way_back_that_they_asked_for_waits_no_longer(running: Running) -> None:
    await publish(running, "1 b")
    await publish(running, "2", CLEARER)
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.get("/console/rules/version/1")
    await luc.post("/console/rules/version/1/return", live="2", text="Back", proof=PASSWORD)
    assert "Luc Simon wants to go back to version 1." in await sofie.get("/console/rules")
    await shut_out(running, "luc")
    await supervisor(running, "els")
    assert "wants to go back" not in await sofie.get("/console/rules")
    await sofie.get("/console/rules/version/1")
    page = await sofie.post("/console/rules/version/1/return", live="2", text="Back", proof=PASSWORD)
    assert "It waits for another supervisor now" in page
    assert await live(running) == "2"
    els = await running.sign_in("els")
    assert "Sofie Claes wants to go back to version 1." in await els.get("/console/rules")
    await els.get("/console/rules/version/1")
    await els.post("/console/rules/version/1/return", live="2", proof=PASSWORD)
    assert await live(running) == "1"
