"""The example house after a day of work: every table that colleagues and members fill has rows, made through the pages.

What is made here is not looked at for itself: tests of everything at once (`test_hostile.py`, `test_canary.py`) need all the
places to be there in which something could stand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import FormData
from sqlalchemy import select, update

from channels.message import Attachment
from config.announcements import stand
from config.wording import use
from console.passwords import hash_password
from store import cases, identities, operations, questions, ratings, rehearsals, rule_returns, rule_sets, users
from store.schema import messages, outbox, passkeys, pauses
from tests.console.conftest import Browser, Running, started
from tests.console.example_house import CANARY, MAILBOX, NOW, PASSWORD, House, Told, add_case, add_more
from tests.console.walking import forms

_DRAFT: Final = "/console/rules/draft"
_DECEMBER: Final = datetime(2026, 12, 2, 9, tzinfo=UTC)
_FILE: Final = b"%PDF-1.7\n%%EOF"


async def furnish_fully(furnished: tuple[Path, House], folder: Path) -> tuple[Path, House]:
    """Live in a copy of the example house for a day; return where it is kept, and the names of what is in it.

    There is one colleague more: Nele, a mediator who may open sealed cases, of the queue of Mediation alone.
    """
    async with started(furnished, folder) as running:
        async with running.house.store.write() as tx:
            running.house.users["nele"] = await users.add(
                tx,
                login="nele",
                name="Nele Wils",
                role="mediator",
                medical=True,
                queues=("mediation",),
                password=hash_password(PASSWORD),
                actor="system",
                now=NOW,
            )
        await _second_cases(running)
        sofie, anne = await running.sign_in("sofie"), await running.sign_in("anne")
        for browser, key, reason in ((sofie, "marie", ""), (anne, "sealed", "handling")):
            await _handle(running, browser, key, reason)
        await _merge(running, sofie)
        await _access(running, sofie, anne)
        await _close(running, sofie, "thanks")
        await _close(running, anne, "sealed")
        await _lists_and_entries(running, sofie)
        await _rules_and_texts(running, sofie)
        await _announced(sofie)
        await _house(running)
        await _report(running)
        running.clock.now = NOW + timedelta(minutes=1)
        await _drafts(running)
        house = running.house
    return folder / "house", replace(house, references=dict(house.references), cases=dict(house.cases))


@pytest.fixture
def not_typeset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A paper comes as the HTML that it is made of, which is what can be looked into; published texts end with the test."""

    async def plain(text: str) -> bytes:
        return text.encode()

    monkeypatch.setattr("console.case_papers.make_pdf", plain)
    monkeypatch.setattr("console.report_files.make_pdf", plain)
    yield
    use({})
    stand(())


