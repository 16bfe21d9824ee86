"""What is done from a list: to one case or several, each fenced and audited as on its own page, and taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update

from store import cases, mentions, search
from store.schema import deadlines, outbox
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import Told, add_case
from tests.console.test_actions import acts_of, messages_of, row_of
from tests.console.test_queue_access import OWN, limited

_BACK = "/console/queue/triage"


async def _version(running: Running, key: str) -> str:
    return str((await row_of(running, key)).version)


async def _act(running: Running, browser: Browser, act: str, *keys: str, **fields: str) -> str:
    """Choose these cases, as the list shows them now, and do something."""
    picks = {f"pick-{running.house.references[key]}": await _version(running, key) for key in keys}
    return await browser.post("/console/lists/act", act=act, back=_BACK, **picks, **fields)


async def _undo(browser: Browser) -> str:
    found = re.search(r'action="(/console/lists/undo/\d+)"', browser.page)
    assert found, browser.page[:3000]
    return await browser.post(found.group(1), back=_BACK)


async def _clocks(running: Running, key: str) -> list[tuple[str, date, str]]:
    query = select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.state)
    query = query.where(deadlines.c.case_id == running.house.cases[key]).order_by(deadlines.c.clock)
    async with running.house.store.read() as tx:
        return [tuple(row) for row in await tx.conn.execute(query)]  # type: ignore[misc]  # three columns


async def test_a_list_offers_its_acts_to_those_who_handle_cases(running: Running) -> None:
    tom, rik = await running.sign_in("tom"), await running.sign_in("rik")
    page = await tom.get("/console/")
    reference = running.house.references["marie"]
    assert f'name="pick-{reference}"' in page
    assert 'data-key="a" aria-keyshortcuts="a"' in page
    # What is locked for them is on the list, and cannot be chosen.
    assert running.house.references["sealed"] in page
    assert f'name="pick-{running.house.references["sealed"]}"' not in page
    assert 'id="acts"' not in await tom.get("/console/?show=closed")
    page = await rik.get("/console/")
    assert 'id="acts"' not in page
    assert "pick-" not in page


async def test_several_cases_are_taken_and_given_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    had = {key: (await row_of(running, key)).assignee for key in ("marie", "soon")}
    page = await _act(running, tom, "take", "marie", "soon", "late")
    assert "2 cases are yours." in page
    # The third was his already: said, and not counted.
    assert re.search(rf"{running.house.references['late']}</a> was so already\.", page)
    for key in ("marie", "soon"):
        assert (await row_of(running, key)).assignee == "Tom Baert"
        assert "case.taken" in await acts_of(running, key)
    page = await _undo(tom)
    assert "Taken back: 2 cases are as they were." in page
    assert "/console/lists/undo/" not in page
    for key in ("marie", "soon"):
        assert (await row_of(running, key)).assignee == had[key]
        assert "case.list_undone" in await acts_of(running, key)
    assert (await row_of(running, "late")).assignee == "Tom Baert"
    # A second press of the same key finds nothing to take back.
    version = await _version(running, "marie")
    await tom.post("/console/lists/undo/1", back=_BACK)
    assert await _version(running, "marie") == version


async def test_a_move_and_what_it_promised_are_taken_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    before, clocks = await row_of(running, "unsure"), await _clocks(running, "unsure")
    page = await _act(running, tom, "move", "unsure", queue="reimbursements")
    assert "Moved to Reimbursements." in page
    moved = await row_of(running, "unsure")
    assert (moved.queue, moved.department) == ("reimbursements", "reimbursements")
    assert await _clocks(running, "unsure") != clocks
    assert running.desk.told[-1][0] == "reimbursements"
    await _undo(tom)
    after = await row_of(running, "unsure")
    assert (after.queue, after.department, after.due_on) == (before.queue, before.department, before.due_on)
    assert await _clocks(running, "unsure") == clocks


async def test_what_somebody_changed_meanwhile_stays_as_they_left_it(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    await luc.get(running.case("soon"))
    stale = {f"pick-{running.house.references['soon']}": await _version(running, "soon")}
    await luc.post(f"{running.case('soon')}/take")
    page = await tom.post("/console/lists/act", act="move", queue="privacy", back=_BACK, **stale)
    assert "Nothing was changed." in page
    assert "has changed since the list was made" in page
    assert (await row_of(running, "soon")).assignee == "Luc Simon"
    # Nor does taking back undo what came after.
    await _act(running, tom, "move", "unsure", queue="privacy")
    await luc.get(running.case("unsure"))
    await luc.post(f"{running.case('unsure')}/take")
    await tom.get("/console/queue/triage?did=2")
    page = await _undo(tom)
    assert "Nothing could be taken back." in page
    assert "has changed since the list was made" in page
    assert (await row_of(running, "unsure")).queue == "privacy"


async def test_sealed_cases_are_for_the_medical_team_and_open_with_a_reason(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    before = await row_of(running, "sealed")
    for act, more in (("take", {}), ("move", {"queue": "privacy"}), ("robot", {}), ("accept", {}), ("assign", {})):
        page = await _act(running, tom, act, "sealed", **more)
        assert "is sealed: only the medical team can change it." in page, act
    assert await row_of(running, "sealed") == before
    assert "open it first and say why" in await _act(running, anne, "take", "sealed")
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    assert "The case is yours." in await _act(running, anne, "take", "sealed")


async def test_who_seals_by_moving_cannot_unseal_by_undoing(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    await _act(running, tom, "move", "unsure", queue="medical_coordinator")
    page = await _undo(tom)
    assert "is sealed: only the medical team can change it." in page
    assert (await row_of(running, "unsure")).sealed
    await _act(running, anne, "move", "marie", queue="medical_coordinator")
    assert (await row_of(running, "marie")).sealed
    await _undo(anne)
    assert not (await row_of(running, "marie")).sealed
    # What was taken out of the search is found again.
    async with running.house.store.read() as tx:
        assert running.house.cases["marie"] in await search.find(tx, "indemnite")


async def test_a_case_is_given_only_to_who_may_have_it(running: Running) -> None:
    tom, users = await running.sign_in("tom"), running.house.users
    page = await _act(running, tom, "assign", "marie", "soon", assignee=str(users["luc"]))
    assert "2 cases given to Luc Simon." in page
    luc = Viewer(users["luc"], "Luc Simon", "supervisor")
    async with running.house.store.read() as tx:
        assert await mentions.unseen(tx, luc) == 2
    await _undo(tom)
    async with running.house.store.read() as tx:
        assert await mentions.unseen(tx, luc) == 0
    for nobody in (str(users["fatima"]), str(users["admin"]), "999999", "x"):
        assert "may not be given to this colleague" in await _act(running, tom, "assign", "marie", assignee=nobody)


async def test_cases_rest_from_a_list_as_long_as_their_promises_allow(running: Running) -> None:
    tom = await running.sign_in("tom")
    due_on = (await row_of(running, "marie")).due_on
    page = await _act(running, tom, "pause", "marie", "soon", reason="department", until="2026-12-01")
    assert "The case rests." in page
    assert "cannot rest that long" in page
    assert (await row_of(running, "marie")).paused_until == date(2026, 12, 1)
    await _undo(tom)
    row = await row_of(running, "marie")
    assert (row.paused_until, row.due_on) == (None, due_on)
    assert "needs a day after today" in await _act(running, tom, "pause", "marie", reason="member", until="")


async def test_in_triage_a_suggestion_is_accepted_and_a_robot_put_away(running: Running) -> None:
    house = running.house
    told = Told("Piet Vos", "piet@mail.example", "De app werkt niet.", language="nl", department="digital")
    await add_case(house, "piet", Told(**{**told.__dict__, "chances": {"department": 0.41}, "unsure": ("department",)}))
    tom = await running.sign_in("tom")
    page = await tom.get("/console/queue/triage")
    assert "Suggestion: Online services, perhaps" in page
    assert "Moved to Online services." in await _act(running, tom, "accept", "piet")
    assert (await row_of(running, "piet")).queue == "digital"
    await _undo(tom)
    assert (await row_of(running, "piet")).queue == "triage"
    told_before = len(await messages_of(running, "piet"))
    assert "put away as spam" in (await _act(running, tom, "robot", "piet")).lower()
    row = await row_of(running, "piet")
    assert (row.state, row.outcome) == ("closed", "not_handled_robot")
    assert len(await messages_of(running, "piet")) == told_before
    await _undo(tom)
    assert (await row_of(running, "piet")).state == "open"
    assert {state for _, _, state in await _clocks(running, "piet")} <= {"running", "met"}


async def test_in_triage_what_a_person_corrected_is_suggested_and_stays(running: Running) -> None:
    told = Told("Piet Vos", "piet@mail.example", "De app werkt niet.", language="nl", department="digital")
    await add_case(
        running.house, "piet", Told(**{**told.__dict__, "chances": {"department": 0.41}, "unsure": ("department",)})
    )
    tom = await running.sign_in("tom")
    path = running.case("piet")
    await tom.get(path)
    await tom.post(f"{path}/department", department="membership")
    page = await tom.get("/console/queue/triage")
    assert "Suggestion: Membership" in page
    assert "Suggestion: Online services" not in page
    await _act(running, tom, "accept", "piet")
    row = await row_of(running, "piet")
    assert (row.queue, row.department) == ("membership", "membership")


async def test_who_takes_a_robot_back_finds_all_as_it_was(running: Running) -> None:
    house, tom = running.house, await running.sign_in("tom")
    case_id = (await row_of(running, "unsure")).id
    await _act(running, tom, "pause", "unsure", reason="day", until="2026-11-30")
    async with house.store.write() as tx:
        # What was promised and kept before has nothing to do with the robot.
        await cases.end_clocks(tx, case_id, now=running.clock.now, clock="acknowledgement")
    before, clocks = await row_of(running, "unsure"), await _clocks(running, "unsure")
    await _act(running, tom, "robot", "unsure")
    assert (await row_of(running, "unsure")).paused_until is None
    await _undo(tom)
    after = await row_of(running, "unsure")
    assert after == replace(before, version=after.version)
    assert await _clocks(running, "unsure") == clocks
    await tom.get(running.case("unsure"))
    await tom.post(f"{running.case('unsure')}/wake")
    assert (await row_of(running, "unsure")).paused_until is None


async def test_not_ours_goes_on_to_the_page_that_tells_the_member(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await _act(running, tom, "not_ours", "unsure")
    assert re.search(r'value="not_ours"[^>]*checked', page)
    assert "One case at a time" in await _act(running, tom, "not_ours", "unsure", "marie")


async def _closing(running: Running, tom: Browser, key: str) -> str:
    """The closing page of a case, as the key for "Not ours" opens it, with the list to go back to."""
    pick = {f"pick-{running.house.references[key]}": f"{await _version(running, key)}.2"}
    return await tom.post("/console/lists/act", act="not_ours", back=_BACK, **pick)


def _fields(page: str) -> dict[str, str]:
    """What stands in the form of the closing page."""
    text = re.search(r'<textarea id="closing-text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    body = re.search(r'<option value="(\w+)" selected', page.partition('id="passed-to"')[2].partition("</select>")[0])
    found = dict(re.findall(r'<input type="hidden" name="(back|at)" value="([^"]*)"', page))
    return {**found, "text": unescape(text.group(1)) if text else "", "passed_to": body.group(1) if body else ""}


def _hospital(chances: dict[str, float], unsure: tuple[str, ...] = (), text: str = "") -> Told:
    text = text or "Het ziekenhuis stuurde mij een foute factuur."
    return Told(
        "Piet Vos",
        "piet@mail.example",
        text,
        language="nl",
        department=None,
        # A second complaint is never refused by a rule, so that it waits in triage for a person.
        chances={"second_line": 0.93, **chances},
        unsure=unsure,
    )


@pytest.mark.parametrize(
    ("told", "house"),
    [
        # The hospital and the physiotherapist stand in many a letter about a refund of ours.
        (_hospital({}), ""),
        (_hospital({}, ("off_scope",)), ""),
        (_hospital({"off_scope": 0.7}), ""),
        (_hospital({"off_scope": 0.79}), ""),
        (_hospital({"off_scope": 0.8}), "hospital"),
        (_hospital({"off_scope": 0.93}, ("off_scope",)), ""),
        # In doubt a name is wanted, and with certainty that it is ours a name is not enough.
        (_hospital({}, ("off_scope",), "Solidaris antwoordt mij niet."), "other_mutual"),
        (_hospital({"off_scope": 0.7}, (), "Solidaris antwoordt mij niet."), "other_mutual"),
        (_hospital({}, (), "Solidaris antwoordt mij niet."), ""),
        (_hospital({}, ("off_scope",), "Solidaris of Proximus, niemand antwoordt."), ""),
    ],
)
async def test_a_house_is_put_forward_only_where_nobody_is_sent_away_wrongly(
    running: Running, told: Told, house: str
) -> None:
    await add_case(running.house, "piet", told)
    tom = await running.sign_in("tom")
    page = await _closing(running, tom, "piet")
    fields = _fields(page)
    assert fields["passed_to"] == house
    # The refusal is written only where a house is named in it; the person can still choose one and its text.
    assert ("Wie kan u helpen:" in fields["text"]) == bool(house)
    assert re.search(r'value="not_ours"[^>]*checked', page)


async def test_a_name_does_not_put_a_house_forward_where_a_department_of_ours_is_found(running: Running) -> None:
    told = _hospital({}, ("off_scope",), "De terugbetaling van mijn kinesist kwam niet op mijn rekening bij KBC.")
    await add_case(running.house, "piet", replace(told, department="reimbursements"))
    tom = await running.sign_in("tom")
    assert _fields(await _closing(running, tom, "piet"))["passed_to"] == ""


async def test_who_was_corrected_to_be_ours_is_sent_nowhere(running: Running) -> None:
    await add_case(running.house, "piet", _hospital({"off_scope": 0.93}))
    tom = await running.sign_in("tom")
    path = running.case("piet")
    await tom.get(path)
    await tom.post(f"{path}/correct", kind="complaint", **{"flag-second_line": "1"})
    assert _fields(await tom.get(f"{path}/close?outcome=not_ours"))["passed_to"] == ""


async def test_not_ours_proposes_who_handles_it_and_leads_back_to_the_next_case(running: Running) -> None:
    await add_case(running.house, "piet", _hospital({"off_scope": 0.93}))
    tom = await running.sign_in("tom")
    fields = _fields(await _closing(running, tom, "piet"))
    assert (fields["back"], fields["at"]) == (_BACK, "2")
    # The house that the story names is chosen, and the text says so: to be read, for nothing is sent yet.
    assert fields["passed_to"]
    assert "Wie kan u helpen:" in fields["text"]
    assert "____" not in fields["text"]
    assert (await row_of(running, "piet")).state == "open"
    count = len(await messages_of(running, "piet"))
    page = await tom.post(f"{running.case('piet')}/close", how="send", outcome="not_ours", **fields)
    assert "Closed; the message to the member leaves in a moment." in page
    row = await row_of(running, "piet")
    assert (row.state, row.outcome) == ("closed", "not_ours")
    assert len(await messages_of(running, "piet")) == count + 1
    # The next case has the focus, with or without a script.
    assert len(re.findall(r'<a class="row-link"[^>]* autofocus', page)) == 1
    await _undo(tom)
    assert (await row_of(running, "piet")).state == "open"
    assert (await messages_of(running, "piet"))[-1].delivery == "cancelled"
    # What was written is there again.
    assert fields["text"].strip() in unescape(await tom.get(f"{running.case('piet')}/close"))


async def test_a_closing_whose_message_has_left_stays(running: Running) -> None:
    tom = await running.sign_in("tom")
    fields = _fields(await _closing(running, tom, "unsure"))
    fields["text"] = "Goedendag, dit is niet voor ons."
    page = await tom.post(
        f"{running.case('unsure')}/close", how="send", sure="nothing_new", outcome="not_ours", **fields
    )
    assert "leaves in a moment" in page
    async with running.house.store.write() as tx:
        await tx.conn.execute(update(outbox).where(outbox.c.state == "waiting").values(state="sent"))
    page = await _undo(tom)
    assert "Nothing could be taken back." in page
    assert "stays closed: the message to the member had left." in page
    assert (await row_of(running, "unsure")).state == "closed"


async def test_a_silent_closing_from_triage_is_told_and_taken_back_there(running: Running) -> None:
    tom = await running.sign_in("tom")
    before = await row_of(running, "unsure")
    fields = _fields(await _closing(running, tom, "unsure"))
    page = await tom.post(f"{running.case('unsure')}/close", how="silent", outcome="not_ours", **fields)
    assert "<h1>To be decided" in page or "Triage" in page
    assert "Closed." in page
    await _undo(tom)
    after = await row_of(running, "unsure")
    assert after == replace(before, version=after.version)


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/fr/"])
async def test_a_closing_leads_back_to_lists_of_ours_only(running: Running, back: str) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(
        f"{running.case('unsure')}/close?{urlencode({'outcome': 'not_ours', 'back': back, 'at': 'x'})}"
    )
    assert "evil" not in page
    page = await tom.post(f"{running.case('unsure')}/close", how="silent", outcome="not_ours", back=back)
    assert "The case is closed." in page


async def test_after_an_act_the_next_case_has_the_focus_without_a_script_too(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/")
    assert "autofocus" not in page.partition('id="list"')[2]
    names = re.findall(r'<input type="checkbox" form="acts" name="pick-([\w-]+)" value="(\d+)\.(\d+)"', page)
    reference, version, place = names[1]
    shown = re.findall(r'data-case="([\w-]+)"', page)
    assert shown[int(place) - 1] == reference
    page = await tom.post(
        "/console/lists/act",
        act="move",
        queue="privacy",
        back="/console/",
        **{f"pick-{reference}": f"{version}.{place}"},
    )
    focused = re.findall(r'href="/console/case/([\w-]+)[^"]*" autofocus', page)
    assert focused == [re.findall(r'data-case="([\w-]+)"', page)[int(place) - 1]]


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("take", {}, "Choose at least one case first."),
        ("explode", {}, "Nothing was chosen to do."),
        ("take", {"pick-PM-2026-000001-99": "1", "pick-x": "1"}, "Choose at least one case first."),
    ],
)
async def test_a_form_that_names_nothing_changes_nothing(
    running: Running, act: str, fields: dict[str, str], said: str
) -> None:
    tom = await running.sign_in("tom")
    assert said in await tom.post("/console/lists/act", act=act, back=_BACK, **fields)


async def test_a_queue_and_a_reason_are_asked_for(running: Running) -> None:
    tom = await running.sign_in("tom")
    assert "Choose to which queue." in await _act(running, tom, "move", "marie", queue="nowhere")
    assert "Say what we wait for." in await _act(running, tom, "pause", "marie", until="2026-12-01")


async def test_only_ones_own_acts_are_told_and_taken_back(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    await _act(running, tom, "take", "marie")
    assert "is yours" not in await luc.get("/console/?did=1")
    await luc.post("/console/lists/undo/1", status=404, back=_BACK)
    assert (await row_of(running, "marie")).assignee == "Tom Baert"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/fr/"])
async def test_the_way_back_stays_in_the_console(running: Running, back: str) -> None:
    tom = await running.sign_in("tom")
    answer = await tom.client.post(
        "/console/lists/act", data={"csrf": tom.csrf, "act": "take", "back": back}, allow_redirects=False
    )
    assert answer.headers["Location"] == f"{running.base_url}/console/?acts=none"


async def test_cases_of_queues_that_are_not_theirs_are_not_there(running: Running) -> None:
    tom = await limited(running, "tom")
    assert (await row_of(running, "soon")).queue not in OWN
    picks = {f"pick-{running.house.references['soon']}": await _version(running, "soon")}
    page = await tom.post("/console/lists/act", act="take", **picks)
    assert "is not here any more" in page
    assert (await row_of(running, "soon")).assignee == ""
