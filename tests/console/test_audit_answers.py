"""What the audit answers after an incident (rule G2): which cases, whose, and by whom, were seen and changed; and whether the
audit itself can be believed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from store import audit, audit_chain, operations
from store.audit import Asked, Touched
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import NOW

SUPERVISOR = Viewer(1, "Test", "supervisor", medical=True)


async def _looks(running: Running, key: str) -> list[tuple[str, dict[str, object]]]:
    async with running.house.store.read() as tx:
        entries = await audit.of_case(tx, running.house.cases[key])
    return [(entry.actor, dict(entry.detail)) for entry in entries if entry.act == "case.seen"]


async def _cases(browser: Browser, query: str) -> list[list[str]]:
    await browser.get("/console/audit")
    answer = await browser.send(f"/console/audit/cases/export?{query}")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-cases-')
    return list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"), newline="")))[1:]


async def test_a_look_at_a_case_that_is_not_sealed_is_written_down_once_in_a_while(running: Running) -> None:
    tom, path = await running.sign_in("tom"), running.case("late")
    actor = f"user:{running.house.users['tom']}"
    before = await _looks(running, "late")
    for _ in range(3):
        await tom.get(path)
    await tom.get(f"{path}/why")
    assert await _looks(running, "late") == [*before, (actor, {"what": "case"}), (actor, {"what": "why"})]
    running.clock.forward(minutes=16)
    await tom.get(path)
    rik = await running.sign_in("rik")
    await rik.get(path)
    reader = f"user:{running.house.users['rik']}"
    assert (await _looks(running, "late"))[len(before) + 2 :] == [(actor, {"what": "case"}), (reader, {"what": "case"})]
    # It is about who looked, and so no part of the case's own story.
    assert "Case seen" not in await tom.get(path)


async def test_for_an_account_and_a_period_it_says_which_cases_and_whose_were_seen_and_changed(
    running: Running,
) -> None:
    tom = await running.sign_in("tom")
    await tom.get(running.case("marie"))
    await tom.get(running.case("late"))
    await tom.post(f"{running.case('late')}/note", text="Rappeler demain.")
    running.clock.forward(days=2)
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    running.clock.forward(days=1)
    luc = await running.sign_in("luc")
    day = f"{NOW:%Y-%m-%d}"
    asked = f"who=user:{running.house.users['tom']}&from={day}&to={day}"
    marie, late = await _cases(luc, asked)
    assert marie[:6] == [running.house.references["marie"], "Marie Dubois", "", "1", "0", "1"]
    assert late[:6] == [running.house.references["late"], "Karim Haddad", "", "1", "1", "1"]
    assert marie[6].startswith(day)
    (soon,) = [row for row in await _cases(luc, asked.partition("&")[0]) if row[0] == running.house.references["soon"]]
    assert soon[3:5] == ["1", "0"]
    assert [row[0] for row in await _cases(luc, f"{asked}&act=changed")] == [running.house.references["late"]]
    seen = await luc.get(f"/console/audit?{asked}&act=seen")
    assert "<td>Case seen</td>" in seen
    assert "<td>Note</td>" not in seen
    changed = await luc.get(f"/console/audit?{asked}&act=changed")
    assert "<td>Case seen</td>" not in changed
    assert "<td>Note</td>" in changed


async def test_who_has_some_queues_only_is_told_of_their_cases_only(running: Running) -> None:
    only = Viewer(1, "Test", "supervisor", queues=frozenset({"mediation"}))
    async with running.house.store.read() as tx:
        all_of_them = await audit.touched(tx, SUPERVISOR, Asked(), limit=1_000)
        theirs = await audit.touched(tx, only, Asked(), limit=1_000)
        nobodys = await audit.touched(tx, Viewer(1, "Test", "administrator"), Asked(), limit=1_000)
    assert {one.reference for one in theirs} < {one.reference for one in all_of_them}
    assert nobodys == []
    assert all(isinstance(one, Touched) and one.actors >= 1 for one in all_of_them)


@pytest.mark.parametrize("path", ["/console/audit/export", "/console/audit/cases/export"])
async def test_a_file_is_never_cut_without_a_word(running: Running, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/audit")
    monkeypatch.setattr("console.audit_page._LONGEST", 2)
    answer = await luc.send(path)
    assert answer.status == 422
    assert "A file holds 2 lines at most" in await answer.text()
    async with running.house.store.read() as tx:
        taken = [*await audit.search(tx, SUPERVISOR, Asked(act="audit.exported"))]
        taken += await audit.search(tx, SUPERVISOR, Asked(act="audit.cases_exported"))
    assert taken == []


async def test_the_page_says_how_far_the_chain_goes_and_what_the_last_look_found(running: Running) -> None:
    luc, store = await running.sign_in("luc"), running.house.store
    assert "Any change would be noticed" not in await luc.get("/console/audit")
    while await audit_chain.extend(store):
        continue
    async with store.read() as tx:
        linked = (await audit_chain.end(tx)).position
    page = await luc.get("/console/audit")
    assert f"({linked} entries). Not verified yet." in page
    for state, words in (("sound", "Nothing was changed or taken away."), ("differs", "Something was changed")):
        async with store.write() as tx:
            at = NOW - timedelta(hours=5)
            await operations.beat(tx, audit_chain.VERIFIED, state, {"position": linked}, now=at)
        page = await luc.get("/console/audit")
        assert words in page
        assert ('class="alert"' in page) is (state == "differs")
