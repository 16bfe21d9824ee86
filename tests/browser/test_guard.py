"""While the form is flooded: with script nobody sees anything of it, without script a little patience is enough."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, Route, expect

from channels.form.flood import Flood
from channels.form.guard import Guard, GuardSettings
from channels.form.submission import Submission
from channels.web.limits import MemoryLimiter
from tests.browser.conftest import OpenPage
from tests.browser.test_accessible import found
from tests.browser.test_form import audit, to_the_end
from tests.channels.form.running import SECRET, Running, Start
from tests.channels.form.test_guard import Clock

pytestmark = pytest.mark.browser

# Older than any test: only a proof is taken.
_NEVER = 600
_STORY = "Nobody answers my letters."


async def flooded(start: Start, *, bits: int = 16, wait: int = _NEVER, clock: Clock | None = None) -> Running:
    settings = GuardSettings(least_seconds=0, wait_seconds=wait, proof_bits=bits)
    return await start(guard=Guard(SECRET, Flood(MemoryLimiter(), 1, "on"), settings, clock or Clock()))


async def calm(start: Start, clock: Clock) -> Running:
    return await start(guard=Guard(SECRET, Flood(MemoryLimiter(), 10_000), GuardSettings(least_seconds=3), clock))


async def last_page(page: Page) -> None:
    await page.locator("#text").fill(_STORY)
    await to_the_end(page)


async def answer(page: Page) -> None:
    """Wait until the browser has found the answer."""
    await expect(page.locator("[name=proof]")).to_have_attribute("value", re.compile(r"(?:[^.]+\.){4}\d+"))


async def test_with_script_nobody_sees_anything_of_it(start: Start, open_page: OpenPage, complaints: list[str]) -> None:
    running = await flooded(start)
    page = await open_page(f"{running.base_url}/en/complaint")
    await last_page(page)
    assert await found(page) == []
    await audit(page)
    await answer(page)
    assert await page.get_by_text("Checking that no robot").count() == 0
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert [Submission.from_bytes(raw).text for raw in running.door.raw] == [_STORY]
    # Back, and Send again, brings the same proof again: the same message, the same receipt.
    await page.go_back()
    await page.locator("#form").wait_for()
    assert len(running.door.raw) == 1
    assert complaints == []


async def test_who_presses_send_before_it_is_done_is_told_and_sent(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running = await flooded(start, bits=19)
    page = await open_page(f"{running.base_url}/en/complaint")
    await last_page(page)
    # Impatient, and more than once.
    await page.get_by_role("button", name="Send my complaint").dblclick()
    await page.wait_for_url(f"{running.base_url}/en/receipt", timeout=60_000)
    assert len(running.door.raw) == 1
    assert complaints == []


async def test_an_answer_is_changed_without_a_proof_and_nobody_waits_for_one_for_ever(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running = await flooded(start, bits=31)
    page = await open_page(f"{running.base_url}/en/complaint")
    await page.clock.install()
    await last_page(page)
    await page.get_by_role("button", name="Change (What happened?)").click()
    await page.locator("#text").wait_for()
    await to_the_end(page)
    await page.get_by_role("button", name="Send my complaint").click()
    note = page.get_by_text("Checking that no robot sends this. One moment.")
    await note.wait_for()
    assert await note.get_attribute("role") == "status"
    assert await found(page) == []
    assert running.door.raw == []
    await page.clock.fast_forward(15_000)
    await page.get_by_role("heading", name="Please press Send again in").wait_for()
    await page.get_by_text(_STORY).wait_for()
    assert running.door.raw == []
    assert complaints == []


async def test_reloading_the_last_page_brings_a_new_challenge_and_keeps_the_answers(
    start: Start, open_page: OpenPage
) -> None:
    running = await flooded(start)
    page = await open_page(f"{running.base_url}/en/complaint")
    await last_page(page)
    before = await page.locator("[name=proof]").get_attribute("value")
    await page.reload()
    await page.get_by_text(_STORY).wait_for()
    await answer(page)
    assert await page.locator("[name=proof]").get_attribute("value") != before
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert len(running.door.raw) == 1


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with a worker that does not load"])
async def test_without_a_proof_a_little_patience_is_enough(
    start: Start, open_page: OpenPage, complaints: list[str], script: bool
) -> None:
    clock = Clock()
    running = await flooded(start, wait=20, clock=clock)
    page = await open_page(f"{running.base_url}/en/complaint", java_script_enabled=script)

    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/proof-worker.js*", refuse)
    await last_page(page)
    send = page.get_by_role("button", name="Send my complaint")
    await send.click()
    await page.get_by_role("heading", name="Please press Send again in 20 seconds").wait_for()
    assert await page.locator("#problems").evaluate("(element) => element === document.activeElement") is True
    await page.get_by_text("Everything you wrote is kept.").wait_for()
    await page.get_by_text(_STORY).wait_for()
    if script:
        assert await found(page) == []
    assert running.door.raw == []
    clock.at += 20
    await send.click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert len(running.door.raw) == 1
    assert complaints == []


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_whoever_is_quick_presses_once_more(start: Start, open_page: OpenPage, script: bool) -> None:
    clock = Clock()
    running = await calm(start, clock)
    page = await open_page(f"{running.base_url}/en/complaint", java_script_enabled=script)
    await last_page(page)
    send = page.get_by_role("button", name="Send my complaint")
    await send.click()
    await page.get_by_text("That was quick.").wait_for()
    assert running.door.raw == []
    clock.at += 3
    await send.click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert len(running.door.raw) == 1


async def test_a_draft_that_is_taken_up_again_is_as_old_as_it_is(start: Start, open_page: OpenPage) -> None:
    clock = Clock()
    running = await calm(start, clock)
    page = await open_page(f"{running.base_url}/en/complaint")
    await page.locator("#text").fill(_STORY)
    clock.at += 3
    again = await page.context.new_page()
    await page.close()
    await again.goto(f"{running.base_url}/en/complaint")
    await again.get_by_role("button", name="Go on with it").click()
    await to_the_end(again)
    await again.get_by_role("button", name="Send my complaint").click()
    await again.wait_for_url(f"{running.base_url}/en/receipt")
