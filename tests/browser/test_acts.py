"""Acts on a case in a real browser: what is typed is there again, ready texts go in, keys lead to each act, axe finds nothing."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from tests.browser.test_console import Watched, anne, chromium
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD, Told, add_case
from tests.console.test_merged import merge

# The fixtures of the console's own tests serve here too.
__all__ = ["anne", "chromium", "furnished", "running"]

pytestmark = pytest.mark.browser


async def test_what_is_typed_is_there_again_in_another_browser(
    running: Running, anne: Watched, chromium: Browser
) -> None:
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('soon')}")
    await page.keyboard.press("r")
    await page.locator("#ready").select_option("looking_into_it")
    await page.get_by_role("button", name="Put it in").first.click()
    await page.keyboard.type(" Tot binnenkort.")
    await page.locator("#reply [data-kept]").get_by_text("kept").wait_for()
    context = await chromium.new_context(locale="en")
    other = await context.new_page()
    await other.goto(f"{running.base_url}/console/mine")
    await other.get_by_label("Login").fill("anne")
    await other.get_by_label("Password").fill(PASSWORD)
    await other.get_by_role("button", name="Sign in").click()
    await other.goto(f"{running.base_url}{running.case('soon')}")
    words = await other.locator("#reply-text").input_value()
    assert words.startswith("Beste Jan Peeters,\n\nIk heb uw bericht")
    assert "Tot binnenkort." in words
    assert await other.get_by_text("Your draft of").is_visible()
    await context.close()
    # What is kept is not lost: leaving asks nothing.
    await page.goto(f"{running.base_url}/console/mine")
    assert anne.dialogs == []
    assert anne.troubles == []


async def test_keys_lead_to_each_act(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('marie')}")
    await page.keyboard.press("d")
    await page.keyboard.type("Wat is er gebeurd?")
    await page.keyboard.press("Control+Enter")
    await page.get_by_text("the member does not see this").wait_for()
    await page.wait_for_load_state()
    await page.keyboard.press("p")
    await page.get_by_label("We wait for the department").check()
    await page.locator("#pause-until").fill("2026-12-01")
    await page.get_by_role("button", name="Let it rest", exact=True).click()
    await page.get_by_text("Rests until Tue 1 Dec.").wait_for()
    await page.wait_for_load_state()
    await page.keyboard.press("?")
    sheet = page.locator("dialog[open]")
    await sheet.get_by_text("ask a department").first.wait_for()
    await sheet.get_by_text("let the case rest").first.wait_for()
    assert anne.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(running: Running, anne: Watched, scheme: str) -> None:
    page = anne.page
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two that there are
    case = running.case("marie")
    for path in (case, f"{case}/close", f"{case}/why", "/console/mentions", "/console/recommendations"):
        await page.goto(f"{running.base_url}{path}")
        for part in await page.locator("details:not([name]) > summary").all():
            if await part.is_visible():
                await part.click()
        found = await Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == [], path


async def test_single_keys_on_a_case(running: Running, anne: Watched) -> None:
    """`e`, `f`, `1` to `9` and Esc: each is a button too, and where one is stays in sight."""
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('marie')}")
    where = "() => document.activeElement.dataset.evidence ?? document.activeElement.id"
    await page.keyboard.press("1")
    first = await page.evaluate("() => document.activeElement.textContent")
    assert await page.evaluate(where) == "1"
    # Once more leads to the next words of the same finding.
    await page.keyboard.press("1")
    assert await page.evaluate("() => document.activeElement.textContent") != first
    await page.get_by_role("button", name="see it 1").click()
    assert await page.evaluate(where) == "1"
    await page.keyboard.press("9")
    assert await page.evaluate(where) == "1"
    quoted = page.locator(".story details.more").first
    assert await quoted.get_attribute("open") is None
    await page.locator("h1").click()
    await page.evaluate("() => document.activeElement.blur()")
    await page.keyboard.press("f")
    assert await page.locator(".story details.more:not([open])").count() == 0
    await page.get_by_role("button", name="Open or fold everything").click()
    assert await page.locator(".story details.more[open]").count() == 0
    await page.keyboard.press("e")
    assert await page.evaluate(where) == "department"
    await page.keyboard.press("Escape")
    await page.keyboard.press("i")
    assert await page.evaluate(where) == "note-text"
    # In a field the keys are letters; Esc leads out of it, to what opens it.
    await page.keyboard.type("e1o")
    assert await page.locator("#note-text").input_value() == "e1o"
    await page.keyboard.press("Escape")
    assert await page.evaluate("() => document.activeElement.tagName") == "SUMMARY"
    await page.keyboard.press("c")
    await page.get_by_role("heading", name="Close the case of Marie Dubois").wait_for()
    assert anne.dialogs in ([], ["beforeunload"])
    assert anne.troubles == []


async def test_whom_of_two_members_an_answer_greets_follows_the_choice(running: Running, anne: Watched) -> None:
    paul = Told("Paul Dubois", "paul@mail.example", "J'écris pour ma femme.", days_ago=1)
    await add_case(running.house, "paul", paul)
    await merge(running.house, "paul", "marie")
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('marie')}")
    await page.get_by_label("Who gets it?").select_option(
        label=await page.locator("#reply-to option").nth(1).inner_text()
    )
    assert (await page.locator("#reply-text").input_value()).startswith("Bonjour Paul Dubois,\n")
    assert await page.get_by_role("button", name="Send to Paul Dubois, by e-mail").is_visible()
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"]] == []
    assert anne.troubles == []
