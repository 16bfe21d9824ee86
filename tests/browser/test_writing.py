"""Writing on a case in a real browser: ready texts at the caret and never twice, keys that lead into sight, what was sent."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.browser.scriptless import scriptless
from tests.browser.test_console import Watched, anne, chromium
from tests.console.conftest import Running, furnished, running

# The fixtures of the console's own tests serve here too.
__all__ = ["anne", "chromium", "furnished", "running"]

pytestmark = pytest.mark.browser


async def in_view(page: Page, selector: str) -> bool:
    """Whether the top of something stands in the window, below everything that is fixed there."""
    return await page.locator(selector).evaluate(
        """(one) => { const box = one.getBoundingClientRect(), seen = document.elementFromPoint(box.left + 9, box.top + 9);
        return box.top >= 0 && box.top < innerHeight && (one === seen || one.contains(seen)); }"""
    )


async def put_in(page: Page, name: str = "ask_papers") -> str:
    """Put a ready text into the answer; what stands there then."""
    await page.locator("#ready").select_option(name)
    await page.locator("#reply").get_by_role("button", name="Put it in").click()
    return await page.locator("#reply-text").input_value()


async def test_a_ready_text_goes_where_it_belongs(running: Running, anne: Watched) -> None:
    page, field = anne.page, anne.page.locator("#reply-text")
    await page.goto(f"{running.base_url}{running.case('soon')}")
    signed = "\n\n".join((await field.input_value()).split("\n\n\n\n")[1:])
    await page.keyboard.press("r")
    await page.keyboard.type("Ik heb uw dossier gelezen.")
    # Behind the sentence, and not glued to it; its blank is chosen, and the list stands at its beginning again.
    text = await put_in(page)
    assert text.startswith("Beste Jan Peeters,\n\nIk heb uw dossier gelezen.\n\nOm verder te gaan")
    assert text.endswith(f"Een leesbare foto is genoeg.\n\n{signed}")
    assert await field.evaluate("(one) => one.value.slice(one.selectionStart, one.selectionEnd)") == "____"
    assert await page.locator("#ready").input_value() == ""
    assert await put_in(page) == text
    # Within a sentence it does not cut it; between two paragraphs it stands between them.
    await field.fill(f"Beste Jan,\n\nEen zin. Nog een.\n\nEn tot slot.\n\n{signed}")
    await field.evaluate("(one) => one.setSelectionRange(16, 16)")
    text = await put_in(page)
    assert text.startswith("Beste Jan,\n\nEen zin. Nog een.\n\nOm verder")
    assert text.endswith(f"is genoeg.\n\nEn tot slot.\n\n{signed}")
    assert anne.troubles == []


async def test_in_a_draft_that_is_opened_again_it_goes_before_the_signature(running: Running, anne: Watched) -> None:
    page, field = anne.page, anne.page.locator("#reply-text")
    await page.goto(f"{running.base_url}{running.case('soon')}")
    written = (await field.input_value()).replace("\n\n\n\n", "\n\nUn document suffit.\n\n")
    await field.fill(written)
    await page.locator("#reply [data-kept]").get_by_text("kept").wait_for()
    await page.reload()
    assert await field.input_value() == written
    text = await put_in(page)
    assert text.startswith("Beste Jan Peeters,\n\nUn document suffit.\n\nOm verder te gaan")
    assert text.rstrip().endswith(written.split("\n\n")[-1].rstrip())
    assert anne.troubles == []


async def test_a_closing_that_is_refused_does_not_double_its_letter(running: Running, anne: Watched) -> None:
    page, field = anne.page, anne.page.locator("#closing-text")
    await page.goto(f"{running.base_url}{running.case('soon')}/close")
    await page.get_by_text("What the member wrote").click()
    await page.get_by_text("Sinds augustus wacht ik").wait_for()
    await page.locator("input[name=outcome][value=founded]").check()
    await page.locator("#ready").select_option("founded")
    await page.get_by_role("button", name="Put it in").click()
    written = await field.input_value()
    await page.get_by_role("button", name="Close and send").click()
    await page.get_by_text("Say what was behind it").wait_for()
    assert await field.input_value() == written
    # What is odd about it stands at the button, and is in sight and in focus as soon as the page is there.
    await page.locator("#cause").select_option("documents")
    await page.get_by_role("button", name="Close and send").click()
    await page.get_by_text("Before it leaves, look once more").wait_for()
    assert await page.evaluate("() => document.activeElement.id") == "doubts"
    assert await in_view(page, "#doubts")
    assert await in_view(page, "[data-send]")
    assert await field.input_value() == written
    assert [one["id"] for one in (await Axe().run(page)).response["violations"]] == []


async def test_what_was_sent_is_in_view(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('marie')}")
    await page.keyboard.press("r")
    await page.keyboard.type("Nous avons bien reçu votre certificat, et votre indemnité part demain.")
    await page.keyboard.press("Control+Enter")
    await page.get_by_text("Goes to Marie Dubois").wait_for()
    sent = page.url.partition("#")[2]
    assert sent.startswith("message-")
    assert await in_view(page, f"#{sent}")
    assert await page.locator("#reply").get_attribute("open") is None
    assert anne.troubles == []


async def test_correcting_has_what_is_doubted_in_focus(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.goto(f"{running.base_url}{running.case('unsure')}")
    await page.keyboard.press("e")
    assert await page.evaluate("() => document.activeElement.id") == "kind"
    assert await in_view(page, "#kind")
    await page.goto(f"{running.base_url}{running.case('marie')}")
    await page.get_by_role("link", name="Correct this").click()
    await page.wait_for_function("() => document.activeElement.id === 'department'")
    assert await in_view(page, "#department")
    assert anne.troubles == []


async def test_where_nothing_can_be_written_the_key_leads_to_why(running: Running, anne: Watched) -> None:
    page = anne.page
    await page.set_viewport_size({"width": 1280, "height": 500})
    await page.goto(f"{running.base_url}{running.case('phone')}")
    await page.keyboard.press("r")
    assert await page.evaluate("() => document.activeElement.textContent") == "Reply to the member"
    assert await in_view(page, "#reply summary")
    assert await page.get_by_role("link", name="+32470001122").is_visible()
    assert anne.troubles == []


async def test_without_script_a_ready_question_goes_in(running: Running, chromium: Browser) -> None:
    page = await scriptless(chromium, f"{running.base_url}{running.case('soon')}")
    await page.locator("#ask summary").click()
    await page.locator("#ready-question").select_option("put_right")
    await page.locator("#ask").get_by_role("button", name="Put it in").click()
    assert "klopt ____ niet" in await page.locator("#ask-text").input_value()
    await page.get_by_role("button", name="Send the question").click()
    await page.get_by_role("button", name="Send the question as it is").click()
    await page.get_by_text("the member does not see this").wait_for()
    await page.context.close()
