"""A rehearsal in a real browser: it goes on under one's eyes, is stopped, and is judged by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from router.ruleset import RuleSet
from store import rehearsals, rule_drafts, rule_sets
from tests.browser.test_console import Watched, chromium
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD
from tests.console.test_rule_draft import DRAFT, edited, rehearsed

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "furnished", "running"]

pytestmark = pytest.mark.browser
HERE = "/console/rules/rehearsal"


@pytest.fixture
async def lucs(running: Running, chromium: Browser) -> AsyncIterator[Watched]:
    """Luc, a supervisor, at his browser."""
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/mine")
    await page.get_by_label("Login").fill("luc")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1).wait_for()
    yield watched
    await context.close()


async def begun(running: Running) -> int:
    """A rehearsal that goes no further than it is told to."""
    async with running.house.store.write() as tx:
        draft, live = await rule_drafts.current(tx), await rule_sets.active(tx)
        assert draft is not None
        assert live is not None
        return await rehearsals.begin(
            tx,
            base=live.version,
            body=RuleSet.model_validate_json(draft.body).model_dump_json(),
            days=90,
            until=running.clock(),
            total=4000,
            user_id=running.house.users["luc"],
            now=running.clock(),
        )


async def goes_on(running: Running, rehearsal: int, done: int, moved: int) -> bool:
    """It has replayed so many; False when somebody wants it to stop."""
    sums = {"cases": done, "changed": moved, "moved": moved, "other_text": 0, "harms": {}, "harmed": 0, "sealed": 0}
    sums |= {"load": {"triage": [done, done - moved]}, "use": {}}
    async with running.house.store.write() as tx:
        return await rehearsals.go_on(tx, rehearsal, done=done, sums=sums, changes=(), now=running.clock())


async def test_it_goes_on_without_a_new_page_until_somebody_stops_it(running: Running, lucs: Watched) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    number = await begun(running)
    page = lucs.page
    await page.goto(running.base_url + HERE)
    await page.evaluate("window.samePage = true")
    await page.get_by_role("button", name="Stop").focus()
    assert await goes_on(running, number, 1000, 7)
    await page.get_by_text("1,000 of 4,000 cases").wait_for()
    await page.get_by_text("Triage: 1,000 → 993").wait_for()
    assert await goes_on(running, number, 2000, 31)
    await page.get_by_text("2,000 of 4,000 cases").wait_for()
    assert await page.evaluate("window.samePage")
    # The button that had the focus was made anew, and has it still.
    assert await page.evaluate("document.activeElement.id") == "stop"
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    assert not await goes_on(running, number, 3000, 40)
    async with running.house.store.write() as tx:
        await rehearsals.end(tx, number, "stopped")
    await page.get_by_text("this is what it found until then").first.wait_for()
    await page.get_by_text("3,000 of 4,000 cases").wait_for()
    assert "It was stopped" in await page.locator("#heard").inner_text()
    assert lucs.troubles == []


async def test_cases_are_judged_by_keys_and_the_page_holds_still(running: Running, lucs: Watched) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    await edited(luc, "second_line", queue="triage", situation="triage")
    await rehearsed(running, luc)
    page = lucs.page
    await page.goto(running.base_url + HERE)
    await page.evaluate("window.samePage = true")
    assert "déjà écrit deux fois" in await page.locator(".change blockquote").first.inner_text()
    await page.keyboard.press("j")
    await page.keyboard.press("1")
    # The key went to the first case and the focus to the second.
    await page.keyboard.press("3")
    await page.get_by_text("1 better, 0 the same, 1 worse, 0 not judged yet.").first.wait_for()
    await page.keyboard.press("k")
    await page.keyboard.press("2")
    await page.get_by_text("0 better, 1 the same, 1 worse, 0 not judged yet.").first.wait_for()
    await page.locator(".change input[name=text]").last.fill("Wrong: 1 2 3")
    assert await page.locator(".change [aria-pressed=true]").all_inner_texts() != []
    await page.get_by_role("button", name="worse").last.click()
    await page.locator("#heard", has_text="worse.").wait_for(state="attached")
    assert await page.evaluate("window.samePage")
    await page.reload()
    assert await page.locator(".change input[name=text]").last.input_value() == "Wrong: 1 2 3"
    assert lucs.troubles == []


async def test_whoever_switched_single_letters_off_judges_by_buttons(running: Running, lucs: Watched) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    await edited(luc, "second_line", queue="triage", situation="triage")
    await rehearsed(running, luc)
    page = lucs.page
    await page.evaluate("localStorage.setItem('keys', 'off')")
    await page.goto(running.base_url + HERE)
    await page.locator("[data-step]").first.focus()
    await page.keyboard.press("3")
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement === document.querySelector('[data-step]')")
    await page.get_by_role("button", name="better").first.press("Enter")
    await page.get_by_text("1 better, 0 the same, 0 worse, 1 not judged yet.").first.wait_for()
