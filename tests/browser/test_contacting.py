"""An address is changed on a case in a real browser: by keyboard, what was wrong stays to be mended, and axe finds nothing."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.browser.test_console import Watched, anne, chromium
from tests.console.conftest import Running, furnished, running

# The fixtures of the console's own tests serve here too.
__all__ = ["anne", "chromium", "furnished", "running"]

pytestmark = pytest.mark.browser


async def fill(page: Page, address: str) -> None:
    """The form as somebody fills it who hears a new address on the telephone."""
    await page.get_by_label("The new e-mail address or telephone number").fill(address)
    await page.get_by_label("How do you know that it is the member?").select_option("phone")
    await page.get_by_label("In a few words").fill("Date of birth and member number were right.")


async def test_an_address_is_replaced_mended_and_taken_back(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('soon')}")
    await page.locator("#reach > summary").focus()
    await page.keyboard.press("Enter")
    await fill(page, "jan.nieuw@mail.example, jan@mail.example")
    await page.get_by_role("button", name="Save the change").click()
    await page.locator("#reach .alert").get_by_text("several addresses").wait_for()
    field = page.get_by_label("The new e-mail address or telephone number")
    assert await field.input_value() == "jan.nieuw@mail.example, jan@mail.example"
    await field.fill("jan.nieuw@mail.example")
    await page.get_by_role("button", name="Save the change").click()
    await page.get_by_text("The change can be taken back for").wait_for()
    assert await page.locator("#member").get_by_text("jan.nieuw@mail.example").first.is_visible()
    await page.keyboard.press("z")
    await page.get_by_text("Taken back: the member is reached as before.").wait_for()
    assert await page.locator("#member p").get_by_text("jan.nieuw@mail.example").count() == 0
    assert "beforeunload" not in anne.dialogs
    # A form that was refused is a 422, which the browser's console names; nothing else is there.
    assert [one for one in anne.troubles if "422" not in one] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_form_and_nothing_is_cut_off(
    running: Running, anne: Watched, chromium: Browser, scheme: str
) -> None:
    del chromium
    page = anne.page
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two that there are
    for width in (1280, 768, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(f"{running.base_url}{running.case('soon')}")
        await page.locator("#reach > summary").click()
        await fill(page, "nobody")
        await page.get_by_role("button", name="Save the change").click()
        await page.locator("#reach .alert").wait_for()
        found = await Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == []
        assert await page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
