"""Chromium, driven over the application on loopback; what the page complains about is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.channels.form.running import start
from tests.servers import process

__all__ = ["browser", "complaints", "open_page", "start"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own for each test; skipped by name where Chromium is missing, unless servers are required."""
    binary = process.find_binary("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(binary), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def complaints() -> list[str]:
    """What pages said on the console: violations of the policy, errors of scripts."""
    return []


@pytest.fixture
async def open_page(browser: Browser, complaints: list[str]) -> OpenPage:
    """Open a page in a context of its own; keyword arguments are playwright's."""

    async def _open(url: str, **options: object) -> Page:
        context = await browser.new_context(**options)  # type: ignore[arg-type]  # The test says what differs.
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.on(
            "request",
            lambda request: None if request.url.startswith("http://127.0.0.1") else complaints.append(request.url),
        )
        await page.goto(url)
        return page

    return _open
