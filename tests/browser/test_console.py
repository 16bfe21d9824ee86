"""A mediator's quarter of an hour in a real browser: sign in, take, note, reply, undo, send, close; and hostile words."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ConsoleMessage, Dialog, Page, async_playwright

from channels.message import Attachment
from tests.browser.scriptless import scriptless
from tests.channels.pictures.making import flood, picture
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import NOW, PASSWORD, Told, add_case

# The fixtures of the console's own tests serve here too.
__all__ = ["furnished", "running"]

pytestmark = pytest.mark.browser
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Chromium as the system has it."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no chromium on this machine: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        await browser.close()


class Watched:
    """A page and everything that went wrong on it."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.dialogs: list[str] = []
        self._base_url = base_url
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", self._asked)
        page.on("request", lambda request: self._requested(request.url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    async def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.type)
        await dialog.accept()

    def _requested(self, url: str) -> None:
        if not url.startswith((self._base_url, "data:", "about:")):
            self.troubles.append(f"request to {url}")


@pytest.fixture
async def anne(running: Running, chromium: Browser) -> AsyncIterator[Watched]:
    """Anne, signed in by hand."""
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/mine")
    await page.get_by_label("Login").fill("anne")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    yield watched
    await context.close()


async def test_a_case_from_the_list_to_its_end(running: Running, anne: Watched) -> None:
    page = anne.page
    assert await page.get_by_role("heading", level=1).inner_text() == "Mine"
    await page.goto(f"{running.base_url}/console/queue/reimbursements")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Jan Peeters").wait_for()
    await page.keyboard.press("a")
    await page.get_by_text("The case is yours.").wait_for()

    await page.keyboard.press("i")
    await page.keyboard.type("Belt liever in de voormiddag.")
    await page.keyboard.press("Control+Enter")
    await page.get_by_text("The note is saved.").wait_for()

    await page.keyboard.press("r")
    await page.keyboard.type("We kijken het vandaag na.")
    await page.get_by_role("button", name="Send to Jan Peeters, by e-mail").click()
    await page.get_by_text("Goes to Jan Peeters in").wait_for()
    await page.keyboard.press("z")
    await page.get_by_text("nothing was sent").wait_for()
    typed = await page.locator("#reply-text").input_value()
    assert "We kijken het vandaag na." in typed
    assert typed.startswith("Beste Jan Peeters,")

    await page.get_by_role("button", name="Send to Jan Peeters, by e-mail").click()
    await page.get_by_text("Goes to Jan Peeters in").wait_for()
    await page.get_by_role("link", name="Close the case").click()
    await page.get_by_label("Explained").check()
    await page.get_by_role("button", name="Close without a message").click()
    await page.get_by_text("The case is closed.").wait_for()
    assert anne.troubles == []
    assert anne.dialogs == []


async def test_what_the_classifier_said_is_corrected_on_the_page(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.goto(running.base_url + running.case("soon"))
    await page.get_by_label("Kind").select_option(label="question")
    await page.get_by_label("urgent distress").check()
    await page.get_by_role("button", name="Correct these").click()
    await page.get_by_text("Corrected. The classifier can learn from it.").wait_for()
    await page.get_by_text("Anne Lemaire corrected the reading: question, urgent distress.").wait_for()
    assert await page.get_by_label("urgent distress").is_checked()
    assert anne.troubles == []
    assert anne.dialogs == []


async def test_unsent_text_is_asked_about_before_it_is_lost(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.goto(running.base_url + running.case("soon"))
    await page.locator("#reply-text").fill("Half geschreven")
    await page.get_by_role("link", name="Mine").first.click()
    assert anne.dialogs == ["beforeunload"]
    assert await page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)") == "{}{}"


async def test_hostile_words_stay_words(running: Running, anne: Watched) -> None:
    page = anne.page
    for path in (running.case("markup"), "/console/", "/console/search?q=gras"):
        await page.goto(running.base_url + path)
        assert "owned" not in await page.title()
    await page.goto(running.base_url + running.case("marie"))
    await page.get_by_role("link", name="As sent").first.click()
    frame = page.frame_locator("iframe")
    await frame.get_by_text("déjà écrit deux fois").wait_for()
    await frame.get_by_text("www.partenamut.be").click()
    assert await frame.locator("script, img, a").count() == 0
    assert page.url.startswith(running.base_url)
    assert anne.dialogs == []
    assert anne.troubles == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1280, "dark"), (2000, "light")])
