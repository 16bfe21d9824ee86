"""From a list into a case and on with the keys, in a real browser: j, k, and Escape back to the row."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.test_console import chromium
from tests.browser.test_lists import SignIn, objections, sign_in
from tests.console.conftest import Running, furnished, running

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running", "sign_in"]

pytestmark = pytest.mark.browser


async def test_the_keys_lead_on_and_back_and_lose_no_text(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom", viewport={"width": 1280, "height": 900})
    page = tom.page
    await page.goto(f"{running.base_url}/console/?language=nl")
    ways = [str(await one.get_attribute("href")) for one in await page.locator("#list .row-link").all()]
    await page.goto(running.base_url + ways[0])
    for key, place in (("j", 1), ("j", 2), ("k", 1)):
        await page.keyboard.press(key)
        await expect(page).to_have_url(running.base_url + ways[place])
    assert await objections(page) == []
    # What is open is closed first, and what is typed is not left.
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    await page.keyboard.press("i")
    await page.keyboard.type("jk")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(running.base_url + ways[1])
    await page.locator("#note textarea").fill("")
    await page.locator("#note textarea").press("Escape")
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(f"{running.base_url}/console/?language=nl&at=2")
    await expect(page.locator(f'.row-link[href="{ways[1]}"]')).to_be_focused()
    assert tom.troubles == []
