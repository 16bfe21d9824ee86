"""Requests for access (GDPR, article 15; rule E4): prepared, masked, read by a second person, fetched behind a code."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels.form.case_contract import CodeOutcome, Package
from gateway.case_door import CaseDoor
from store import access_requests, audit, links
from store.schema import access_requests as request_table
from store.schema import outbox as outbox_table
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_access import (
    ADDRESS,
    HUMILIATED,
    THIRD,
    THIRD_MAIL,
    THIRD_NUMBER,
    THIRD_PHONE,
    ZEBRA,
    furnish_access,
    furnish_sealed,
    joined_by,
    timed_house,
)
from tests.console.example_house import PASSWORD, Told, add_case
from tests.console.test_merged import merge

EVERYBODY = Viewer(0, "", "supervisor", medical=True)
BROWSER = "a browser's own secret"


@pytest.fixture
async def asking(running: Running) -> Running:
    """The house in which Marie has two cases and her husband one from the same address."""
    await furnish_access(running.house)
    return running


async def begin(browser: Browser, running: Running, key: str = "marie", **fields: str) -> str:
    """Begin an answer; its address."""
    await browser.get(running.case(key))
    given = {"name": "Marie Dubois", "identity": "address", "asked_on": "2026-11-24", **fields}
    answer = await browser.send(f"{running.case(key)}/access", **given)
    browser.page = await answer.text()
    assert answer.status == 200, browser.page[:1500]
    return answer.url.path


async def decide(browser: Browser, path: str, running: Running, key: str, do: str) -> str:
    """Put a case in, or leave it out."""
    await browser.get(path)
    return await browser.post(f"{path}/case", case=str(running.house.cases[key]), do=do)


async def leave_the_rest(browser: Browser, path: str) -> None:
    """Leave out every case about which nobody has said anything."""
    open_one = r'To be decided</span></h2>.*?name="case" value="(\d+)"'
    while found := re.search(open_one, browser.page, re.DOTALL):
        await browser.post(f"{path}/case", case=found.group(1), do="leave")


async def handed_over(running: Running, browser: Browser, key: str = "marie", **fields: str) -> str:
    """An answer with all that is Marie's, with the second reader."""
    path = await begin(browser, running, key, **fields)
    await leave_the_rest(browser, path)
    await browser.post(f"{path}/send")
    assert "Handed over" in browser.page
    return path


async def approved(browser: Browser, path: str) -> str:
    """Approve what stands on the page, with a password."""
    await browser.get(path)
    fields = dict(re.findall(r'name="(hash|version)" value="([^"]*)"', browser.page))
    return await browser.post(f"{path}/approve", proof=PASSWORD, **fields)


async def kept(running: Running) -> list[access_requests.Request]:
    async with running.house.store.read() as tx:
        return await access_requests.listed(tx, EVERYBODY)


async def archive_of(running: Running, number: int) -> bytes:
    async with running.house.store.read() as tx:
        return bytes(
            (await tx.conn.execute(select(request_table.c.archive).where(request_table.c.id == number))).scalar_one()
        )


