"""The sheet of keys in a real browser: over the page where one is, and as a page without a script."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.scriptless import scriptless
from tests.browser.test_console import chromium
from tests.browser.test_lists import SignIn, objections, sign_in
from tests.console.conftest import Running, furnished, running
from tests.console.test_actions import row_of

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running", "sign_in"]

pytestmark = pytest.mark.browser


async def test_the_sheet_opens_in_place_and_gives_the_focus_back(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom", viewport={"width": 1280, "height": 900})
    page, path = tom.page, f"{running.base_url}/console/queue/triage"
    await page.goto(path)
    link = page.locator("#list .row-link").first
    await link.focus()
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    await expect(sheet.get_by_role("heading", level=2)).to_have_text(
        ["Keys", "In triage on this page", "In a list", "Everywhere", "On a case"]
    )
    assert page.url == path
    assert await objections(page) == []
    # Keys of the page behind do nothing meanwhile: neither of the list, nor of places to go to.
    for key in ("4", "a", "x", "g", "m", "n", "/"):
        await page.keyboard.press(key)
    assert page.url == path
    assert (await row_of(running, "unsure")).state == "open"
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await expect(link).to_be_focused()
    # The same key puts it away, and so does its button; it is fetched once.
    await page.keyboard.press("?")
    await page.keyboard.press("?")
    await expect(sheet).to_be_hidden()
    await page.locator(".me summary").click()
    await page.get_by_role("link", name="Keys").click()
    await sheet.get_by_role("button", name="Close").click()
    await expect(sheet).to_be_hidden()
    await expect(page.locator("#keys dl")).to_have_count(4)
    assert page.url == path
    # In a field it is a sign like any.
    await page.locator("#q").focus()
    await page.keyboard.type("?")
    await expect(sheet).to_be_hidden()
    assert tom.troubles == []


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/console/", "In a list"),
        ("/console/search", "In a list"),
        ("case", "On a case"),
        ("/console/me", "Everywhere"),
    ],
)
async def test_keys_of_the_page_come_first(running: Running, sign_in: SignIn, path: str, first: str) -> None:
    tom = await sign_in("tom", viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = tom.page
    await page.goto(f"{running.base_url}{running.case('marie') if path == 'case' else path}")
    await page.locator("main").focus()
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    await expect(sheet.locator("section h2").first).to_contain_text(first)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await sheet.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
    assert await objections(page) == []
    assert tom.troubles == []


async def test_without_a_script_and_without_an_answer_it_is_a_page(
    running: Running, sign_in: SignIn, chromium: Browser
) -> None:
    page = await scriptless(chromium, f"{running.base_url}/console/sign-in")
    await page.goto(f"{running.base_url}/console/queue/triage")
    await page.locator(".me summary").click()
    await page.get_by_role("link", name="Keys").click()
    await expect(page.locator("main h2").first).to_have_text("In triage on this page")
    await page.context.close()
    # Whose sheet cannot be fetched is led to the page, which says why it does not open.
    tom = await sign_in("tom")
    await tom.page.goto(f"{running.base_url}/console/")
    await tom.page.route("**/console/keys?on=list", lambda route: route.abort(), times=1)
    await tom.page.keyboard.press("?")
    await tom.page.get_by_role("heading", name="Keys", level=1).wait_for()
