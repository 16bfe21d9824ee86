"""Passkeys in a real browser, with an authenticator that DevTools makes: added, used to sign in and as proof, refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, CDPSession

from tests.browser.test_console import Watched, chromium
from tests.browser.test_talks import found
from tests.console.conftest import Running, furnished, started
from tests.console.example_house import PASSWORD, House

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "furnished"]

pytestmark = pytest.mark.browser


@dataclass
class Desk:
    """Tom's browser with an authenticator in it."""

    running: Running
    watched: Watched
    devtools: CDPSession
    authenticator: str

    async def sign_in(self) -> None:
        """Login and password."""
        page = self.watched.page
        await page.goto(f"{self.running.base_url}/console/sign-in")
        await page.get_by_label("Login").fill("tom")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")

    async def verifies(self, whether: bool) -> None:
        """Whether a finger is recognised."""
        told = {"authenticatorId": self.authenticator, "isUserVerified": whether}
        await self.devtools.send("WebAuthn.setUserVerified", told)


@pytest.fixture(params=[1280, 390])
async def desk(
    request: pytest.FixtureRequest, furnished: tuple[Path, House], tmp_path: Path, chromium: Browser
) -> AsyncIterator[Desk]:
    """Tom signed in, on a console that has a name."""
    async with started(furnished, tmp_path, host="localhost") as running:
        context = await chromium.new_context(locale="en", viewport={"width": request.param, "height": 900})
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        desk = Desk(running, Watched(page, running.base_url), devtools, made["authenticatorId"])
        await desk.sign_in()
        await page.get_by_role("heading", name="All cases").wait_for()
        yield desk
        await context.close()


async def _add(desk: Desk, name: str) -> None:
    page = desk.watched.page
    await page.goto(f"{desk.running.base_url}/console/me")
    await page.get_by_role("link", name="Add a passkey").click()
    await page.get_by_label("Its name").fill(name)
    assert await found(page) == []
    await page.get_by_role("button", name="Make the passkey").click()


async def test_a_passkey_is_made_and_lets_in(desk: Desk) -> None:
    page = desk.watched.page
    await _add(desk, "Laptop")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    await page.goto(f"{desk.running.base_url}/console/me")
    assert await page.get_by_text("Laptop").first.is_visible()
    assert await found(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.context.clear_cookies()
    await desk.sign_in()
    await page.get_by_text("Your password is right").wait_for()
    assert await found(page) == []
    # The one thing to do has the focus.
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="All cases").wait_for()
    assert desk.watched.troubles == []


async def test_who_is_not_recognised_stays_outside_and_may_give_a_code(desk: Desk) -> None:
    page = desk.watched.page
    await _add(desk, "Laptop")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    codes = await page.locator(".codes code").all_inner_texts()
    await page.context.clear_cookies()
    await desk.sign_in()
    await desk.verifies(False)
    await page.get_by_role("button", name="Use my passkey").click()
    await page.get_by_text("The passkey was not used").wait_for()
    assert await found(page) == []
    await page.get_by_label("Code", exact=True).fill(codes[0])
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="All cases").wait_for()


async def test_the_same_device_is_no_second_passkey_and_one_proves_who_one_is(desk: Desk) -> None:
    page = desk.watched.page
    await _add(desk, "Laptop")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    await _add(desk, "Laptop again")
    await page.get_by_text("The passkey was not made").wait_for()
    desk.running.clock.forward(minutes=6)
    await page.goto(f"{desk.running.base_url}/console/me")
    await page.get_by_role("button", name="Remove Laptop").click()
    await page.get_by_role("heading", name="Confirm that it is you").wait_for()
    assert await found(page) == []
    await page.get_by_role("button", name="Use my passkey").click()
    await page.get_by_text("The passkey is removed.").wait_for()
