"""The whole console in a real browser with markup, a script, braces, marks of direction and endless words in every column that
somebody can fill: no dialog, no request to elsewhere, no other page, no complaint of the policy, nothing wider than the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page

from tests.browser.test_console import Watched, chromium
from tests.console.conftest import Running, furnished, started
from tests.console.example_house import PASSWORD, House
from tests.console.full_house import full, not_typeset
from tests.console.poison import BAD, poisoned
from tests.console.walking import addresses

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "full", "furnished", "not_typeset"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("not_typeset")]
# What is no page: streams, files, parts of pages.
_NO_PAGE: Final = (
    "-events",
    "-original",
    "-file",
    "-document",
    "-export",
    "-pdf",
    "-copy",
    "-letter",
    "-found",
    "-training",
    "-picture",
    "-look-page",
)
# Of each template so many pages; of cases more, for there each is another one.
_OF_EACH: Final = 2
_CASES: Final = 7
# How many pages each role sees at least, and the texts of how many columns.
_SEEN: Final = {"sofie": (55, 30), "anne": (40, 24), "fatima": (20, 17), "rik": (22, 18), "admin": (9, 3)}
# What a page tells of itself: whether a text became an element, how wide it is, and which columns' texts are read on it.
_LOOK: Final = f"""() => ({{
  made: document.querySelectorAll("{BAD}, img[src='x'], [onclick], [onerror], script:not([src])").length,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  read: document.body.innerText.match(/\\[\\[[a-z_]+[.][a-z_]+/g) ?? [],
  address: location.href,
}})"""


async def _signed_in(chromium: Browser, running: Running, login: str) -> tuple[Page, Watched]:
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/keys")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1).wait_for()
    return page, watched


async def _paths(running: Running) -> list[str]:
    """Each template once or twice."""
    chosen: dict[str, list[str]] = {}
    for name, path in await addresses(running):
        if not name.endswith(_NO_PAGE) and not name.startswith("console-signin"):
            few = chosen.setdefault(name, [])
            if len(few) < (_CASES if name == "console-case" else _OF_EACH):
                few.append(path)
    return [path for few in chosen.values() for path in few]


async def _wrong_with(page: Page, watched: Watched, address: str) -> tuple[list[str], set[str]]:
    """What is wrong with the page that is open, on a desk and on a telephone; and whose texts are read on it."""
    wrong: list[str] = []
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        found: Any = await page.evaluate(_LOOK)
        if found["made"]:
            wrong.append("a text became an element")
        if found["wide"] > 0:
            wrong.append(f"{found['wide']} pixels wider than {width}")
        if found["address"] != address:
            wrong.append(f"led to {found['address']}")
    wrong += [*watched.troubles, *watched.dialogs]
    watched.troubles.clear()
    watched.dialogs.clear()
    await page.set_viewport_size({"width": 1280, "height": 900})
    return wrong, set(found["read"])


@pytest.mark.parametrize("login", sorted(_SEEN))
async def test_nothing_that_somebody_wrote_does_anything(
    full: tuple[Path, House], tmp_path: Path, chromium: Browser, login: str
) -> None:
    async with started(full, tmp_path) as running:
        page, watched = await _signed_in(chromium, running, login)
        await poisoned(running.house.store)
        wrong: dict[str, list[str]] = {}
        seen, read = 0, set[str]()
        for path in await _paths(running):
            address = f"{running.base_url}{path}"
            answer = await page.goto(address)
            assert answer is not None
            assert answer.status < 500, path
            # What this role may not open says so on a page that every role has.
            if answer.status != 200:
                watched.troubles.clear()
                continue
            found, readable = await _wrong_with(page, watched, page.url if answer.request.redirected_from else address)
            seen, read = seen + 1, read | readable
            if found:
                wrong[path] = found
        assert wrong == {}
        least = _SEEN[login]
        assert seen >= least[0]
        assert len(read) >= least[1]
        await page.context.close()
