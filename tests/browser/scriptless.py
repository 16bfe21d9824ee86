"""A colleague whose browser runs no script."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from tests.console.example_house import PASSWORD


async def scriptless(chromium: Browser, address: str, login: str = "tom") -> Page:
    """Sign in without a script on the way to a page of the console; return that page. Closing its context ends it."""
    context = await chromium.new_context(locale="en", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    return page
