"""People, one's own settings and the second step in a real browser: clean for axe in light and dark, at both widths."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pyotp
import pytest
from playwright.async_api import Browser

from tests.browser.test_console import Watched, chromium
from tests.browser.test_talks import found
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "furnished", "running"]

pytestmark = pytest.mark.browser


async def _signed_in(chromium: Browser, running: Running, login: str, password: str, width: int = 1280) -> Watched:
    context = await chromium.new_context(locale="en", viewport={"width": width, "height": 900})
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/sign-in")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    return watched


@pytest.fixture(params=[1280, 768, 390])
async def admin(request: pytest.FixtureRequest, running: Running, chromium: Browser) -> AsyncIterator[Watched]:
    """The administrator, in a browser of her own."""
    watched = await _signed_in(chromium, running, "admin", PASSWORD, request.param)
    yield watched
    await watched.page.context.close()


async def test_somebody_new_from_the_list_to_their_first_page(
    running: Running, chromium: Browser, admin: Watched
) -> None:
    page = admin.page
    await page.goto(f"{running.base_url}/console/people")
    assert await found(page) == []
    await page.get_by_role("link", name="Add a person").click()
    assert await found(page) == []
    await page.get_by_label("Name").fill("Els Maes")
    await page.get_by_label("Login").fill("els@example.org")
    await page.get_by_label("only these:").check()
    await page.get_by_label("Triage").check()
    await page.get_by_role("button", name="Add a person").click()
    assert await found(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first = await page.locator(".secret").inner_text()
    els = await _signed_in(chromium, running, "els@example.org", first)
    await els.page.get_by_role("heading", name="Choose a password of your own").wait_for()
    assert await found(els.page) == []
    await els.page.get_by_label("New password").fill("several words of my own")
    await els.page.get_by_label("The same once more").fill("several words of my own")
    await els.page.keyboard.press("Enter")
    await els.page.get_by_role("heading", name="All cases").wait_for()
    await els.page.context.close()


async def test_a_code_is_set_up_asked_for_and_the_password_again(
    running: Running, chromium: Browser, admin: Watched
) -> None:
    page = admin.page
    await page.goto(f"{running.base_url}/console/me")
    assert await found(page) == []
    await page.get_by_role("link", name="Set it up").click()
    assert await found(page) == []
    await page.get_by_text("Type it instead").click()
    letters = (await page.locator("details code").inner_text()).replace(" ", "")
    await page.get_by_label("Then give the six digits").fill(pyotp.TOTP(letters).at(running.clock()))
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    assert await found(page) == []
    running.clock.forward(minutes=6)
    await page.goto(f"{running.base_url}/console/people/{running.house.users['tom']}")
    assert await found(page) == []
    await page.get_by_role("button", name="Sign out everywhere").click()
    await page.get_by_role("heading", name="Confirm that it is you").wait_for()
    assert await found(page) == []
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_text("Signed out everywhere.").wait_for()
    again = await _signed_in(chromium, running, "admin", PASSWORD)
    await again.page.get_by_role("heading", name="One more step").wait_for()
    assert await found(again.page) == []
    await again.page.get_by_label("Code").fill(pyotp.TOTP(letters).at(running.clock()))
    await again.page.keyboard.press("Enter")
    await again.page.get_by_role("heading", name="You see no cases here").wait_for()
    await again.page.context.close()
