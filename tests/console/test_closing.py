"""Closing a case: what was behind it, what was done, what is recommended, and what is still open."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from config.vocabulary import ROBOT
from store import cases, recommendations, reporting
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import CANARY, NOW
from tests.console.test_actions import acts_of, messages_of, row_of, written

EVERYBODY = Viewer(0, "", "supervisor", medical=True)


@pytest.mark.parametrize("outcome", ["founded", "partly_founded"])
async def test_who_was_right_has_a_cause(running: Running, outcome: str) -> None:
    anne = await running.sign_in("anne")
    path = running.case("marie")
    await anne.get(f"{path}/close")
    typed = {
        "how": "silent",
        "outcome": outcome,
        "measures": "Certificat encodé.",
        "recommend_department": "incapacity",
        "recommend_text": "Encoder le jour même.",
    }
    for cause in ("", "the moon"):
        page = await anne.post(f"{path}/close", status=422, cause=cause, **typed)
        assert "Say what was behind it" in page
        # What was typed is still there.
        assert "Certificat encodé." in page
        assert "Encoder le jour même." in page
    assert (await row_of(running, "marie")).state == "open"
    page = await anne.post(f"{path}/close", cause="documents", **typed)
    assert "Documents lost or asked for again" in page
    row = await row_of(running, "marie")
    assert (row.state, row.outcome, row.cause) == ("closed", outcome, "documents")


async def test_other_ends_need_no_cause_and_keep_one_that_is_given(running: Running) -> None:
    tom = await running.sign_in("tom")
    for key, cause in (("soon", ""), ("late", "the_rule")):
        path = running.case(key)
        await tom.get(f"{path}/close")
        await tom.post(f"{path}/close", how="silent", outcome="not_founded", cause=cause)
        assert (await row_of(running, key)).cause == cause


async def test_what_was_done_stands_in_the_story_and_goes_to_nobody(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    page = await tom.post(
        f"{path}/close",
        how="send",
        outcome="founded",
        cause="delay",
        text="U had gelijk.",
        measures="Betaald <op> maandag.",
    )
    assert "What was done" in page
    assert "Betaald &lt;op&gt; maandag." in page
    assert "closed the case: Founded. Cause: It took too long." in page
    assert all("maandag" not in message.text for message in await messages_of(running, "soon"))
    # It is found like any note, and stays when the case goes on.
    assert running.house.references["soon"] in await tom.get("/console/search?q=betaald+maandag&show=all")
    await tom.get(path)
    page = await tom.post(f"{path}/reopen")
    assert "Betaald &lt;op&gt; maandag." in page
    assert (await row_of(running, "soon")).cause == ""


async def test_a_robot_is_closed_from_its_case_and_never_written_to(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(f"{path}/close")
    assert "Not for us: spam or a robot" in page
    told = len(await messages_of(running, "soon"))
    page = await tom.post(f"{path}/close", status=422, how="send", outcome=ROBOT, text="Dear robot, good day.")
    assert "Nobody is written to when it was spam or a robot." in page
    assert "Dear robot" in page
    assert (await row_of(running, "soon")).state == "open"
    page = await tom.post(f"{path}/close", how="silent", outcome=ROBOT)
    assert "closed the case: Not for us: spam or a robot." in page
    assert (await row_of(running, "soon")).outcome == ROBOT
    assert len(await messages_of(running, "soon")) == told


async def test_a_recommendation_is_made_with_the_end(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    wish = {"recommend_text": "Bel binnen twee dagen terug.", "recommend_due_on": "2026-12-18", "recommend_mail": "1"}
    page = await tom.post(
        f"{path}/close", status=422, how="silent", outcome="explained", recommend_department="kitchen", **wish
    )
    assert "There is no such department." in page
    assert (await row_of(running, "soon")).state == "open"
    await tom.post(f"{path}/close", how="silent", outcome="explained", recommend_department="reimbursements", **wish)
    async with running.house.store.read() as tx:
        (made,) = await recommendations.of_case(tx, EVERYBODY, running.house.cases["soon"])
    assert (made.text, made.due_on) == ("Bel binnen twee dagen terug.", date(2026, 12, 18))
    # It went to the department, and the case is closed all the same.
    assert (await messages_of(running, "soon"))[-1].direction == "ask"
    assert (await row_of(running, "soon")).state == "closed"
    acts = await acts_of(running, "soon")
    assert acts.index("case.recommended") < acts.index("case.closed")


async def test_nothing_of_it_happens_when_the_case_has_changed(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    await luc.get(path)
    await luc.post(f"{path}/take")
    page = await tom.post(
        f"{path}/close", status=409, how="silent", outcome="founded", cause="delay", measures="Betaald.",
        recommend_text="Bel terug.", recommend_department="digital",
    )  # fmt: skip
    assert "This case has changed since you opened it." in page
    assert "Betaald." in page
    assert (await row_of(running, "soon")).state == "open"
    async with running.house.store.read() as tx:
        assert await recommendations.of_case(tx, EVERYBODY, running.house.cases["soon"]) == []
    assert "Betaald." not in await tom.get(path)


async def test_the_report_counts_causes_in_the_month_of_the_closing(running: Running) -> None:
    async with running.house.store.write() as tx:
        for key, outcome, cause in (
            ("soon", "founded", "delay"),
            ("late", "founded", "delay"),
            ("week", "explained", ""),
        ):
            await cases.close(tx, running.house.cases[key], outcome=outcome, cause=cause, actor="system", now=NOW)
    async with running.house.store.read() as tx:
        span = (NOW - timedelta(days=1), NOW + timedelta(days=1))
        closed = await reporting.closed(tx, EVERYBODY, *span)
        assert sorted(one.cause for one in closed) == ["", "delay", "delay"]
        behind = await reporting.rows(tx, EVERYBODY, *span, by="cause", value="delay", limit=9)
        assert behind is not None
        assert {row.id for row in behind} == {running.house.cases["soon"], running.house.cases["late"]}
        unsaid = await reporting.rows(tx, EVERYBODY, *span, by="cause", value="", limit=9)
        assert unsaid is not None
        assert [row.id for row in unsaid] == [running.house.cases["week"]]


async def test_the_cause_of_a_sealed_case_is_behind_its_fence(running: Running) -> None:
    async with running.house.store.write() as tx:
        await cases.close(
            tx, running.house.cases["sealed"], outcome="founded", cause="reception", actor="system", now=NOW
        )
    tom = await running.sign_in("tom")
    for path in ("/console/?show=closed", running.case("sealed")):
        page = await tom.get(path, status=403 if path.startswith("/console/case") else 200)
        assert "Reception or tone" not in page
        assert CANARY not in page
    async with running.house.store.read() as tx:
        behind = await reporting.rows(
            tx,
            Viewer(0, "", "supervisor"),
            NOW - timedelta(days=1),
            NOW + timedelta(days=1),
            by="cause",
            value="reception",
            limit=9,
        )
    assert behind == []


async def test_a_closing_that_is_taken_back_stands_on_its_page_as_it_was(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/pause", reason="member", until="2026-12-04")
    paused = await row_of(running, "soon")
    assert paused.paused_until is not None
    await tom.get(f"{path}/close")
    fields = {"outcome": "founded", "cause": "delay", "text": "U had gelijk.", "measures": "Betaald <op> maandag."}
    await tom.post(f"{path}/close", how="send", **fields)
    assert (await row_of(running, "soon")).paused_until is None
    sent = (await messages_of(running, "soon"))[-1]
    page = await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert "nothing was sent" in page
    assert (await messages_of(running, "soon"))[-1].delivery == "cancelled"
    # Then, and when the page is opened again later.
    for shown in (page, await tom.get(f"{path}/close")):
        assert written(shown, "closing-text") == "U had gelijk."
        assert written(shown, "measures") == "Betaald <op> maandag."
        assert re.search(r'value="founded"[^>]*checked', shown)
        assert re.search(r'value="delay" selected', shown)
    # On the case nothing says that anything was done, and it rests as before.
    assert "maandag" not in await tom.get(path)
    assert running.house.references["soon"] not in await tom.get("/console/search?q=betaald+maandag&show=all")
    row = await row_of(running, "soon")
    assert (row.state, row.outcome, row.paused_until, row.due_on) == ("open", None, paused.paused_until, paused.due_on)
    # Closed after all, nothing of the draft is left.
    await tom.get(f"{path}/close")
    await tom.post(f"{path}/close", how="silent", **fields)
    await tom.get(path)
    await tom.post(f"{path}/reopen")
    assert written(await tom.get(f"{path}/close"), "measures") == ""


async def test_nothing_finds_the_text_of_a_closing_that_was_taken_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    await tom.post(f"{path}/close", how="send", outcome="explained", text="Uw sabelmarter is onderweg.")
    find = "/console/search?q=sabelmarter&show=all"
    assert running.house.references["soon"] in await tom.get(find)
    sent = (await messages_of(running, "soon"))[-1]
    await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert running.house.references["soon"] not in await tom.get(find)


async def test_all_fields_of_a_closing_are_kept_while_they_are_typed(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    typed = {"outcome": "founded", "cause": "delay", "measures": "Betaald.", "recommend_text": "Bel terug."}
    await tom.post(f"{path}/draft", purpose="closing", text="U had gelijk.", recommend_department="digital", **typed)
    page = await tom.get(f"{path}/close")
    assert written(page, "closing-text") == "U had gelijk."
    assert written(page, "measures") == "Betaald."
    assert written(page, "recommend-text") == "Bel terug."
    for chosen in (r'value="founded"[^>]*checked', r'value="delay" selected', r'value="digital" selected'):
        assert re.search(chosen, page), chosen
    luc = await running.sign_in("luc")
    assert "Betaald." not in await luc.get(f"{path}/close")
