"""Two clicks on a button that sends something, both on their way at once: one effect, and no word that would send it again."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pytest
from sqlalchemy import func, select

from console.door_contract import OpenDoor
from gateway.versions import Versions
from store import list_acts, model_uses, users
from store.schema import audit, metadata
from store.schema import list_acts as act_table
from store.viewer import Viewer
from tests.console.conftest import Browser, Running, on_both
from tests.console.example_house import MAILBOX, PASSWORD
from tests.console.test_rule_draft import DRAFT, edited, rehearsed
from tests.console.test_rules import CLEARER, publish
from tests.console.walking import Form, forms
from tests.gateway.test_versions import about, keep

pytestmark = on_both
# What grows with looks and tries, and with who is there.
_NOT_COUNTED: Final = frozenset(
    {"sessions", "presence", "heartbeats", "drafts", "sign_in_failures", "audit", "audit_unlinked"}
)


@dataclass(frozen=True)
class Click:
    """A form that is filled in, and the rows by which the register grows when it is sent; `told` is what the audit says of it,
    where that is all there is to see."""

    browser: Browser
    form: Form
    fields: list[tuple[str, str]]
    grows: dict[str, int]
    told: str = ""


async def _form(browser: Browser, path: str, action: str, **fields: str) -> tuple[Form, list[tuple[str, str]]]:
    found = next(one for one in forms(await browser.get(path), path) if one.action.endswith(action))
    return found, [*found.filled(None, **fields), *((k, v) for k, v in fields.items() if k not in dict(found.fields))]


async def answer(running: Running) -> Click:
    tom = await running.sign_in("tom")
    text = "Beste Jan Peeters,\r\n\r\nWe kijken het na."
    return Click(tom, *await _form(tom, running.case("soon"), "/reply", text=text), {"messages": 1, "outbox": 1})


async def question(running: Running) -> Click:
    tom = await running.sign_in("tom")
    fields = {"department": "incapacity", "text": "Depuis quand ?"}
    grows = {"messages": 1, "outbox": 1, "questions": 1}
    return Click(tom, *await _form(tom, running.case("late"), "/ask", **fields), grows)


async def recommendation(running: Running) -> Click:
    tom = await running.sign_in("tom")
    fields = {"department": "incapacity", "text": "Répondre plus vite.", "due_on": "2026-12-10"}
    return Click(tom, *await _form(tom, running.case("late"), "/recommend", **fields), {"recommendations": 1})


async def note(running: Running) -> Click:
    tom = await running.sign_in("tom")
    fields = {"text": "@Luc Simon, à voir.", "tell": str(running.house.users["luc"])}
    return Click(tom, *await _form(tom, running.case("late"), "/note", **fields), {"notes": 1, "mentions": 1})


async def closing(running: Running) -> Click:
    tom = await running.sign_in("tom")
    text = "Beste Jan Peeters,\r\n\r\nUw geld is maandag gestort."
    fields = {"how": "send", "outcome": "founded", "cause": "delay", "measures": "Gestort.", "text": text}
    form, filled = await _form(tom, f"{running.case('soon')}/close", "/close", **fields)
    return Click(tom, form, filled, {"messages": 1, "outbox": 1, "notes": 1, "list_acts": 1})


async def said(running: Running) -> Click:
    tom = await running.sign_in("tom")
    path = f"/console/conversations/{running.house.talks['tom']}"
    page = await tom.get(path)
    form = next(one for one in forms(page, path) if one.action.endswith("/say") and "insert" not in dict(one.fields))
    return Click(tom, form, form.filled("Hello, I am here."), {"messages": 1, "outbox": 1})


async def entry(running: Running) -> Click:
    fatima = await running.sign_in("fatima")
    page = await fatima.get("/console/new")
    form = next(one for one in forms(page, "/console/new") if ("how", "record") in one.fields)
    fields = {"text": "Ma carte est perdue depuis un mois.", "name": "Nadine Colson", "post": "Rue 1"}
    return Click(fatima, form, form.filled(None, **fields), {"inbox": 1, "entries": 1, "links": 1, "receipts": 1})


async def approval(running: Running) -> Click:
    running.clock.now = datetime(2026, 12, 2, 9, tzinfo=UTC)
    luc, month = await running.sign_in("luc"), "/console/report?month=2026-11"
    await luc.get(month)
    await luc.post("/console/report/write", month="2026-11", version="0", text="Plus d'attente.")
    return Click(luc, *await _form(luc, month, "/approve"), {})


async def text_published(running: Running) -> Click:
    luc, page = await running.sign_in("luc"), "/console/texts/compliment"
    form, fields = await _form(luc, page, "/draft")
    longer = [(name, f"{value.rstrip()} Bien." if name.startswith("long-") else value) for name, value in fields]
    await luc.client.post(form.action, data=longer)
    return Click(luc, *await _form(luc, page, "/publish", text="Plus clair"), {"published_texts": 1, "text_drafts": -1})


async def rules_published(running: Running) -> Click:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="", proof=PASSWORD)
    await rehearsed(running, sofie)
    return Click(sofie, *await _form(sofie, DRAFT, "/publish"), {"rule_sets": 1, "rule_drafts": -1})


async def way_back(running: Running) -> Click:
    await publish(running, "1 b")
    await publish(running, "2", CLEARER)
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    path = "/console/rules/version/1"
    await luc.get(path)
    await luc.post(f"{path}/return", live="2", text="Back", proof=PASSWORD)
    return Click(sofie, *await _form(sofie, path, "/return"), {"rule_returns": -1}, "rules.published")


async def way_back_asked(running: Running) -> Click:
    await publish(running, "1 b")
    await publish(running, "2", CLEARER)
    luc = await running.sign_in("luc")
    form, fields = await _form(luc, "/console/rules/version/1", "/return", text="Back")
    return Click(luc, form, fields, {"rule_returns": 1}, "rules.return_asked")


async def way_back_alone(running: Running) -> Click:
    await publish(running, "2", CLEARER)
    async with running.house.store.write() as tx:
        await users.disable(tx, running.house.users["sofie"], actor="command", now=running.clock())
    luc = await running.sign_in("luc")
    form, fields = await _form(luc, "/console/rules/version/1", "/return", text="Back")
    return Click(luc, form, fields, {}, "rules.published")


async def text_back(running: Running) -> Click:
    first = await text_published(running)
    await first.browser.client.post(first.form.action, data=first.fields)
    luc = first.browser
    await luc.get("/console/texts/compliment")
    await luc.post("/console/texts/compliment/return", number="0")
    form, fields = await _form(luc, "/console/texts/compliment", "/return")
    return Click(luc, form, fields, {}, "texts.returned")


async def shipped_text_back(running: Running) -> Click:
    first = await text_published(running)
    await first.browser.client.post(first.form.action, data=first.fields)
    form, fields = await _form(first.browser, "/console/texts/compliment", "/return")
    assert dict(fields)["number"] == "0"
    return Click(first.browser, form, fields, {}, "texts.returned")


async def version_back(running: Running) -> Click:
    async with running.house.store.write() as tx:
        for version in ("guichet-1-0123abcd", "guichet-1-4567abcd"):
            await model_uses.use(tx, version, author_id=None, now=running.clock())
    keep(Versions(running.trainer.house.settings.data / "models"), about())
    luc = await running.sign_in("luc")
    form, fields = await _form(luc, "/console/quality", "/back")
    return Click(luc, form, fields, {"model_uses": 1}, "model.used")


async def shipped_version_chosen(running: Running) -> Click:
    async with running.house.store.write() as tx:
        await model_uses.use(tx, "guichet-1-0123abcd", author_id=None, now=running.clock())
    luc = await running.sign_in("luc")
    form, fields = await _form(luc, "/console/quality", "/use")
    return Click(luc, form, fields, {"model_uses": 1}, "model.used")


async def access_begun(running: Running) -> Click:
    anne = await running.sign_in("anne")
    fields = {"name": "Marie Dubois", "identity": "address", "asked_on": "2026-11-24"}
    form, filled = await _form(anne, running.case("marie"), "/access", **fields)
    return Click(anne, form, filled, {"access_requests": 1, "access_hands": 1, "access_cases": 2})


async def members_told(running: Running) -> Click:
    luc, page = await running.sign_in("luc"), "/console/channels/announce?door=sms"
    form = next(one for one in forms(await luc.get(page), page) if "until" in dict(one.fields))
    return Click(luc, form, form.filled(None), {"announcements": 1})


async def text_tried(running: Running) -> Click:
    running.looks.open = [OpenDoor("sms", "+3225550122", "+32470001199")]
    luc = await running.sign_in("luc")
    fields = {"way": "sms", "language": "fr"}
    return Click(luc, *await _form(luc, "/console/texts/compliment", "/try", **fields), {"outbox": 1})


async def door_tried(running: Running) -> Click:
    luc, page = await running.sign_in("luc"), "/console/channels"
    form = next(one for one in forms(await luc.get(page), page) if dict(one.fields).get("account") == MAILBOX)
    return Click(luc, form, form.filled(None), {"outbox": 1})


async def _rows(running: Running) -> Counter[str]:
    async with running.house.store.read() as tx:
        return Counter(
            {
                table.name: (await tx.conn.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
                if table.name not in _NOT_COUNTED
            }
        )


async def _told(running: Running, act: str) -> int:
    async with running.house.store.read() as tx:
        counted = select(func.count()).select_from(audit).where(audit.c.act == act)
        return (await tx.conn.execute(counted)).scalar_one()


@pytest.mark.parametrize(
    "prepare",
    [
        *(answer, question, recommendation, note, closing, said, entry, approval, text_published, rules_published),
        *(way_back, way_back_asked, way_back_alone, text_back, shipped_text_back, version_back),
        *(shipped_version_chosen, access_begun, members_told, text_tried, door_tried),
    ],
)
async def test_two_clicks_are_one(running: Running, prepare: Callable[[Running], Awaitable[Click]]) -> None:
    click = await prepare(running)
    before, told_before = await _rows(running), await _told(running, click.told)

    async def sent() -> tuple[int, str]:
        running.clock.forward(milliseconds=40)
        back = await click.browser.client.post(click.form.action, data=click.fields)
        return back.status, await back.text()

    answers = await asyncio.gather(sent(), sent())
    after = await _rows(running)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown == click.grows
    assert await _told(running, click.told) == told_before + bool(click.told)
    for status, page in answers:
        # One is answered as one is; where the other is not, it says that somebody was there before, in an alert.
        assert status == 200 or (status == 409 and 'class="alert' in page), (status, page[:2000])
    assert 200 in [status for status, _ in answers]


async def test_what_was_done_from_a_list_is_taken_back_once_and_said_so(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = "/console/queue/reimbursements?state=open"
    page = await tom.get(path)
    form = next(one for one in forms(page, path) if one.action.endswith("/lists/act"))
    picks = dict(re.findall(r'name="(pick-[^"]+)" value="([^"]*)"', page))
    await tom.post(form.action, act="take", back=path, **picks)
    way = re.search(r"/console/lists/undo/[0-9]+", tom.page)
    assert way, tom.page[:3000]
    viewer = Viewer(running.house.users["tom"], "Tom Baert", "mediator")

    async def pressed() -> int | None:
        async with running.house.store.write() as tx:
            number = int(way.group().rpartition("/")[2])
            return await list_acts.undo(tx, viewer, number, moved=lambda due, *_: due, now=running.clock.now)

    done = await asyncio.gather(*(pressed() for _ in range(4)))
    async with running.house.store.read() as tx:
        row = (await tx.conn.execute(select(act_table.c.changed, act_table.c.left))).one()
    assert row.changed
    # The page says what the first press did: a second one leaves no word of cases that were changed meanwhile.
    assert not row.left
    assert sorted(done, key=str) == [len(row.changed), None, None, None]
