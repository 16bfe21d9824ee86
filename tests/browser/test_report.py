"""The monthly report in a real browser: read by keyboard alone, nothing wider than the screen, no violation of axe."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.browser.test_console import Watched, chromium
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running"]

pytestmark = pytest.mark.browser


async def _clean(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [violation["id"] for violation in found.response["violations"]]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (768, "dark"), (360, "light")])
async def test_the_report_is_read_at_every_width(running: Running, chromium: Browser, width: int, scheme: str) -> None:
    context = await chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale="en-GB",  # type: ignore[arg-type]
    )
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/sign-in")
    await page.get_by_label("Login").fill("luc")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/")
    await page.goto(f"{running.base_url}/console/report?month=2026-11")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await _clean(page) == []
    # Each drawn bar has a height and each chart a name, which is the answer above it.
    for chart in await page.locator("svg.chart").all():
        heading = await chart.locator("xpath=ancestor::section/h2").inner_text()
        assert await chart.locator("title").text_content() == heading
    assert await page.locator("svg.chart rect").first.bounding_box()
    await page.locator("td a").first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/report*")
    assert watched.troubles == []
    await context.close()
