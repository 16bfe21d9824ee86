"""The page of a member's details: what it shows, its two codes, and what a link alone can do, which is nothing (rules C4, C5)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from config.vocabulary import LANGUAGES
from tests.channels.form.running import Running, running, start

__all__ = ["running", "start"]

NEW = "jan.nieuw@mail.example"


async def opened(running: Running, **more: object) -> str:
    """A case of which this browser holds the link; its token."""
    token = await running.submitted(email="jan.peeters@mail.example")
    case = running.door.cases[token]
    given: dict[str, object] = {"proof": "mail", "mail_sent_to": "j•••@mail.example", **more}
    can = case.can | {"contact"} if given["proof"] == "mail" else case.can
    running.door.cases[token] = replace(case, **{"can": can, **given})  # type: ignore[arg-type]  # by name
    return token


async def page(running: Running, path: str = "/en/case/details", status: int = 200) -> str:
    """A page of this browser."""
    answer = await running.client.get(path)
    text = await answer.text()
    assert answer.status == status, text
    return text


async def post(running: Running, step: str, text: str, status: int = 200, **fields: str) -> str:
    """A form of the page before it, with its hidden fields."""
    data = {**dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)), **fields}
    answer = await running.client.post(f"/en/case/details{step}", data=data, allow_redirects=False)
    said = await answer.text()
    assert answer.status == status, said
    return said if status != 303 else answer.headers["Location"]


async def test_two_codes_change_the_address_and_the_old_link_is_gone(running: Running) -> None:
    token = await opened(running)
    text = await page(running)
    assert "j•••@mail.example" in text
    assert "jan.peeters@mail.example" not in text
    text = await post(running, "", text, address=NEW, instead_of="7")
    assert "1 of 2: the code at your old address" in text
    text = await post(running, "/code", text, code=running.contact_door.mailed[-1][1])
    assert "2 of 2: the code at your new address" in text
    assert [to for to, _ in running.contact_door.mailed] == ["j•••@mail.example", NEW]
    there = await post(running, "/confirm", text, status=303, code=running.contact_door.mailed[-1][1])
    assert there.endswith("/en/case?reached")
    assert token not in running.door.cases
    assert "Your details are changed." in await page(running, "/en/case?reached")


async def test_the_link_alone_changes_nothing(running: Running) -> None:
    await opened(running)
    text = await page(running)
    hidden = {"address": NEW, "instead_of": "7"}
    for step in ("/code", "/confirm"):
        said = await post(running, step, text, status=422, code="123456", **hidden)
        assert "Start again" in said
    assert running.contact_door.mailed == []


async def test_a_code_for_one_address_is_none_for_another(running: Running) -> None:
    await opened(running)
    text = await post(running, "", await page(running), address=NEW, instead_of="7")
    code = running.contact_door.mailed[-1][1]
    await post(running, "/code", text, status=422, code=code, address="thief@mail.example")
    await post(running, "/code", text, status=422, code=code, instead_of="0")
    await post(running, "/confirm", text, status=422, code=code)
    assert len(running.contact_door.mailed) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Fill in the new address"),
        ("a@mail.example b@mail.example", "several addresses"),
        ("a\u202e@mail.example", "invisible"),
        ("<b>nobody</b>", "not an e-mail address"),
        ("+1 212 555 0100", "cannot send text messages"),
        ("a" * 400, "not an e-mail address"),
    ],
)
async def test_what_is_odd_is_named_and_stays_in_its_field(running: Running, typed: str, said: str) -> None:
    await opened(running)
    text = await post(running, "", await page(running), status=422, address=typed, instead_of="7")
    assert said in text
    assert "<b>nobody" not in text
    assert 'aria-invalid="true"' in text
    if typed == "a@mail.example b@mail.example":
        assert f'value="{typed}"' in text
    assert running.contact_door.mailed == []


async def test_too_many_codes_are_said_with_whom_to_call(running: Running) -> None:
    await opened(running)
    running.contact_door.limited = True
    text = await post(running, "", await page(running), status=429, address=NEW, instead_of="7")
    assert "Wait an hour, or call us" in text
    assert NEW in text


async def test_where_no_code_can_be_sent_the_page_says_whom_to_call_and_takes_nothing(running: Running) -> None:
    await opened(running, proof="receipt", came_back=True)
    text = await page(running)
    assert "Our message came back." in text
    assert "without a code we change nothing" in text
    assert 'name="address"' not in text
    csrf = await page(running, "/en/case")
    await post(running, "", csrf, status=303, address=NEW, instead_of="7")
    assert running.contact_door.mailed == []
    receipt = await page(running, "/en/receipt")
    assert "came back" in receipt
    assert "Another address? Tell us" in receipt


@pytest.mark.parametrize("language", LANGUAGES)
async def test_receipt_and_case_lead_there_in_every_language(running: Running, language: str) -> None:
    await opened(running)
    for path in ("receipt", "case"):
        assert f'href="/{language}/case/details"' in await page(running, f"/{language}/{path}")
    assert "j•••@mail.example" in await page(running, f"/{language}/case/details")


async def test_unknown_ended_and_forbidden_are_the_same_bytes(running: Running) -> None:
    """A browser without a case, and one whose link has ended (rule C5)."""
    nobody = await page(running, status=404)
    token = await opened(running)
    await page(running)
    del running.door.cases[token]
    assert await page(running, status=404) == nobody


async def test_a_sealed_case_asks_for_its_own_code_first(running: Running) -> None:
    await opened(running, locked=True, can=frozenset())
    answer = await running.client.get("/en/case/details", allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"].endswith("/en/case/code?for=open")


async def test_a_form_from_elsewhere_is_refused(running: Running) -> None:
    await opened(running)
    fields = {"csrf": "wrong", "address": NEW, "instead_of": "7", "code": "123456"}
    for step in ("", "/code", "/confirm"):
        path = f"/en/case/details{step}"
        assert (await running.client.post(path, data=fields)).status == 403
        text = await page(running)
        ours = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert (await running.client.post(path, data={**fields, **ours}, headers=headers)).status == 403
