"""A file is looked at on the case and on its own page, in a real browser: drawn, and nothing for the policy or axe to say."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from channels.message import Attachment
from tests.browser.test_console import Watched, chromium
from tests.browser.test_every_page import looked_at
from tests.channels.pictures.documents import docx, pdf
from tests.channels.pictures.making import picture
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD
from tests.console.test_papers import with_files

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "furnished", "running"]

pytestmark = pytest.mark.browser
# Waits until each is there; one that cannot be drawn is an error.
_DRAWN = "(images) => Promise.all(images.map((one) => one.decode()))"


async def test_pages_and_words_are_looked_at_where_they_stand(running: Running, chromium: Browser) -> None:
    _, photo, note = await with_files(
        running,
        Attachment("brief.pdf", "application/pdf", pdf("Een", "Twee", "Drie")),
        Attachment("foto.jpg", "image/jpeg", picture("jpeg", size=(900, 600))),
        Attachment("nota.docx", "application/octet-stream", docx("<w:p><w:r><w:t>Beste mevrouw</w:t></w:r></w:p>")),
    )
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/sign-in")
    await page.get_by_label("Login").fill("tom")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1).wait_for()

    await page.goto(f"{running.base_url}{running.case('photo')}")
    # Nothing is drawn before somebody asks, by keys as well.
    assert await page.locator(".look img").evaluate_all("(all) => all.filter((one) => one.naturalWidth).length") == 0
    for at in range(2):
        await page.locator(".look > summary").nth(at).press("Enter")
    await page.locator(".look img").evaluate_all(_DRAWN)
    assert await looked_at(page) == []

    await page.get_by_role("link", name="First page of brief.pdf").click()
    await page.get_by_role("heading", name="brief.pdf").wait_for()
    sheets = page.locator(".sheets img")
    assert await sheets.count() == 3
    for at in range(3):
        await sheets.nth(at).scroll_into_view_if_needed()
    await page.locator(".sheets img").evaluate_all(_DRAWN)
    assert await looked_at(page) == []

    await page.goto(f"{running.base_url}{note}/look")
    assert await page.get_by_text("Beste mevrouw").is_visible()
    assert await looked_at(page) == []
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Save").click()
    assert (await coming.value).suggested_filename == "nota.docx"
    await page.goto(f"{running.base_url}{photo}/look")
    await page.locator(".sheets img").evaluate_all(_DRAWN)
    assert watched.troubles == []
    await context.close()
