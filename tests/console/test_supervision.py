"""Pages of supervision: doors, fates, the calendar of deadlines, the audit."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from console.door_contract import OpenDoor
from console.words import catalogue
from console.workbook import safe
from store import audit, operations
from store.schema import cases, inbox
from store.schema import outbox as outbox_table
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import CANARY, MAILBOX, NOW, PASSWORD


def rail_of(page: str) -> str:
    """The rail of a page."""
    return page.split('<nav class="rail"', 1)[1].split("</nav>", 1)[0]


SUPERVISOR = Viewer(1, "Test", "supervisor", medical=True)


async def test_queues_say_what_lies_there_and_who_looks_after_it(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/queues")
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    assert "Second line, result within 21 working days" in main
    assert "Anne Lemaire" in main
    # Agents, readers and administrators handle no case.
    assert "Fatima Idrissi" not in main
    async with running.house.store.read() as tx:
        count = (await tx.conn.execute(select(func.count()).where(cases.c.state == "open"))).scalar_one()
    opened = [int(number) for number in re.findall(r'<tr>.*?<td class="n[^"]*">(\d+)</td>', main, re.DOTALL)]
    assert sum(opened) == count


async def test_every_door_says_when_something_last_came(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/channels")
    assert MAILBOX in page
    assert "Last message in:" in page
    assert CANARY not in page
    # Nobody watches the mailbox in this house, and nothing says that somebody should.
    assert "Never used:" in page


async def test_a_mailbox_that_cannot_be_reached_stands_first_with_what_its_server_said(running: Running) -> None:
    async with running.house.store.write() as tx:
        await operations.beat(tx, f"mailbox:{MAILBOX}", "watching", {}, now=NOW)
        await operations.beat(tx, "mailbox:<b>new</b>@x.example", "down", {"error": "<b>No</b>"}, now=NOW)
    luc = await running.sign_in("luc")
    page = await luc.get("/console/channels")
    assert page.index("cannot be reached") < page.index("works")
    assert "1 channel needs you." in page
    assert "&lt;b&gt;No&lt;/b&gt;" in page
    assert "&lt;b&gt;new&lt;/b&gt;@x.example" in page
    assert "<b>" not in page
    # A watcher that gives no sign of life any more is not there, whatever it last said.
    running.clock.forward(minutes=3)
    assert "2 channels need you." in await luc.get("/console/channels")


async def test_silence_and_a_backlog_are_said(running: Running) -> None:
    async with running.house.store.write() as tx:
        await operations.beat(tx, f"silence:{MAILBOX}", "silent", {}, now=NOW)
    luc = await running.sign_in("luc")
    assert "silent for longer than usual" in await luc.get("/console/channels")
    async with running.house.store.write() as tx:
        last = select(func.max(inbox.c.id)).scalar_subquery()
        await tx.conn.execute(
            update(inbox)
            .where(inbox.c.id == last)
            .values(fate=None, state="waiting", received_at=NOW - timedelta(minutes=20))
        )
    page = await luc.get("/console/channels")
    assert "messages wait for more than 15 minutes" in page
    assert "1 is not decided yet." in page


async def test_a_silent_door_that_was_tried_and_works_is_no_trouble(running: Running) -> None:
    running.looks.open = [OpenDoor("webform", "form")]
    async with running.house.store.write() as tx:
        await tx.conn.execute(update(inbox).where(inbox.c.channel == "webform").values(account="form"))
        await operations.beat(tx, "silence:form", "silent", {}, now=NOW)
    luc = await running.sign_in("luc")
    rail = rail_of(await luc.get("/console/"))
    assert "1 in trouble" in rail
    running.clock.forward(minutes=1)
    page = await luc.post("/console/channels/test", channel="webform", account="form")
    assert "silent for longer than usual" not in page
    assert "it works" in page
    assert "in trouble" not in rail_of(page)
    # What was found a day ago says nothing of today.
    running.clock.forward(hours=25)
    luc = await running.sign_in("luc")
    page = await luc.get("/console/channels")
    assert "silent for longer than usual" in page
    assert "1 in trouble" in rail_of(page)
    # And a message ends it, before the clock has noticed.
    async with running.house.store.write() as tx:
        came = update(inbox).where(inbox.c.channel == "webform")
        await tx.conn.execute(came.values(received_at=running.clock() - timedelta(minutes=1)))
    page = await luc.get("/console/channels")
    assert "silent for longer than usual" not in page
    assert "in trouble" not in rail_of(page)


async def test_the_rail_counts_the_doors_that_the_page_counts(running: Running) -> None:
    luc, tom = await running.sign_in("luc"), await running.sign_in("tom")
    assert "in trouble" not in rail_of(await luc.get("/console/channels"))
    async with running.house.store.write() as tx:
        await operations.beat(tx, "mailbox:new@x.example", "down", {}, now=NOW)
        await operations.beat(tx, f"silence:{MAILBOX}", "silent", {}, now=NOW)
        last = select(func.max(inbox.c.id)).where(inbox.c.channel == "webform").scalar_subquery()
        waits = update(inbox).where(inbox.c.id == last)
        await tx.conn.execute(waits.values(fate=None, state="waiting", received_at=NOW - timedelta(minutes=20)))
    page = await luc.get("/console/channels")
    # The example house has a telephone number of that account too, as the clock counts by account alone.
    assert "4 channels need you." in page
    assert "4 in trouble" in rail_of(page)
    # Who does not supervise has no such page, and no such line.
    assert "in trouble" not in await tom.get("/console/")


async def test_every_way_of_typing_in_says_what_it_is(running: Running) -> None:
    luc = await running.sign_in("luc")
    async with running.house.store.write() as tx:
        came = update(inbox).where(inbox.c.channel == "webform")
        await tx.conn.execute(came.values(channel="phone", account="console"))
    assert "typed in by colleagues, here" in await luc.get("/console/channels")


async def test_who_adds_a_colleague_is_named_to_a_supervisor(running: Running) -> None:
    luc = await running.sign_in("luc")
    asked = "To add a colleague or change what one may do, ask "
    assert asked in await luc.get("/console/people")
    assert asked not in await (await running.sign_in("admin")).get("/console/people")


async def test_a_test_message_goes_to_the_mailbox_itself_and_is_recorded(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/channels")
    page = await luc.post("/console/channels/test", account=MAILBOX)
    assert f"A test message is on its way to {MAILBOX}." in page
    assert "waits to go out" in page
    async with running.house.store.read() as tx:
        keys = (await tx.conn.execute(select(outbox_table.c.key, outbox_table.c.id))).all()
    (trial,) = [row for row in keys if row.key.startswith("test-")]
    assert trial.id in running.desk.woken
    async with running.house.store.write() as tx:
        await tx.conn.execute(
            update(outbox_table).where(outbox_table.c.id == trial.id).values(state="failed", code="550 5.1.1")
        )
    assert "refused. 550 5.1.1" in await luc.get("/console/channels")
    assert "Test message sent" in await luc.get("/console/audit?act=channel.tried")


async def test_the_last_reconciliation_is_told(running: Running) -> None:
    luc = await running.sign_in("luc")
    assert "Reconciled" not in await luc.get("/console/channels")
    for day, found in ((1, 0), (2, 3)):
        async with running.house.store.write() as tx:
            at = NOW + timedelta(days=day)
            await operations.first_to_run(tx, "reconciliation", f"{at:%Y-%m-%d}", now=at)
            await operations.note_result(tx, "reconciliation", f"{at:%Y-%m-%d}", {"differences": found})
        told = ": 3 differences." if found else ": mailboxes, providers and register agree."
        assert told in await luc.get("/console/channels")


async def test_a_door_by_which_nothing_leaves_says_so(running: Running) -> None:
    running.looks.open = [OpenDoor("sms", "+3225550122", into_files=True)]
    luc = await running.sign_in("luc")
    said = "Nothing leaves this house by it"
    assert said in await luc.get("/console/channels")
    running.looks.open = [OpenDoor("sms", "+3225550122")]
    assert said not in await luc.get("/console/channels")


async def test_a_look_that_found_trouble_holds_until_a_message_comes(running: Running) -> None:
    running.looks.open = [OpenDoor("webform", "form"), OpenDoor("sms", "+3225550122", "+32470001199")]
    running.looks.finding = "elsewhere"
    luc = await running.sign_in("luc")
    page = await luc.get("/console/channels")
    assert "Nothing has ever come in." in page
    assert "Look whether it works" in page
    page = await luc.post("/console/channels/test", channel="webform", account="form")
    assert running.looks.looked_at == [OpenDoor("webform", "form")]
    assert "the provider does not bring messages to this house" in page
    assert page.index("cannot be reached") < page.index(MAILBOX)
    async with running.house.store.write() as tx:
        late = update(inbox).where(inbox.c.channel == "webform")
        await tx.conn.execute(late.values(account="form", received_at=NOW + timedelta(minutes=1)))
    running.clock.forward(minutes=2)
    page = await luc.get("/console/channels")
    assert "cannot be reached" not in page
    await luc.post("/console/channels/test", status=404, channel="sms", account="form")


async def test_a_test_message_that_did_not_arrive_says_why(running: Running) -> None:
    running.looks.open = [OpenDoor("sms", "+3225550122", "+32470001199")]
    luc = await running.sign_in("luc")
    await luc.get("/console/channels")
    await luc.post("/console/channels/test", channel="sms", account="+3225550122")
    trial = update(outbox_table).where(outbox_table.c.key.startswith("test-"))
    for values, told in (
        ({"state": "sent", "receipt": "delivered"}, ": arrived."),
        ({"state": "sent", "receipt": "undelivered", "receipt_code": "30003"}, "the phone is off or out of reach"),
        ({"state": "failed", "code": "country", "receipt": "", "receipt_code": ""}, "we send no texts to that country"),
    ):
        async with running.house.store.write() as tx:
            await tx.conn.execute(trial.values(**values))
        assert told in await luc.get("/console/channels")


async def test_a_test_message_goes_nowhere_else(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/channels")
    await luc.post("/console/channels/test", status=404, account="stranger@mail.example")
    async with running.house.store.read() as tx:
        keys = (await tx.conn.execute(select(outbox_table.c.key))).scalars().all()
    assert not [key for key in keys if key.startswith("test-")]


async def test_fates_of_each_day_add_up_to_what_came_in(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/fates")
    async with running.house.store.read() as tx:
        lately = inbox.c.received_at > NOW - timedelta(days=13)
        count = (await tx.conn.execute(select(func.count()).select_from(inbox).where(lately))).scalar_one()
    assert f"{count} messages came in." in page
    assert CANARY not in page
    page = await luc.get("/console/fates?until=2020-01-05")
    assert "Nothing came in on these days." in page
    # What is no date is today.
    assert "messages came in" in await luc.get("/console/fates?until=<script>")


async def test_the_calendar_counts_open_cases_by_day_and_lists_one(running: Running) -> None:
    luc = await running.sign_in("luc")
    async with running.house.store.read() as tx:
        row = (
            await tx.conn.execute(
                select(cases.c.due_on, func.count())
                .where(cases.c.state == "open", cases.c.due_on.is_not(None))
                .group_by(cases.c.due_on)
                .order_by(func.count().desc())
            )
        ).first()
        assert row is not None
        on_day = select(cases.c.reference).where(cases.c.due_on == row.due_on, cases.c.state == "open")
        references = (await tx.conn.execute(on_day)).scalars().all()
    page = await luc.get(f"/console/deadlines?day={row.due_on}")
    assert f"<strong>{row[1]}</strong>" in page
    assert CANARY not in page
    for reference in references:
        assert reference in page
    assert "November 2026" in await luc.get("/console/deadlines?month=nonsense")
    assert "No clock of an open case ends on this day." in await luc.get("/console/deadlines?day=2026-11-01")


async def test_the_audit_is_looked_through_by_person_act_case_and_day(running: Running) -> None:
    tom = await running.sign_in("tom")
    await tom.get(running.case("marie"))
    await tom.post(f"{running.case('marie')}/take")
    luc = await running.sign_in("luc")
    user = f"user:{running.house.users['tom']}"
    page = await luc.get(f"/console/audit?who={user}&act=case.taken")
    assert "Case taken" in page
    assert running.house.references["marie"] in page
    assert "Signed in</td>" not in page
    assert "No entry matches." in await luc.get("/console/audit?to=2020-01-01")
    reference = running.house.references["marie"].lower().replace("-", " ")
    assert "Case taken" in await luc.get(f"/console/audit?case={reference}")
    assert "one of its digits is wrong" in await luc.get("/console/audit?case=PM-2026-000001-00")


def _acts_in(folder: str) -> Iterator[str]:
    """Every act that the code of a folder names where it writes the audit."""
    for path in (Path(__file__).parents[2] / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [word.value for word in node.keywords if word.arg == "act"] if isinstance(node, ast.Call) else []
            # Of a choice between two acts both are named, what it hangs on is none.
            for value in named:
                ends = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
                yield from (end.value for end in ends if isinstance(end, ast.Constant) and isinstance(end.value, str))


@pytest.mark.parametrize("folder", ["store", "gateway", "console"])
def test_every_act_is_named_in_words(folder: str) -> None:
    acts = {act for act in _acts_in(folder) if "." in act}
    assert len(acts) > 5
    for words in catalogue().values():
        assert not [act for act in sorted(acts) if f"deed.{act}" not in words], words.language


async def test_the_detail_of_a_sealed_case_is_for_those_who_may_open_it(running: Running) -> None:
    async with running.house.store.write() as tx:
        detail = {"department": "Zeisig"}
        await audit.write(
            tx, actor="system", act="case.department", at=NOW, case_id=running.house.cases["sealed"], detail=detail
        )
    luc = await running.sign_in("luc")
    assert "Zeisig" not in await luc.get("/console/audit")
    sofie = await running.sign_in("sofie")
    assert "department: Zeisig" in await sofie.get("/console/audit")


async def test_the_audit_as_a_file_is_recorded_and_harmless_in_a_spreadsheet(running: Running) -> None:
    async with running.house.store.write() as tx:
        await audit.write(tx, actor="system", act="=cmd|' /C calc'!A0", at=NOW, detail={"text": "<script>"})
    luc = await running.sign_in("luc")
    await luc.get("/console/audit")
    answer = await luc.send("/console/audit/export?act==cmd|' /C calc'!A0")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert [len(row) for row in rows] == [7, 7]
    assert rows[1][4] == "'=cmd|' /C calc'!A0"
    assert rows[1][6] == "text=<script>"
    async with running.house.store.read() as tx:
        (line,) = await audit.search(tx, SUPERVISOR, audit.Asked(act="audit.exported"))
    assert line.detail["rows"] == 1
    assert line.detail["filter"]["act"].startswith("=cmd")


async def test_the_audit_leaves_the_house_only_with_a_fresh_password(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/audit")
    running.clock.forward(minutes=6)
    answer = await luc.send("/console/audit/export?act=case.opened")
    assert answer.status == 403
    assert "No entry matches." in await luc.get("/console/audit?act=audit.exported")
    answer = await luc.send("/console/audit/export?act=case.opened", proof=PASSWORD)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("cell", ["=1+1", " =1", "+32", "-1", "@a", "\t=1", "\r=1", "\u00a0=1", "\0="])
def test_what_begins_as_a_formula_is_text(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Marie", "1-2", "a=b", "'=1"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert safe(cell) == cell
