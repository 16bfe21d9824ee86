"""Every page of the console, for each role that may open it: axe finds nothing, nothing is wider than a phone, and no page
complains about its own policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.browser.test_console import Watched, chromium
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "furnished", "running"]

pytestmark = pytest.mark.browser
_CASE = "/console/case/{reference}"
# Streams never end, files are no pages, and one leads to the sign-in page.
_NO_PAGE = ("/events", "/file", "/original", "/document", "/sign-in", "/sign-out", "/export", "/paper/")


def pages(running: Running) -> list[str]:
    """The addresses of every page: those without a parameter, and those of one case."""
    found = set()
    for route in running.app.router.routes():
        path = str(route.resource.canonical) if route.resource else ""
        if route.method == "GET" and path.startswith("/console/") and not any(part in path for part in _NO_PAGE):
            whole = path.replace(_CASE, running.case("marie"))
            if "{" not in whole and "/static" not in whole:
                found.add(whole)
    return sorted(found)


async def looked_at(page: Page) -> list[str]:
    """What is wrong with the page that is open: to axe in light and dark, and on a phone."""
    wrong = []
    for scheme in ("light", "dark"):
        # Without motion: colours that are still on their way from light to dark are nobody's colours.
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        results = await Axe().run(page)
        wrong += [
            f"{scheme} {one['id']}: {node['html'][:160]}"
            for one in results.response["violations"]
            for node in one["nodes"]
        ]
    await page.set_viewport_size({"width": 390, "height": 800})
    wide = await page.evaluate("document.documentElement.scrollWidth")
    if wide > 390:
        wrong.append(f"{wide} pixels wide on a phone")
    await page.set_viewport_size({"width": 1280, "height": 900})
    return wrong


@pytest.mark.parametrize("login", ["sofie", "anne", "fatima", "admin"])
async def test_every_page_is_read_by_everybody(running: Running, chromium: Browser, login: str) -> None:
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/keys")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    wrong: dict[str, list[str]] = {}
    opened = 0
    for path in pages(running):
        answer = await page.goto(f"{running.base_url}{path}")
        assert answer is not None
        assert answer.status < 500, path
        # What this role may not open says so on a page of its own, and a part of a page is looked at where it stands.
        if answer.status != 200 or "<!doctype html" not in await answer.text():
            await page.goto("about:blank")
            watched.troubles.clear()
            continue
        opened += 1
        if found := await looked_at(page) + watched.troubles:
            wrong[path] = found
        watched.troubles.clear()
    await context.close()
    assert wrong == {}
    assert opened >= 2
