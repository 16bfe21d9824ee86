"""Lists without a case and without a connection, in a real browser: what is so, why, and what next."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from store import cases
from tests.browser.relay import Relay
from tests.browser.test_console import chromium
from tests.browser.test_lists import SignIn, objections, sign_in
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import Told, add_case

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running", "sign_in"]

pytestmark = pytest.mark.browser


async def test_a_queue_without_cases_says_why_and_what_next(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom", viewport={"width": 768, "height": 900})
    page = tom.page
    await page.goto(f"{running.base_url}/console/queue/social_service")
    await expect(page.get_by_text("No case is waiting here.")).to_be_visible()
    await expect(page.get_by_text("A new case is announced here")).to_be_visible()
    await expect(page.get_by_text("The last one was closed")).to_have_count(0)

    # The last case of triage is closed: when that was is said, and leads there.
    async with running.house.store.write() as tx:
        await cases.close(tx, running.house.cases["unsure"], outcome="explained", actor="user:1", now=running.clock.now)
    await page.goto(f"{running.base_url}/console/queue/triage")
    await expect(page.get_by_text("The last one was closed:")).to_be_visible()
    assert await objections(page) == []
    await page.get_by_role("link", name="See the closed cases").click()
    await expect(page.locator(f'[data-case="{running.house.references["unsure"]}"]')).to_be_visible()

    # Other empty lists: one's own, and one that is narrowed.
    sofie = await sign_in("sofie")
    await sofie.page.goto(f"{running.base_url}/console/mine")
    await expect(sofie.page.get_by_text("Take one that nobody has yet:")).to_be_visible()
    await page.goto(f"{running.base_url}/console/queue/triage?language=de")
    await expect(page.get_by_text("No case matches what you chose.")).to_be_visible()
    assert tom.troubles == []
    assert sofie.troubles == []


async def test_a_new_case_in_an_empty_queue_is_offered(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom")
    page = tom.page
    await page.goto(f"{running.base_url}/console/queue/social_service")
    await page.get_by_text("No case is waiting here.").wait_for()
    await add_case(
        running.house, "new", Told("Nele Nieuw", "nele@mail.example", "Een rolstoel.", department="social_service")
    )
    await page.get_by_text("1 new case.").wait_for()
    await expect(page.locator("#list .row")).to_have_count(0)
    await page.keyboard.press(".")
    await page.get_by_role("link", name="Nele Nieuw").wait_for()


async def test_a_lost_connection_is_said_reading_goes_on_and_news_is_offered_on_return(
    running: Running, sign_in: SignIn
) -> None:
    relay = Relay(int(running.base_url.rpartition(":")[2]))
    await relay.mend()
    tom = await sign_in("tom", viewport={"width": 1280, "height": 900})
    page = tom.page
    await page.goto(f"http://127.0.0.1:{relay.port}/console/queue/triage")
    rows = page.locator("#list .row")
    before = await rows.count()
    assert before
    await relay.cut()
    said = page.locator("#news")
    await expect(said).to_contain_text(re.compile(r"Connection lost at \d\d:\d\d, trying again\."), timeout=15_000)
    when = await said.inner_text()
    # What is there can be read and gone through.
    await expect(rows).to_have_count(before)
    await page.keyboard.press("j")
    await expect(page.locator("#list .row-link").first).to_be_focused()
    assert await objections(page) == []
    await add_case(running.house, "new", Told("Nele Nieuw", "nele@mail.example", "Een vraag.", unsure=("department",)))
    assert (await said.inner_text()) == when
    await relay.mend()
    await expect(said).to_contain_text("1 new case.", timeout=15_000)
    await expect(said).not_to_contain_text("Connection lost")
    # Offered, and not imposed: the list and the focus are where they were.
    await expect(rows).to_have_count(before)
    await expect(page.locator("#list .row-link").first).to_be_focused()
    await page.keyboard.press(".")
    await page.get_by_role("link", name="Nele Nieuw").wait_for()
    await expect(rows).to_have_count(before + 1)
    await page.close()
    await relay.cut()
