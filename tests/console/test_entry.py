"""The quick entry: recorded once, added to a case only by who may open it, kept until it is finished (rule S1)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from aiohttp import FormData
from sqlalchemy import select

from channels.form.parse import parse
from store import entries, inbox
from store.schema import audit
from store.schema import entries as entry_table
from store.schema import inbox as inbox_table
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_entries import ReadsAsTold
from tests.console.example_house import CANARY

TOLD = {
    "channel": "phone",
    "text": "Mes indemnités d'octobre ne sont pas arrivées et personne ne me rappelle.",
    "name": "Nadine Colson",
    "phone": "0470 00 99 88",
    "language": "fr",
    "receipt": "print",
}


async def _new(browser: Browser) -> str:
    """Open an empty entry; return the address that its form is sent to."""
    page = await browser.get("/console/new")
    found = re.search(r'action="(/console/entry/[\w-]+)"', page)
    assert found
    return found.group(1)


async def _items(running: Running, channel: str) -> list[inbox.Item]:
    async with running.house.store.write() as tx:
        taken = await inbox.claim(tx, limit=50, now=running.clock.now, lease=running.talks.house.lease)
    return [item for item in taken if item.raw.channel == channel]


async def test_what_is_said_by_phone_is_kept_raw_and_the_number_is_read_aloud(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    page = await fatima.post(path, **TOLD)
    number = re.search(r"PM-\d{4}-(\d{6})-(\d\d)", page)
    assert number
    assert f"Votre numéro est le 2026, {number.group(1)}, {number.group(2)}." in page
    (item,) = await _items(running, "phone")
    assert item.reserved_reference == number.group()
    assert item.raw.envelope["author"] == f"user:{running.house.users['fatima']}"
    message = parse(item.raw)
    assert message.sender is not None
    assert (message.channel, message.sender.kind, message.sender.address) == ("phone", "phone", "+32470009988")
    assert message.reply == TOLD["text"]
    async with running.house.store.read() as tx:
        acts = (await tx.conn.execute(select(audit.c.act, audit.c.actor).order_by(audit.c.id.desc()).limit(1))).one()
    assert tuple(acts) == ("entry.recorded", f"user:{running.house.users['fatima']}")


async def test_the_same_page_sent_twice_is_one_entry_with_one_number(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    first = await fatima.post(path, **TOLD)
    second = await fatima.post(path, **TOLD)
    reference = re.findall(r"PM-\d{4}-\d{6}-\d\d", first)[0]
    assert reference in second
    assert len(await _items(running, "phone")) == 1


async def test_the_clock_of_a_letter_starts_on_the_day_that_it_arrived(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    form = FormData({"csrf": fatima.csrf, **TOLD, "channel": "letter", "arrived_on": "2026-11-20"})
    form.add_field("files", b"%PDF-1.7\n%%EOF", filename="lettre.pdf", content_type="application/pdf")
    answer = await fatima.client.post(path, data=form)
    assert answer.status == 200
    (item,) = await _items(running, "letter")
    assert item.raw.received_at.date().isoformat() == "2026-11-20"
    assert [file.name for file in parse(item.raw).attachments] == ["lettre.pdf"]
    # The workplace is one for letters from now on.
    assert re.search(r'value="letter" checked', await fatima.get("/console/new"))


@pytest.mark.parametrize("day", ["", "2026-11-25", "2026-01-02", "yesterday"])
async def test_a_day_that_cannot_be_is_refused_and_everything_typed_stays(running: Running, day: str) -> None:
    fatima = await running.sign_in("fatima")
    page = await fatima.post(await _new(fatima), 422, **{**TOLD, "channel": "letter", "arrived_on": day})
    assert "Give the day on which the letter arrived" in page
    assert "Nadine Colson" in page
    assert await _items(running, "letter") == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"text": " "}, "text"), ({"phone": "12"}, "phone"), ({"receipt": "email"}, "email"), ({"email": "a@b"}, "email")],
)
async def test_what_is_wrong_is_said_at_its_field(running: Running, changed: dict[str, str], field: str) -> None:
    fatima = await running.sign_in("fatima")
    page = await fatima.post(await _new(fatima), 422, **{**TOLD, **changed})
    assert f'aria-describedby="wrong-{field}"' in page
    assert f'href="#{field}"' in page


async def test_without_a_name_the_sentence_about_it_is_read_aloud(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    page = await fatima.post(await _new(fatima), channel="counter", text=TOLD["text"], language="nl", receipt="print")
    assert "Zonder uw naam kunnen we uw dossier niet bekijken" in page


async def test_the_slip_says_that_it_was_printed_and_only_its_author_says_so(running: Running) -> None:
    fatima, tom = await running.sign_in("fatima"), await running.sign_in("tom")
    path = await _new(fatima)
    page = await fatima.post(path, **TOLD)
    told = "<span data-printed>The case tells that the slip was printed.</span>"
    assert told not in page
    # Without a script there is a button for it; a look at the page says nothing of the kind.
    assert f'<form method="post" action="{path}/printed">' in page
    assert "<noscript><button" in page
    assert told not in await fatima.get(path)
    await tom.post(f"{path}/printed", 404)
    assert (await fatima.send(f"{path}/printed", quiet="1")).status == 204
    assert told in await fatima.get(path)
    page = await fatima.post(f"{path}/printed")
    assert told in page
    # What was added to a case that exists has none.
    path = await _new(fatima)
    page = await fatima.post(path, **TOLD, add=running.house.references["marie"])
    assert "/printed" not in page
    await fatima.post(f"{path}/printed", 404)


async def test_the_cases_of_the_same_address_are_offered_and_one_takes_the_words(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    seems = await fatima.post(f"{path}/typed", **TOLD, email="marie.dubois@mail.example")
    reference = running.house.references["marie"]
    assert f'value="{reference}" data-alt="1"' in seems
    page = await fatima.post(path, **TOLD, email="marie.dubois@mail.example", add=reference)
    assert "It is added to the case" in page
    (item,) = await _items(running, "phone")
    assert item.raw.envelope["case_id"] == str(running.house.cases["marie"])
    assert item.reserved_reference is None


async def test_a_sealed_case_is_neither_offered_nor_added_to(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path, sealed = await _new(fatima), running.house.references["sealed"]
    async with running.house.store.read() as tx:
        people = await tx.conn.exec_driver_sql("SELECT address FROM contacts ORDER BY id")
        addresses = [row[0] for row in people]
    for address in addresses:
        seems = await fatima.post(f"{path}/typed", **{**TOLD, "email": address, "name": CANARY})
        assert sealed not in seems
        assert "Kanarie" not in seems
    page = await fatima.post(path, 422, **TOLD, add=sealed)
    assert "You cannot add to this case" in page
    assert await _items(running, "phone") == []


async def test_a_name_alone_is_a_hint_that_says_so(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    seems = await fatima.post(f"{path}/typed", channel="counter", name="marie DUBOIS", text="")
    assert "Cases with the same name" in seems
    assert running.house.references["marie"] in seems
    assert "data-alt" not in seems


async def test_what_is_not_finished_is_listed_for_its_author_alone(running: Running) -> None:
    fatima, tom = await running.sign_in("fatima"), await running.sign_in("tom")
    path = await _new(fatima)
    await fatima.post(f"{path}/typed", **TOLD)
    page = await fatima.get("/console/new")
    assert "1 not recorded yet" in page
    assert path in page
    assert TOLD["text"] in (await fatima.get(path)).replace("&#39;", "'")
    assert "not recorded yet" not in await tom.get("/console/new")
    await tom.get(path, status=404)
    await fatima.post(path, how="drop")
    assert "not recorded yet" not in await fatima.get("/console/new")


async def test_a_receipt_is_shown_to_its_author_and_for_two_hours(running: Running) -> None:
    fatima, tom = await running.sign_in("fatima"), await running.sign_in("tom")
    path = await _new(fatima)
    await fatima.post(path, **TOLD)
    await tom.get(path, status=404)
    for _ in range(5):
        running.clock.forward(minutes=25)
        answer = await fatima.client.get(path)
    assert answer.status == 404
    async with running.house.store.write() as tx:
        await entries.forget_old(tx, life=timedelta(hours=24), now=running.clock.now)
        assert (await tx.conn.execute(entry_table.select())).all() == []


async def test_what_is_not_recorded_says_until_when_it_is_kept_and_is_gone_then(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    seems = await fatima.post(f"{path}/typed", **TOLD)
    assert 'data-kept-until="25 November' in seems
    assert "kept until 25 November, 10:0" in await fatima.get("/console/new")
    running.clock.forward(hours=24)
    fatima = await running.sign_in("fatima")
    # Nobody has tidied yet, and it is not shown any more.
    assert "not recorded yet" not in await fatima.get("/console/new")
    await fatima.get(path, status=404)
    async with running.house.store.write() as tx:
        assert await entries.forget_old(tx, life=timedelta(hours=24), now=running.clock.now) == 1


async def test_until_it_is_read_only_who_may_read_sealed_cases_is_shown_the_code(running: Running) -> None:
    shown = {}
    for login in ("fatima", "sofie"):
        browser = await running.sign_in(login)
        shown[login] = bool(
            re.search(r"<code>[0-9A-Z]{4}(-[0-9A-Z]{4}){3}</code>", await browser.post(await _new(browser), **TOLD))
        )
    assert shown == {"fatima": False, "sofie": True}


async def test_the_model_suggests_and_says_what_it_is_not_sure_of(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    model = cast(ReadsAsTold, running.entries.classifying)
    model.ready = True
    model.says = replace(
        model.says, kind="complaint", department="incapacity", flags={"urgent": True}, abstained=("kind",), model="m"
    )
    seems = await fatima.post(f"{path}/typed", **TOLD)
    assert re.search(r"<strong>complaint</strong> \(perhaps\), <strong>[^<]+</strong>", seems), seems
    assert "112" in seems
    assert model.asked[0].text == TOLD["text"]


async def test_hostile_words_are_shown_as_words(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = await _new(fatima)
    evil = "<script>alert(1)</script>"
    await fatima.post(f"{path}/typed", **{**TOLD, "name": evil, "text": evil})
    for page in (await fatima.get(path), await fatima.get("/console/new")):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


async def test_entries_belong_to_their_author_in_the_store(running: Running) -> None:
    fatima = Viewer(running.house.users["fatima"], "", "agent")
    tom = Viewer(running.house.users["tom"], "", "mediator")
    now = running.clock.now
    async with running.house.store.write() as tx:
        assert await entries.keep(tx, fatima, "x" * 22, {"text": "a"}, now=now)
        assert await entries.of(tx, tom, "x" * 22) is None
        await entries.discard(tx, tom, "x" * 22)
        kept = await entries.unfinished(tx, fatima, since=now - timedelta(minutes=1))
        assert [one.fields["text"] for one in kept] == ["a"]


async def test_what_cannot_be_read_is_typed_in_beside_its_raw_text_and_both_are_tied(running: Running) -> None:
    sofie, item = await running.sign_in("sofie"), running.house.items["kept1"]
    page = await sofie.get(f"/console/quarantine/{item}")
    assert f'href="/console/new?item={item}"' in page
    page = await sofie.get(f"/console/new?item={item}")
    assert '<pre class="raw"' in page
    found = re.search(r'action="(/console/entry/[\w-]+)"', page)
    assert found
    await sofie.post(f"{found.group(1)}/typed", **TOLD, item=str(item))
    assert '<pre class="raw"' in await sofie.get(found.group(1))
    await sofie.post(found.group(1), **TOLD, item=str(item))
    (entry,) = await _items(running, "phone")
    assert entry.raw.envelope["typed_from"] == str(item)
    async with running.house.store.read() as tx:
        row = (await tx.conn.execute(select(inbox_table).where(inbox_table.c.id == item))).one()
    assert (row.state, row.fate) == ("done", "typed")
    assert entry.raw.received_at == row.received_at
    # A colleague who had it open too cannot bring it in a second time.
    second = await sofie.post(await _new(sofie), 422, **TOLD, item=str(item))
    assert "not in quarantine any more" in second


@pytest.mark.parametrize("login", ["fatima", "luc", "tom"])
async def test_nobody_without_both_rights_types_in_from_quarantine(running: Running, login: str) -> None:
    browser, item = await running.sign_in(login), running.house.items["kept1"]
    page = await browser.get(f"/console/new?item={item}")
    assert "<pre" not in page
    page = await browser.post(await _new(browser), 422, **TOLD, item=str(item))
    assert "<pre" not in page
    async with running.house.store.read() as tx:
        state = (await tx.conn.execute(select(inbox_table.c.state).where(inbox_table.c.id == item))).scalar_one()
    assert state == "quarantined"