async def test_nothing_needs_sideways_scrolling(running: Running, anne: Watched, width: int, scheme: str) -> None:
    page = anne.page
    await page.set_viewport_size({"width": width, "height": 800})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    marie = running.case("marie")
    for path in ("/console/", marie, f"{marie}/close", running.case("markup"), "/console/held", "/console/robots",
                 "/console/keys", "/console/search", running.case("sealed")):  # fmt: skip
        await page.goto(running.base_url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_everything_works_without_a_script(running: Running, chromium: Browser) -> None:
    page = await scriptless(chromium, f"{running.base_url}/console/sign-in")
    await page.goto(running.base_url + running.case("soon"))
    await page.get_by_role("button", name="Take it").click()
    await page.locator("#note summary").click()
    await page.locator("#note-text").fill("Zonder script.")
    await page.get_by_role("button", name="Save the note").click()
    await page.get_by_text("Zonder script.").wait_for()
    assert running.clock() == NOW
    await page.context.close()


async def test_a_picture_is_saved_or_the_page_says_why_not(running: Running, anne: Watched) -> None:
    files = (
        Attachment("IMG_2.HEIC", "image/heic", picture("heic")),
        Attachment("flood.png", "image/png", flood(100_000, 100_000)),
    )
    told = Told("Jan Peeters", "jan@mail.example", "Zie de foto.", language="nl", files=files, department="digital")
    await add_case(running.house, "photo", told)
    page = anne.page
    await page.goto(running.base_url + running.case("photo"))
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="IMG_2.HEIC").first.click()
    assert (await saving.value).suggested_filename == "IMG_2.jpg"
    await page.get_by_role("link", name="flood.png").first.click()
    assert await page.get_by_role("heading", level=1).inner_text() == "This picture could not be prepared safely"
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save the original").click()
    assert (await saving.value).suggested_filename.endswith(".eml")
    await page.get_by_role("link", name="Back to the case").click()
    await page.wait_for_url(f"**{running.case('photo')}")
    # Chromium reports a page with the status 422 on its console; that is the one word there.
    assert [trouble for trouble in anne.troubles if "422" not in trouble] == []


async def test_a_button_that_brings_a_file_brings_it_again(running: Running, chromium: Browser) -> None:
    """The page stays where it is, and nothing tells it that the answer came: the next press is no second click."""
    context = await chromium.new_context(locale="en")
    page = await context.new_page()
    await page.goto(f"{running.base_url}/console/audit")
    await page.get_by_label("Login").fill("luc")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    for name in ("Save as CSV", "Save as CSV", "Cases and members as CSV"):
        async with page.expect_download(timeout=10_000) as found:
            await page.get_by_role("button", name=name).click()
        assert (await found.value).suggested_filename.endswith(".csv")
    # As does the page that asks for the password before.
    running.clock.forward(minutes=6)
    await page.get_by_role("button", name="Save as CSV").click()
    for _ in range(2):
        await page.locator("#proof").fill(PASSWORD)
        async with page.expect_download(timeout=10_000):
            await page.locator("form.prove button").first.click()
    await context.close()


async def test_what_is_typed_is_kept_as_a_draft_after_leaving_was_thought_better_of(
    running: Running, anne: Watched
) -> None:
    page = anne.page
    page.remove_listener("dialog", anne._asked)
    page.once("dialog", lambda dialog: dialog.dismiss())
    await page.goto(running.base_url + running.case("soon"))
    await page.route("**/draft", lambda route: route.abort())
    await page.keyboard.press("i")
    await page.locator("#note-text").fill("Belt liever.")
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await page.locator("#reply-text").fill("Half geschreven")
    # The note would be lost: asked about, and the answer is not sent.
    await page.get_by_role("button", name="Send to Jan Peeters, by e-mail").click()
    await page.unroute("**/draft")
    async with page.expect_response(
        lambda answer: "verder" in (answer.request.post_data or ""), timeout=10_000
    ) as kept:
        await page.locator("#reply-text").fill("Half geschreven, en verder")
    assert (await kept.value).status == 204