@pytest.fixture(scope="module")
def full(furnished: tuple[Path, House], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """The house after a day of work."""
    with asyncio.Runner() as runner:
        return runner.run(furnish_fully(furnished, tmp_path_factory.mktemp("full")))


async def _second_cases(running: Running) -> None:
    again = Told("Marie Dubois", "marie.dubois@mail.example", "Encore moi, avec une girafe.", days_ago=1, hour=6)
    await add_case(running.house, "again", again)
    await add_case(running.house, "elsewhere", replace(again, name="Ilse Maes", address="ilse@mail.example"))
    october = replace(again, name="Ugo Maes", address="ugo@mail.example", days_ago=40)
    await add_case(running.house, "october", october)
    for key in ("marie", "sealed"):
        words = CANARY if key == "sealed" else "En plus"
        file = Attachment(f"{words}.txt", "text/plain", words.encode())
        told = Told(
            f"Paul {words}",
            "paul.zeisig@mail.example" if key == "sealed" else "marie.dubois@mail.example",
            f"{words} encore une fois",
            subject=f"Re: {words}",
            html=f"<p>{words}</p>",
            files=(file,),
        )
        await add_more(running.house, key, told)


async def _handle(running: Running, browser: Browser, key: str, reason: str) -> None:
    """Everything that is done on one case."""
    words = CANARY if key == "sealed" else "Girafe"
    path, colleagues = running.case(key), running.house.users
    if reason:
        await browser.post(f"{path}/open", reason=reason)
    await browser.get(path)
    await browser.post(f"{path}/note", text=f"@Sofie Claes {words}", tell=str(colleagues["anne"]))
    if key == "sealed":
        await _asked_before_sealing(running, key, words)
    else:
        await browser.post(f"{path}/ask", department="incapacity", text=f"{words} ?")
    await _answer_of_department(running, key, words)
    await browser.get(path)
    await browser.post(f"{path}/recommend", department="incapacity", text=words, due_on="2026-12-10")
    page = await browser.get(path)
    number = re.search(r'name="recommendation" value="(\d+)"', page)
    assert number is not None
    await browser.post(f"{path}/follow", recommendation=number.group(1), state="accepted", remark=words)
    await browser.get(path)
    await browser.send(f"{path}/reply", text=f"Bonjour,\n{words}", sure="1")
    await browser.get(path)
    kept = {"flag-doctor": "1"} if key == "sealed" else {}
    await browser.post(f"{path}/correct", kind="complaint", reason=words, **{"flag-urgent": "1", **kept})
    await browser.get(path)
    await browser.post(f"{path}/pause", reason="member", until="2026-12-03")


async def _drafts(running: Running) -> None:
    for login, key, words in (("sofie", "marie", "Girafe"), ("anne", "sealed", CANARY)):
        browser = await running.sign_in(login)
        path = running.case(key)
        await browser.post(f"{path}/open", reason="handling")
        for purpose in ("reply", "note"):
            answer = await browser.send(f"{path}/draft", purpose=purpose, text=f"{words} {purpose}", quiet="1")
            assert answer.status == 204


async def _asked_before_sealing(running: Running, key: str, words: str) -> None:
    """A question that went by mail before the case was sealed."""
    house = running.house
    async with house.store.write() as tx:
        question = await questions.add(tx, house.cases[key], "incapacity", now=running.clock())
        message = await cases.add_message(tx, _of_department(house.cases[key], "ask", words, running.clock()))
        await questions.worded(tx, question, message)


async def _answer_of_department(running: Running, key: str, words: str) -> None:
    house = running.house
    async with house.store.write() as tx:
        query = select(questions.questions.c.id).where(questions.questions.c.case_id == house.cases[key])
        question = (await tx.conn.execute(query)).scalar_one()
        await questions.answered(tx, question, now=running.clock())
        await cases.add_message(
            tx,
            _of_department(house.cases[key], "dep", words, running.clock()),
            (Attachment(f"{words} réponse.txt", "text/plain", words.encode()),),
        )
        # What was to leave has left, as it would with a worker.
        await tx.conn.execute(update(outbox).values(state="sent", code="250 ok"))


def _of_department(case_id: int, direction: Any, words: str, at: datetime) -> cases.NewMessage:
    return cases.NewMessage(
        case_id=case_id,
        direction=direction,
        channel="email",
        account=MAILBOX,
        subject=words,
        text=f"{words} {direction}",
        reply=f"{words} {direction}",
        at=at,
        situation="incapacity",
        sender_name=words,
    )


async def _merge(running: Running, browser: Browser) -> None:
    references = running.house.references
    page = await browser.get(f"{running.case('again')}/merge?with={references['marie']}")
    version = re.search(r'name="other_version" value="(\d+)"', page)
    assert version is not None
    fields = {"with": references["marie"], "goes_on": references["marie"], "other_version": version.group(1)}
    await browser.post(f"{running.case('again')}/merge", **fields)


async def _access(running: Running, sofie: Browser, anne: Browser) -> None:
    """Members asked for their data: one answer is with the second reader, one came back, and one is of the sealed case."""
    for browser, key in ((sofie, "late"), (sofie, "marie"), (anne, "sealed")):
        await browser.get(running.case(key))
        name = CANARY if key == "sealed" else "Marie Dubois"
        path = (await browser.send(f"{running.case(key)}/access", name=name, identity="paper")).url.path
        words = CANARY if key == "sealed" else "Girafe"
        for one in (running.house.cases[key], *([running.house.cases["again"]] if key == "marie" else [])):
            await browser.get(path)
            await browser.send(f"{path}/case", case=str(one), do="take")
        await browser.get(path)
        await browser.post(f"{path}/mask", case=str(running.house.cases[key]), also=words, **{"show-1": words})
        if item := re.search(r'name="kind" value="note"><input type="hidden" name="item" value="(\d+)"', browser.page):
            fields = {"case": str(running.house.cases[key]), "kind": "note", "item": item.group(1)}
            await browser.post(f"{path}/item", **fields, do="leave", reason=words)
        await browser.get(path)
        await browser.post(f"{path}/send")
        if key == "marie":
            await anne.get(path)
            await anne.post(f"{path}/return", text="Girafe")


async def _close(running: Running, browser: Browser, key: str) -> None:
    await browser.get(f"{running.case(key)}/close")
    await browser.post(f"{running.case(key)}/close", how="silent", outcome="explained", text="")
    async with running.house.store.write() as tx:
        words = CANARY if key == "sealed" else "Trop long"
        await ratings.keep(tx, running.house.cases[key], 2, words, now=running.clock())


async def _lists_and_entries(running: Running, browser: Browser) -> None:
    await browser.post("/console/views", queue="mediation", chosen="?show=unassigned", name="Giraffes", shared="1")
    for recorded in (False, True):
        (form,) = [one for one in forms(await browser.get("/console/new")) if ("how", "keep") in one.fields]
        fields = {**dict(form.fields), "text": "Ma girafe est perdue.", "name": "Nadine Colson", "post": "Rue 1"}
        fields |= {"channel": "letter", "arrived_on": "2026-11-20", "how": "" if recorded else "keep"}
        data = FormData({name: value for name, value in fields.items() if value})
        data.add_field("files", _FILE, filename="lettre.pdf", content_type="application/pdf")
        answer = await browser.client.post(form.action, data=data)
        assert answer.status == 200


async def _without_broken_examples(browser: Browser) -> None:
    """Nobody is asked to read a draft that breaks its examples."""
    failing = f"{_DRAFT}/examples?failing=1"
    while found := re.search(r'name="at" value="(\d+)"', await browser.get(failing)):
        await browser.post(f"{_DRAFT}/examples", at=found.group(1), act="out")


async def _rules_and_texts(running: Running, browser: Browser) -> None:
    await browser.post(_DRAFT)
    rule = f"{_DRAFT}/rule/second_line"
    form = next(one for one in forms(await browser.get(rule), rule) if one.action == rule)
    fields = dict(form.fields) | {"title": "Girafe", "why": "Girafe", "queue": "triage", "situation": "triage"}
    await browser.post(form.action, **{name: value for name, value in fields.items() if name != "csrf"})
    await _without_broken_examples(browser)
    await browser.post("/console/rules/rehearsal", days="90")
    for _ in range(400):
        async with running.house.store.read() as tx:
            latest = await rehearsals.latest(tx, now=running.clock())
        if latest is not None and latest.state == "done":
            break
        await asyncio.sleep(0.05)
    page = await browser.get("/console/rules/rehearsal")
    change = re.search(r'action="/console/rules/rehearsal/(\d+)"', page)
    assert change is not None
    await browser.post(f"/console/rules/rehearsal/{change.group(1)}", judged="worse", text="Girafe")
    page = await browser.get(_DRAFT)
    await browser.post(f"{_DRAFT}/publish", text="Girafe", harm="Girafe", proof=PASSWORD)
    luc = await running.sign_in("luc")
    await luc.get(_DRAFT)
    await luc.post(f"{_DRAFT}/back", text="Girafe")
    for situation in ("compliment", "suggestion"):
        page = await browser.get(f"/console/texts/{situation}")
        form = next(one for one in forms(page) if one.action.endswith("/draft"))
        fields = {name: value for name, value in form.fields if name != "csrf"}
        fields |= {name: value.rstrip() + " Girafe." for name, value in fields.items() if name.startswith("long-")}
        await browser.post(form.action, **fields)
        if situation == "compliment":
            await browser.get(f"/console/texts/{situation}")
            await browser.post(f"/console/texts/{situation}/publish", text="Girafe", proof=PASSWORD)


async def _announced(browser: Browser) -> None:
    """Members read that a door is in trouble."""
    page = "/console/channels/announce?door=email"
    form = next(one for one in forms(await browser.get(page), page) if "until" in dict(one.fields))
    await browser.post(form.action, **{name: value for name, value in form.fields if name != "csrf"})


async def _house(running: Running) -> None:
    """What workers and other houses leave behind."""
    house = running.house
    async with house.store.write() as tx:
        await operations.beat(tx, f"mailbox:{MAILBOX}", "away", {"error": "LoginError"}, now=NOW)
        made = await identities.add(
            tx, "https://id.example", "s-1", name="Ida Wolf", email="ida@house.example", role="reader", now=NOW
        )
        house.users["ida"] = made.id
        await tx.conn.execute(
            update(messages)
            .where(messages.c.case_id == house.cases["marie"])
            .values(defects=["charset"], rfc_message_id="<1@mail.example>")
        )
        key = {"name": "Clé", "key_hash": "0" * 64, "credential": b"key", "signed": 0, "added_at": NOW}
        await tx.conn.execute(passkeys.insert().values(user_id=made.id, **key))
        active = await rule_sets.active(tx)
        assert active is not None
        body = active.body.replace('version: "1"', 'version: "2"')
        assert body != active.body
        await rule_sets.publish(tx, version="2", body=body, comment="Girafe", author_id=house.users["luc"], now=NOW)
        wanted = {"version": "1", "live": "2", "comment": "Girafe", "harm": "Girafe"}
        await rule_returns.ask(tx, **wanted, user_id=house.users["luc"], now=NOW)
        assert (await tx.conn.execute(select(pauses.c.id))).all()


async def _report(running: Running) -> None:
    """October's report is approved, November's written."""
    running.clock.now = _DECEMBER
    sofie = await running.sign_in("sofie")
    for month in ("2026-11", "2026-10"):
        await sofie.get(f"/console/report?month={month}")
        await sofie.post("/console/report/write", month=month, version="0", text="Plus de girafes. Et d'attente.")
    await sofie.get("/console/report?month=2026-10")
    await sofie.post("/console/report/approve", month="2026-10", version="1", proof=PASSWORD)
