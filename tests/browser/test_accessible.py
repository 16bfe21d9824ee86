"""axe-core finds nothing on any public page or step of the form, in light and in dark, in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from channels.form.contract import Act
from tests.browser.conftest import OpenPage
from tests.channels.form.doors import NOW
from tests.channels.form.running import Start

pytestmark = pytest.mark.browser
EVERYTHING: frozenset[Act] = frozenset({"add", "disagree", "withdraw", "copy", "access", "revoke"})

_WORDS = {"fr": "Continuer", "nl": "Verder", "de": "Weiter", "en": "Continue"}


async def found(page: Page) -> list[str]:
    """What axe objects to, in words."""
    results = await Axe().run(page)
    return [f"{one['id']}: {node['html'][:120]}" for one in results.response["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_every_step_of_the_form(start: Start, open_page: OpenPage, language: str, scheme: str) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/{language}/", color_scheme=scheme)
    assert await found(page) == []
    await page.goto(f"{running.base_url}/{language}/complaint")
    assert await found(page) == []
    go = page.get_by_role("button", name=_WORDS[language], exact=True)
    await go.click()
    await page.locator("#problems").wait_for()
    assert await found(page) == []
    await page.locator("#text").fill("The hospital and a suicide: everything that can be noticed.")
    await page.locator("#files").set_input_files(
        [{"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF"}]
    )
    await go.click()
    await page.locator("#name").wait_for()
    assert await found(page) == []
    await page.locator("details summary").click()
    await page.locator("#email").fill("x@")
    await go.click()
    await page.locator("#problems").wait_for()
    assert await found(page) == []
    await page.locator("#email").fill("")
    await go.click()
    await page.locator(".answers").wait_for()
    assert await found(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_what_is_read_before_writing(start: Start, open_page: OpenPage, language: str, scheme: str) -> None:
    running = await start(down=("phone",))
    page = await open_page(f"{running.base_url}/{language}/", color_scheme=scheme)
    await page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    assert await found(page) == []
    await page.goto(f"{running.base_url}/{language}/quality")
    assert await found(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_of_receipt_and_case(start: Start, open_page: OpenPage, scheme: str) -> None:
    running = await start()
    base = replace(running.door.view, reference="PM-2026-004217-75", department="incapacity")
    running.door.cases = {
        "open": base,
        "asked": replace(base, question="On which day did you call?", state="waiting_for_you"),
        "late": replace(base, late=True, promised_on=NOW.date()),
        "anonymous": replace(base, situation="anonymous", state="refused", due_on=None, can=frozenset({"identify"})),
        "medical": replace(base, situation="medical", has_letter=True),
        "answered": replace(base, state="answered", outcome="We paid.", can=frozenset({"add", "disagree"})),
        "urgent": replace(base, situation="urgent", merged_into="PM-2026-004216-78"),
        "closed": replace(base, state="closed", can=frozenset()),
        "rated": replace(base, state="closed", outcome="We paid.", result="founded", rating=2, can=frozenset({"rate"})),
        "everything": replace(
            base,
            receipt_code="K7QM-2B4X-9DTW-0HFA",
            clock="result",
            proof="mail",
            can=EVERYTHING,
            access_until=date(2027, 1, 23),
        ),
    }
    page = await open_page(f"{running.base_url}/en/", color_scheme=scheme)
    for token in running.door.cases:
        for address in (f"c/{token}", "receipt"):
            await page.goto(f"{running.base_url}/en/{address}")
            assert await found(page) == [], f"{token} {address}"
    await page.goto(f"{running.base_url}/en/nowhere")
    assert await found(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_the_way_back_to_a_case(start: Start, open_page: OpenPage, language: str, scheme: str) -> None:
    running = await start()
    address = f"{running.base_url}/{language}"
    sent_to = "m•••@mail.example"
    case = replace(running.door.view, reference="PM-2026-004217-75", mail_sent_to=sent_to, proof="mail", can=EVERYTHING)
    case = replace(case, access_until=date(2027, 1, 23))
    running.door.cases = {"mailed": case, "receipt": replace(case, proof="receipt", mail_sent_to="")}
    page = await open_page(f"{address}/find", color_scheme=scheme)
    assert await found(page) == []
    await page.locator("main .button").click()
    await page.locator("#problems").wait_for()
    assert await found(page) == []
    await page.locator("#reference").fill("PM-2026-004217-75")
    await page.locator("#proof").fill("somebody@mail.example")
    await page.locator("main .button").click()
    await page.locator("#reference").wait_for(state="detached")
    assert await found(page) == []
    for token in running.door.cases:
        await page.goto(f"{address}/c/{token}")
        for purpose in ("withdraw", "copy", "access"):
            await page.goto(f"{address}/case/code?for={purpose}")
            assert await found(page) == [], f"{token} {purpose}"
    await page.goto(f"{address}/c/mailed")
    await page.goto(f"{address}/case/code?for=withdraw")
    await page.locator("main .button").click()
    await page.locator("#code").fill("1")
    await page.locator("main .button").click()
    await page.locator(".summary").wait_for()
    assert await found(page) == []
    await page.goto(f"{address}/c/mailed")
    await page.locator("details summary").last.click()
    assert await found(page) == []


async def test_what_is_wrong_is_found(open_page: OpenPage, start: Start) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/")
    await page.evaluate(
        "document.querySelector('main').innerHTML = '<input type=text><p style=\"color: #bbb\">pale</p>'"
    )
    assert {line.partition(":")[0] for line in await found(page)} >= {"label"}
