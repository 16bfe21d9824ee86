"""The monthly report on the page: who reads it, its states, and what is frozen."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from config.vocabulary import ROBOT
from store import cases as register
from store import users
from store.schema import audit, cases
from tests.console.conftest import Running
from tests.console.example_house import CANARY

# The example house has its cases in November 2026.
MONTH = "/console/report?month=2026-11"
DECEMBER = datetime(2026, 12, 2, 9, tzinfo=UTC)


async def test_a_month_that_goes_on_says_so_and_cannot_be_approved(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get(MONTH)
    assert "The month is not over" in page
    assert "Approve the report" not in page
    assert "cases received" in page
    await luc.post("/console/report/write", month="2026-11", version="0", text="A quiet month.")
    page = await luc.post("/console/report/approve", status=422, month="2026-11", version="1")
    assert "Nothing was approved" in page


async def test_a_month_without_cases_says_what_to_do(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/report?month=2025-01")
    assert "No case was received" in page
    assert "Choose another month" in page


@pytest.mark.parametrize("month", ["2027-01", "2026-13", "1999-01", "november", "2026-11-01", "２０２６-11"])
async def test_what_is_no_month_is_not_found(running: Running, month: str) -> None:
    luc = await running.sign_in("luc")
    await luc.get(f"/console/report?month={month}", status=404)


async def test_it_is_written_approved_and_frozen_and_what_changes_later_is_an_erratum(running: Running) -> None:
    running.clock.now = DECEMBER
    luc = await running.sign_in("luc")
    page = await luc.get("/console/report")
    assert "Report of November 2026" in page
    assert "Draft, not approved" in page
    page = await luc.post("/console/report/approve", status=422, month="2026-11", version="0")
    assert "Write the two sentences first" in page
    page = await luc.post(
        "/console/report/write", month="2026-11", version="0", text="<script>alert(1)</script> More waiting."
    )
    assert "The sentences are saved" in page
    assert "<script>alert" not in page
    page = await luc.post("/console/report/approve", month="2026-11", version="1")
    assert "The figures are frozen" in page
    assert "The register still says the same" in page
    before = re.findall(r"(\d+) cases received", page)[0]
    async with running.house.store.write() as tx:
        moved = select(cases.c.id).where(cases.c.channel == "email", ~cases.c.sealed).limit(1).scalar_subquery()
        await tx.conn.execute(cases.update().where(cases.c.id == moved).values(channel="letter", department="privacy"))
    page = await luc.get(MONTH)
    assert f"{before} cases received" in page
    assert re.search(r"Channel: letter: \d+ in the report, \d+ today", page)
    assert "Department: Data protection: changed, and too small to tell" in page
    # Nobody writes about it any more, and a reader reads it as it is.
    page = await luc.post("/console/report/write", status=409, month="2026-11", version="2", text="Changed my mind")
    assert "Somebody has changed the report" in page
    rik = await running.sign_in("rik")
    page = await rik.get(MONTH)
    assert "More waiting." in page
    assert "<textarea" not in page


async def test_two_who_write_do_not_overwrite_each_other(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post("/console/report/write", month="2026-11", version="0", text="First words.")
    page = await luc.post("/console/report/write", status=409, month="2026-11", version="0", text="Second words.")
    assert "First words." in page
    assert "Second words." in page
    page = await luc.post("/console/report/write", status=422, month="2026-11", version="1", text="x" * 601)
    assert "600 characters" in page


async def test_each_number_leads_to_its_cases(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get(MONTH)
    links = dict(re.findall(r'<a href="(/console/report/cases[^"]+)">([\d\u202f]+)</a>', page))
    assert len(links) >= 5
    for path, number in links.items():
        listed = await luc.get(path.replace("&amp;", "&"))
        shown = listed.count('<li class="row')
        # A split by what a case is about leaves sealed ones out for who may not open them.
        assert shown == int(number) or not {"by=channel", "by=language", "by=department"} & set(path.split("&amp;")), (
            path
        )
        assert shown <= int(number)
        assert CANARY not in listed
    for by in ("clock", "times"):
        assert any(f"by={by}" in path for path in links)
    for wrong in ("by=name&is=x", "is=fr", "by=outcome", "by=clock&is=union", "by=score&is=9", "by=times&is=ever"):
        status = 200 if wrong == "by=outcome" else 404
        await luc.get(f"/console/report/cases?month=2026-11&{wrong}", status=status)


async def test_spam_and_robots_are_counted_apart_and_in_no_other_figure(running: Running) -> None:
    luc = await running.sign_in("luc")
    received = int(re.findall(r"(\d+) cases received", await luc.get(MONTH))[0])
    case_id = running.house.cases["unsure"]
    async with running.house.store.write() as tx:
        await register.close(tx, case_id, outcome=ROBOT, actor="user:1", now=running.clock.now)
    page = await luc.get(MONTH)
    assert f"{received - 1} cases received" in page
    assert "Spam and robots: 1, in no other figure" in page
    assert "Not handled: " not in page
    path = re.search(r'<a href="(/console/report/cases[^"]+by=apart[^"]+)">1</a>', page)
    assert path
    listed = await luc.get(path.group(1).replace("&amp;", "&"))
    assert listed.count('<li class="row') == 1
    assert running.house.references["unsure"] in listed
    answer = await luc.client.get("/console/report/export?month=2026-11&format=csv")
    text = (await answer.read()).decode("utf-8-sig")
    counts = {row[2]: row[4] for row in csv.reader(io.StringIO(text)) if row[1] == "apart"}
    assert counts["Not for us: spam or a robot"] == "1"
    assert int(counts["In the register"]) == received + int(counts["Merged into another case"])


async def test_each_export_is_in_the_audit(running: Running) -> None:
    rik = await running.sign_in("rik")
    for query in ("format=csv", "format=xlsx", "format=csv&section=channel"):
        answer = await rik.client.get(f"/console/report/export?month=2026-11&{query}")
        content = await answer.read()
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        assert CANARY.encode() not in content
    for wrong in ("format=doc", "format=csv&section=nothing"):
        assert (await rik.client.get(f"/console/report/export?month=2026-11&{wrong}")).status == 404
    async with running.house.store.read() as tx:
        rows = await tx.conn.execute(select(audit.c.actor, audit.c.detail).where(audit.c.act == "report.exported"))
        noted = [(row.actor, row.detail["format"], row.detail["section"]) for row in rows]
    actor = f"user:{running.house.users['rik']}"
    assert noted == [(actor, "csv", ""), (actor, "xlsx", ""), (actor, "csv", "channel")]


async def test_every_table_on_the_page_is_taken_along(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/report?month=2026-11")
    ways = re.findall(r'href="(/console/report/export\?[^"]*section=[a-z]+)"', page)
    assert len(ways) == page.count('<section class="question"')
    for way in ways:
        answer = await luc.client.get(way.replace("&amp;", "&"))
        assert answer.status == 200, way


async def test_who_takes_it_along_or_approves_it_gave_their_password_just_before(running: Running) -> None:
    luc = await running.sign_in("luc")
    running.clock.forward(minutes=6)
    answer = await luc.client.get("/console/report/export?month=2026-10&format=csv")
    assert answer.status == 403
    assert 'name="proof"' in await answer.text()
    page = await luc.post("/console/report/approve", status=403, month="2026-10", version="0")
    assert 'name="proof"' in page


async def test_who_sees_some_queues_alone_reads_no_report_of_all(running: Running) -> None:
    async with running.house.store.write() as tx:
        rik_id = running.house.users["rik"]
        now = running.clock.now
        await users.set_rights(tx, rik_id, role="reader", medical=False, queues=["mediation"], actor="command", now=now)
    rik = await running.sign_in("rik")
    await rik.get(MONTH, status=403)
    assert "/console/report" not in await rik.get("/console/")
