"""Ctrl+K in a real browser: a place, an act of the page, a reference or words, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.scriptless import scriptless
from tests.browser.test_console import chromium
from tests.browser.test_lists import SignIn, objections, sign_in
from tests.console.conftest import Running, furnished, running

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running", "sign_in"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_go_anywhere_or_do_anything(running: Running, sign_in: SignIn, scheme: str) -> None:
    tom = await sign_in("tom", color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page, dialog, field = tom.page, tom.page.get_by_role("dialog"), tom.page.get_by_role("combobox", name="Go anywhere")
    await page.goto(f"{running.base_url}/console/")
    await page.keyboard.press("Control+k")
    await expect(field).to_be_focused()
    assert await objections(page) == []
    # A queue, by the beginning of its name and without regard to accents and capitals.
    await field.fill("TRIÀ")
    await expect(dialog.get_by_role("option").first).to_have_text("Triage")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/queue/triage")

    # An act of the page that is open.
    await page.goto(running.base_url + running.case("soon"))
    await page.keyboard.press("Control+k")
    await field.fill("take it")
    await page.keyboard.press("Enter")
    await page.get_by_text("The case is yours.").wait_for()

    # A reference goes to its case, and words are searched for, from any page.
    reference = running.house.references["marie"]
    for typed, end in ((reference.lower(), f"/console/case/{reference}"), ("hortensia", "/console/search?q=hortensia")):
        await page.goto(f"{running.base_url}/console/keys")
        await page.get_by_role("button", name="Go to…").click()
        await field.fill(typed)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**{end}")

    # It closes without having done anything, and what is not offered to somebody is not there.
    await page.keyboard.press("Control+k")
    await field.fill("people")
    await expect(dialog.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert tom.troubles == []


async def test_g_and_a_letter_go_to_a_place_and_not_from_a_field(running: Running, sign_in: SignIn) -> None:
    luc = await sign_in("luc", viewport={"width": 1280, "height": 900})
    page = luc.page
    for letter, end in (("m", "/console/mine"), ("q", "/console/"), ("s", "/console/quarantine")):
        await page.goto(f"{running.base_url}/console/keys")
        await page.keyboard.press("g")
        await page.keyboard.press(letter)
        await page.wait_for_url(f"**{end}")
    await page.keyboard.press("/")
    await page.keyboard.type("gm")
    await expect(page.locator("#q")).to_have_value("gm")
    assert page.url.endswith("/console/quarantine")
    assert luc.troubles == []


async def test_without_a_script_there_is_the_search(running: Running, chromium: Browser) -> None:
    page = await scriptless(chromium, f"{running.base_url}/console/sign-in")
    await expect(page.get_by_role("button", name="Go to…")).to_be_hidden()
    await page.locator("#q").fill(running.house.references["marie"])
    await page.locator("#q").press("Enter")
    await page.wait_for_url("**/console/case/**")
    await page.context.close()