def unpacked(content: bytes) -> tuple[str, dict[str, Any]]:
    """The page and the data of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        page, data = sorted(archive.namelist())
        assert page.endswith(".html")
        return unescape(archive.read(page).decode()).replace("\u00a0", " "), json.loads(archive.read(data))


async def told(running: Running, key: str) -> str:
    """The token of the link in what the member was told last."""
    async with running.house.store.read() as tx:
        rows = await tx.conn.execute(select(outbox_table.c.key, outbox_table.c.body).order_by(outbox_table.c.id))
        body = next(bytes(row.body).decode() for row in reversed(rows.all()) if row.key.startswith(key))
    found = re.search(r"/c/([A-Za-z0-9_-]{16,64})", body)
    assert found, body
    return found.group(1)


async def code_of(running: Running, door: CaseDoor, token: str) -> str:
    assert await door.send_code(token, "access", BROWSER) == "sent"
    async with running.house.store.read() as tx:
        rows = (
            await tx.conn.execute(select(outbox_table.c.key, outbox_table.c.body).order_by(outbox_table.c.id))
        ).all()
    body = next(bytes(row.body).decode() for row in reversed(rows) if row.key.startswith("code-"))
    found = re.search(r"\\n(\d{6})\\n", body)
    assert found, body
    return found.group(1)


async def fetched(running: Running, door: CaseDoor, token: str) -> bytes:
    given = await door.fetch_access(token, BROWSER, await code_of(running, door, token))
    assert isinstance(given, Package)
    return given.file.read()


@pytest.fixture
def door(running: Running, tmp_path: Path) -> CaseDoor:
    return CaseDoor(timed_house(running.house.store, tmp_path, running.clock))


async def test_prepared_read_by_another_and_fetched_behind_a_code(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    assert "Somebody else reads and approves it" in tom.page
    await approved(luc, path)
    assert "The member is told that something waits" in luc.page
    token = await told(asking, "access-")
    content = await fetched(asking, door, token)
    (one,) = await kept(asking)
    assert hashlib.sha256(content).hexdigest() == one.archive_hash
    assert one.fetched == 1
    page, data = unpacked(content)
    # Her own words and ours to her, who received it, and how it was decided.
    assert "je vous ai déjà écrit deux fois" in page
    assert "certificat.pdf" in page
    assert "Nous avons bien reçu votre message" in page
    assert "A l’air honnête." in page
    assert "La machine a dit : une plainte" in page
    assert "La règle qui a décidé" in page
    assert data["name"] == "Marie Dubois"
    references = {case["reference"] for case in data["cases"]}
    assert {asking.house.references[key] for key in ("marie", "neighbour")} <= references
    assert asking.house.references["husband"] not in references
    acts = [entry.act for entry in await entries(asking, "marie")]
    order = ["access.begun", "access.collected", "access.sent", "access.approved", "access.fetched"]
    assert [act for act in acts if act in order] == order


async def entries(running: Running, key: str) -> list[audit.Entry]:
    async with running.house.store.read() as tx:
        return await audit.of_case(tx, running.house.cases[key])


async def test_two_people_who_share_an_address_each_get_only_their_own(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    await approved(luc, path)
    hers = unpacked(await fetched(asking, door, await told(asking, "access-")))
    assert ZEBRA not in hers[0] + json.dumps(hers[1], ensure_ascii=False)
    assert asking.house.references["husband"] not in hers[0]
    # The same with him, on his own case.
    path = await begin(tom, asking, "husband", name="Paul Dubois")
    await leave_the_rest(tom, path)
    await tom.post(f"{path}/send")
    await approved(luc, path)
    his_token = await told(asking, "access-")
    his = unpacked(await fetched(asking, door, his_token))
    assert ZEBRA in his[0]
    assert "indemnité" not in his[0]
    assert "1234567" not in his[0]
    assert [case["reference"] for case in his[1]["cases"]] == [asking.house.references["husband"]]


async def test_nothing_of_a_third_person_is_in_the_archive(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    await approved(luc, path)
    page, data = unpacked(await fetched(asking, door, await told(asking, "access-")))
    whole = page + json.dumps(data, ensure_ascii=False)
    for secret in (*THIRD.split(), THIRD_MAIL, THIRD_PHONE, THIRD_NUMBER, "475 11 22", "850730", "Tom Baert"):
        assert secret not in whole, secret
    assert "[nom de quelqu’un d’autre]" in page
    # Her own address stays.
    assert ADDRESS in page


async def test_what_was_found_wrongly_is_shown_and_more_words_are_masked(asking: Running) -> None:
    tom = await asking.sign_in("tom")
    path = await begin(tom, asking)
    await decide(tom, path, asking, "neighbour", "take")
    number = str(asking.house.cases["neighbour"])
    assert THIRD in tom.page
    await tom.post(f"{path}/mask", **{"case": number, "also": "la même  lettre\nhonnête", "show-1": THIRD_PHONE})
    assert "la même lettre" not in drawn(tom.page)
    assert "honnête" not in drawn(tom.page)
    assert THIRD_PHONE in drawn(tom.page)
    assert THIRD not in drawn(tom.page)


def drawn(page: str) -> str:
    """What will be read, of everything on the page."""
    return "".join(re.findall(r'<div class="access-read".*?</article>', page, re.DOTALL))


async def test_a_note_is_left_out_with_a_reason_only(asking: Running) -> None:
    tom = await asking.sign_in("tom")
    path = await begin(tom, asking)
    await decide(tom, path, asking, "neighbour", "take")
    assert "honnête" in drawn(tom.page)
    of_case = tom.page.partition(f'id="case-{asking.house.references["neighbour"]}"')[2]
    case = str(asking.house.cases["neighbour"])
    note = re.search(r'value="note"><input type="hidden" name="item" value="(\d+)"', of_case)
    assert note
    await tom.post(f"{path}/item", status=422, case=case, kind="note", item=note.group(1), do="leave", reason=" ")
    assert "Say why it is left out" in tom.page
    await tom.post(f"{path}/item", case=case, kind="note", item=note.group(1), do="leave", reason="about the neighbour")
    assert "honnête" not in drawn(tom.page)
    assert "about the neighbour" in tom.page


async def test_nobody_approves_what_they_prepared_themselves(asking: Running) -> None:
    tom, again = await asking.sign_in("tom"), await asking.sign_in("tom")
    path = await handed_over(asking, tom)
    (one,) = await kept(asking)
    for browser in (tom, again):
        await browser.get(path)
        assert "/approve" not in browser.page
        fields = {"hash": one.body_hash, "version": str(one.version), "proof": PASSWORD}
        await browser.post(f"{path}/approve", status=403, **fields)
        assert "You have prepared part of this answer." in browser.page
    assert [request.state for request in await kept(asking)] == ["reading"]


async def test_who_only_masked_a_word_is_no_second_reader_either(asking: Running) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await begin(tom, asking)
    for key, do in (("marie", "take"), ("neighbour", "take"), ("husband", "leave")):
        await decide(tom, path, asking, key, do)
    await luc.get(path)
    await luc.post(f"{path}/mask", case=str(asking.house.cases["marie"]), also="certificat")
    await tom.get(path)
    await tom.post(f"{path}/send")
    (one,) = await kept(asking)
    await luc.get(path)
    await luc.post(f"{path}/approve", status=403, hash=one.body_hash, version=str(one.version), proof=PASSWORD)


async def test_approving_asks_for_the_password(asking: Running) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    (one,) = await kept(asking)
    asking.clock.forward(minutes=6)
    await luc.get(path)
    await luc.post(f"{path}/approve", status=403, hash=one.body_hash, version=str(one.version))
    assert 'name="proof"' in luc.page
    assert [request.state for request in await kept(asking)] == ["reading"]


async def test_what_was_approved_does_not_change_with_the_register(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    await tom.get(asking.case("marie"))
    await tom.post(f"{asking.case('marie')}/note", text="Nach dem Lesen geschrieben.")
    await approved(luc, path)
    (one,) = await kept(asking)
    before = await archive_of(asking, one.id)
    await tom.post(f"{asking.case('marie')}/note", text="Nach der Freigabe geschrieben.")
    content = await fetched(asking, door, await told(asking, "access-"))
    assert content == before
    assert "geschrieben" not in unpacked(content)[0]


async def test_a_change_after_the_approval_wants_a_new_one(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    await approved(luc, path)
    token = await told(asking, "access-")
    await tom.get(path)
    await tom.post(f"{path}/again")
    assert "It is a draft again" in tom.page
    # Neither is a code sent for it, nor does one fetch it.
    assert await door.send_code(token, "access", BROWSER) == "none"
    (one,) = await kept(asking)
    assert (one.state, one.archive_hash) == ("draft", "")
    assert await archive_of(asking, one.id) == b""


async def test_a_code_for_one_case_fetches_nothing_of_another(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    await approved(luc, await handed_over(asking, tom))
    token = await told(asking, "access-")
    wrong: Package | CodeOutcome = await door.fetch_access(token, BROWSER, "000000")
    assert wrong == "over"
    code = await code_of(asking, door, token)
    assert await door.fetch_access(token, "another browser", code) == "over"
    async with asking.house.store.write() as tx:
        contact = (await access_requests.of_case(tx, EVERYBODY, asking.house.cases["marie"]))[0].contact_id
        await links.add(
            tx, "a-link-of-the-husband", now=asking.clock(), case_id=asking.house.cases["husband"], contact_id=contact
        )
    assert await door.send_code("a-link-of-the-husband", "access", BROWSER) == "none"


async def test_it_is_fetched_for_sixty_days_and_then_dropped(asking: Running, door: CaseDoor) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    await approved(luc, await handed_over(asking, tom))
    token = await told(asking, "access-")
    asking.clock.forward(days=59)
    assert await fetched(asking, door, token)
    async with asking.house.store.write() as tx:
        assert await access_requests.forget_old(tx, now=asking.clock()) == 0
    asking.clock.forward(days=2)
    assert await door.send_code(token, "access", BROWSER) == "none"
    async with asking.house.store.write() as tx:
        assert await access_requests.forget_old(tx, now=asking.clock()) == 1
    (one,) = await kept(asking)
    assert await archive_of(asking, one.id) == b""
    assert one.archive_hash


async def test_a_sealed_case_is_put_in_by_somebody_with_the_right(asking: Running) -> None:
    await furnish_sealed(asking.house)
    tom, anne, sofie, luc = [await asking.sign_in(login) for login in ("tom", "anne", "sofie", "luc")]
    path = await begin(tom, asking)
    sealed = asking.house.references["humiliated"]
    for key, do in (("marie", "take"), ("neighbour", "take"), ("husband", "leave")):
        await decide(tom, path, asking, key, do)
    assert "One more case of this member is not yours to see" in tom.page
    assert sealed not in tom.page
    await tom.post(f"{path}/send", status=422)
    # Anne may see medical matters; she says why, as on every sealed case.
    await anne.get(path)
    assert HUMILIATED not in anne.page
    await anne.post(f"{path}/case", status=422, case=str(asking.house.cases["humiliated"]), do="take")
    await anne.get(asking.case("humiliated"), status=403)
    await anne.post(f"{asking.case('humiliated')}/open", reason="handling")
    await decide(anne, path, asking, "humiliated", "take")
    assert "médecin-conseil" in drawn(anne.page)
    assert "A colleague has put in one case that you do not see" in await tom.get(path)
    assert "humili" not in tom.page
    await tom.post(f"{path}/send", status=422)
    await anne.get(path)
    await anne.post(f"{path}/send")
    # Who may not see it reads nothing of the answer, and approves nothing.
    (one,) = await kept(asking)
    for browser in (tom, luc):
        await browser.get(path)
        assert "humili" not in browser.page
        assert "not before your eyes" in browser.page
    fields = {"hash": one.body_hash, "version": str(one.version), "proof": PASSWORD}
    await luc.post(f"{path}/approve", status=422, **fields)
    await sofie.get(path)
    assert "humili" not in sofie.page
    await sofie.get(asking.case("humiliated"), status=403)
    await sofie.post(f"{asking.case('humiliated')}/open", reason="supervision")
    await approved(sofie, path)
    assert "Approved by Sofie Claes" in sofie.page
    looks = [entry for entry in await entries(asking, "humiliated") if entry.act == "case.viewed"]
    assert {"access"} <= {entry.detail["what"] for entry in looks}


async def test_after_a_merge_of_two_members_each_gets_what_is_theirs(running: Running, door: CaseDoor) -> None:
    house = running.house
    await add_case(
        house,
        "walter",
        Told("Walter Nagel", "walter@mail.example", "Mein Brief vom Nashorn.", days_ago=8, language="de"),
    )
    await merge(house, "walter", "marie")
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = await begin(tom, running)
    assert "Nashorn" not in drawn(tom.page)
    assert "One message of other people in this case is left out whole" in tom.page
    await tom.post(f"{path}/send")
    await approved(luc, path)
    page, data = unpacked(await fetched(running, door, await told(running, "access-")))
    whole = page + json.dumps(data, ensure_ascii=False)
    for secret in ("Nashorn", "Walter", "Nagel", "walter@mail.example"):
        assert secret not in whole
    assert "indemnité" in page


async def test_what_a_second_person_wrote_in_the_case_is_left_out_whole(running: Running) -> None:
    await furnish_access(running.house)
    await joined_by(running.house, "marie", "Paul Dubois", "Moi aussi, et j’ai vu un zèbre.")
    tom = await running.sign_in("tom")
    path = await begin(tom, running)
    await decide(tom, path, running, "marie", "take")
    assert "indemnité" in drawn(tom.page)
    assert "zèbre" not in drawn(tom.page)


async def test_the_second_reader_returns_it_with_a_comment(asking: Running) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await handed_over(asking, tom)
    await luc.get(path)
    await luc.post(f"{path}/return", status=422, text=" ")
    await luc.post(f"{path}/return", text="Line 3 names the <neighbour>.")
    assert "Returned with your comment" in luc.page
    await tom.get(path)
    assert "Line 3 names the &lt;neighbour&gt;." in tom.page
    await tom.post(f"{path}/send")
    await approved(luc, path)
    assert "Approved by Luc Simon" in luc.page


async def test_a_draft_that_somebody_changed_meanwhile_is_not_handed_over(asking: Running) -> None:
    tom, luc = await asking.sign_in("tom"), await asking.sign_in("luc")
    path = await begin(tom, asking)
    for key, do in (("marie", "take"), ("neighbour", "take"), ("husband", "leave")):
        await decide(tom, path, asking, key, do)
    await luc.get(path)
    await luc.post(f"{path}/mask", case=str(asking.house.cases["marie"]), also="certificat")
    answer = await tom.send(f"{path}/send")
    assert answer.status == 409
    assert [request.state for request in await kept(asking)] == ["draft"]


async def test_the_list_says_what_to_do_and_when(asking: Running) -> None:
    tom = await asking.sign_in("tom")
    assert "No member asks for their data." in await tom.get("/console/access")
    await begin(tom, asking, asked_on="2026-11-20")
    page = await tom.get("/console/access")
    assert "Marie Dubois" in page
    # 20 December 2026 is a Sunday.
    assert 'datetime="2026-12-21"' in page
    (one,) = await kept(asking)
    assert (one.asked_on, one.due_on) == (date(2026, 11, 20), date(2026, 12, 21))
    # On one case one answer is open at a time.
    assert await begin(tom, asking) == f"/console/access/{one.id}"


@pytest.mark.parametrize(
    "fields", [{"asked_on": "2026-11-25"}, {"asked_on": "1999-01-01"}, {"identity": "guess"}, {"name": " "}]
)
async def test_what_is_missing_is_said_and_nothing_begins(asking: Running, fields: dict[str, str]) -> None:
    tom = await asking.sign_in("tom")
    await tom.get(asking.case("marie"))
    given = {"name": "Marie Dubois", "identity": "address", "asked_on": "2026-11-24", **fields}
    await tom.post(f"{asking.case('marie')}/access", status=422, **given)
    assert await kept(asking) == []


async def test_an_answer_of_a_case_that_one_may_not_see_is_not_there(asking: Running) -> None:
    await furnish_sealed(asking.house)
    anne, tom = await asking.sign_in("anne"), await asking.sign_in("tom")
    await anne.get(asking.case("humiliated"), status=403)
    await anne.post(f"{asking.case('humiliated')}/open", reason="handling")
    path = await begin(anne, asking, "humiliated")
    await tom.get(path, status=404)
    assert "humili" not in await tom.get("/console/access")
