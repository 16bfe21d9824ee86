"""The form as people meet it: with and without script, by keyboard, on a narrow screen, in the dark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import Page

from channels.form.submission import Submission
from tests.browser.conftest import OpenPage
from tests.channels.form.doors import NOW
from tests.channels.form.running import Start

pytestmark = pytest.mark.browser

# What must hold on every page; returns what does not, in words.
_AUDIT = """() => {
  const wrong = [];
  const seen = (element) => element.getClientRects().length && !element.closest("[aria-hidden=true], .unseen, .skip, .trap");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("one h1");
  if (!document.documentElement.lang) wrong.push("lang");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  for (const field of document.querySelectorAll("input:not([type=hidden]), textarea"))
    if (!field.labels.length) wrong.push(`no label: ${field.name}`);
  for (const name of ["aria-describedby", "aria-labelledby"])
    for (const element of document.querySelectorAll(`[${name}]`))
      for (const id of element.getAttribute(name).split(" "))
        if (!document.getElementById(id)) wrong.push(`nothing is called ${id}`);
  for (const link of document.querySelectorAll("a[href^='#']"))
    if (!document.getElementById(link.hash.slice(1))) wrong.push(`leads nowhere: ${link.hash}`);
  for (const target of document.querySelectorAll("button, nav a, .button, input[type=text], input[type=file], textarea"))
    if (seen(target) && target.getBoundingClientRect().height < 43.5) wrong.push(`small: ${target.outerHTML.slice(0, 80)}`);
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`wide: ${document.documentElement.scrollWidth}`);
  return wrong;
}"""


async def audit(page: Page) -> None:
    """Hold a page to what every page promises, at the width it has and at 320 px (400 % zoom of 1280)."""
    assert await page.evaluate(_AUDIT) == []
    size = page.viewport_size
    assert size is not None
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate(_AUDIT) == []
    await page.set_viewport_size(size)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_from_landing_to_case(
    start: Start, open_page: OpenPage, complaints: list[str], script: bool, tmp_path: object
) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/", java_script_enabled=script)
    if script:
        await audit(page)
    await page.get_by_role("link", name="Write my complaint").click()
    await page.get_by_role("button", name="Continue", exact=True).click()

    await page.get_by_role("heading", name="There is something to check").wait_for()
    assert (await page.title()).startswith("Error: ")
    assert await page.locator("#problems").evaluate("(element) => element === document.activeElement") is True
    await page.get_by_role("link", name="Tell us what happened").click()
    assert await page.locator("#text").evaluate("(element) => element === document.activeElement") is True
    if script:
        await audit(page)

    await page.keyboard.type("My benefit stopped on 3 November.")
    await page.get_by_label("What would put it right?").fill("An answer.")
    await page.get_by_label("Photos and papers").set_input_files(
        [{"name": "lettre d’été.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF"}]
    )
    await page.get_by_role("button", name="Continue", exact=True).click()

    await page.get_by_role("heading", name="How can we reach you?").wait_for()
    await page.get_by_label("First and last name").fill("Marie Dubois")
    await page.get_by_label("E-mail address").fill("marie@")
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_role("heading", name="There is something to check").wait_for()
    assert await page.get_by_label("First and last name").input_value() == "Marie Dubois"
    await page.get_by_label("E-mail address").fill("marie@mail.example")
    await page.get_by_text("I write for somebody else").click()
    await page.get_by_label("Name of this person").fill("Jan Dubois")
    if script:
        await audit(page)
    await page.get_by_role("button", name="Continue", exact=True).click()

    await page.get_by_role("heading", name="Check your answers").wait_for()
    if script:
        await audit(page)
    await page.get_by_role("button", name="Change (What would put it right?").click()
    await page.get_by_role("button", name="Remove lettre d’été.pdf").wait_for()
    await page.get_by_label("What would put it right?").fill("A quick answer.")
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_role("heading", name="How can we reach you?").wait_for()
    assert await page.get_by_label("Name of this person").input_value() == "Jan Dubois"
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_role("button", name="Send my complaint").click()

    await page.wait_for_url(f"{running.base_url}/en/receipt")
    await page.get_by_text("Wednesday 23 December 2026").first.wait_for()
    token = next(iter(running.door.cases))
    assert token not in await page.content()
    if script:
        await audit(page)
    submission = Submission.from_bytes(running.door.raw[0])
    assert [file.name for file in submission.files] == ["lettre d’été.pdf"]
    assert (submission.text, submission.wanted) == ("My benefit stopped on 3 November.", "A quick answer.")

    await page.get_by_role("link", name="See my case").click()
    await page.get_by_label("Your message").fill("One more thing.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.get_by_text("We have your message. It is with your case.").wait_for()
    await page.get_by_text("One more thing.").wait_for()
    if script:
        await audit(page)
    await page.get_by_role("button", name="Close and forget me here").click()
    await page.get_by_role("heading", name="Tell us what went wrong").wait_for()
    answer = await page.goto(f"{running.base_url}/en/case")
    assert answer is not None
    assert answer.status == 404
    assert complaints == []


async def to_the_end(page: Page, go: str = "Continue") -> None:
    """From the first page of the form to the last."""
    await page.get_by_role("button", name=go, exact=True).click()
    await page.locator("#name").wait_for()
    await page.get_by_role("button", name=go, exact=True).click()
    await page.locator(".answers").wait_for()


async def test_keyboard_language_and_back_keep_what_was_typed(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/fr/complaint")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.locator("#text").fill("Depuis août.")
    await page.locator(".brand").click()
    await page.get_by_role("link", name="Écrire ma plainte").wait_for()
    await page.go_back()
    assert await page.locator("#text").input_value() == "Depuis août."
    await page.get_by_role("button", name="Nederlands").click()
    await page.get_by_role("button", name="Verder", exact=True).wait_for()
    assert await page.locator("#text").input_value() == "Depuis août."
    await page.get_by_role("button", name="Verder", exact=True).press("Enter")
    # Enter in a field turns the page; it does not press the first language.
    await page.locator("#name").fill("Jan Peeters")
    await page.locator("#name").press("Enter")
    await page.get_by_role("heading", name="Kijk uw antwoorden na").wait_for()
    # The browser's own Back and Forward find each page as it was left.
    await page.go_back()
    assert await page.locator("#name").input_value() == "Jan Peeters"
    await page.go_back()
    assert await page.locator("#text").input_value() == "Depuis août."
    await page.go_forward()
    await page.go_forward()
    await page.get_by_role("button", name="Mijn klacht versturen").press("Enter")
    await page.wait_for_url(f"{running.base_url}/nl/receipt")
    assert len(running.door.raw) == 1
    assert Submission.from_bytes(running.door.raw[0]).name == "Jan Peeters"
    assert complaints == []


async def test_an_impatient_double_click_makes_one_case(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/de/complaint")
    await page.locator("#text").fill("Niemand antwortet.")
    await to_the_end(page, "Weiter")
    await page.get_by_role("button", name="Meine Beschwerde absenden").dblclick()
    await page.wait_for_url(f"{running.base_url}/de/receipt")
    assert len(running.door.raw) == 1


async def test_back_from_the_receipt_and_sending_again_is_the_same_case(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint", java_script_enabled=False)
    await page.locator("#text").fill("Nobody answers my letters.")
    await to_the_end(page)
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    await page.go_back()
    await page.get_by_role("heading", name="Check your answers").wait_for()
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert len(running.door.raw) == 1
    # Changed words are a second message, sent only when that is what they want.
    await page.go_back()
    await page.get_by_role("button", name="Change (What happened?)").click()
    await page.locator("#text").fill("Another matter.")
    await to_the_end(page)
    await page.get_by_role("button", name="Send my complaint").click()
    await page.get_by_role("heading", name="We already have an earlier version").wait_for()
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert len(running.door.raw) == 2
    # A form that is opened anew is a new message, whatever it says.
    await page.goto(f"{running.base_url}/en/complaint")
    assert await page.locator("#text").input_value() == ""


async def test_back_from_the_receipt_sends_nothing_twice_and_leaves_no_draft(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint")
    await page.locator("#text").fill("Nobody answers my letters.")
    await to_the_end(page)
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert await page.evaluate("localStorage.length") == 0
    await page.go_back()
    await page.locator("#form").wait_for()
    assert len(running.door.raw) == 1


async def test_what_was_written_is_kept_here_offered_again_and_deletable(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint")
    offered = page.get_by_role("heading", name="You started to write")
    assert not await offered.is_visible()
    await page.locator("#text").fill("Nobody answers my letters.")
    await page.locator("#files").set_input_files(
        [{"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF"}]
    )
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.locator("#name").fill("Marie Dubois")
    await page.get_by_text("I write for somebody else").click()
    await page.locator("#for_name").fill("Jan Dubois")
    # Reloaded in the middle, nothing has to be typed again.
    await page.reload()
    assert await page.locator("#name").input_value() == "Marie Dubois"
    assert await page.locator("#for_name").is_visible()
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_role("heading", name="Check your answers").wait_for()
    await page.reload()
    await page.get_by_text("Nobody answers my letters.").wait_for()
    await page.get_by_text("letter.pdf").wait_for()
    await page.get_by_role("button", name="Back", exact=True).click()
    assert await page.locator("#name").input_value() == "Marie Dubois"
    # The tab is closed, and the form opened anew on another day's visit: it is offered, files included.
    again = await page.context.new_page()
    await page.close()
    await again.goto(f"{running.base_url}/en/complaint")
    await again.get_by_role("heading", name="You started to write").wait_for()
    assert await again.locator("#text").input_value() == ""
    await audit(again)
    await again.get_by_role("button", name="Go on with it").click()
    assert await again.locator("#text").input_value() == "Nobody answers my letters."
    await again.get_by_role("button", name="Continue", exact=True).click()
    assert await again.locator("#name").input_value() == "Marie Dubois"
    await again.get_by_role("button", name="Continue", exact=True).click()
    await again.get_by_text("letter.pdf").wait_for()
    await again.get_by_role("button", name="Send my complaint").click()
    await again.wait_for_url(f"{running.base_url}/en/receipt")
    sent = Submission.from_bytes(running.door.raw[0])
    assert (sent.name, sent.for_name, [file.name for file in sent.files]) == (
        "Marie Dubois",
        "Jan Dubois",
        ["letter.pdf"],
    )
    # What was sent is no draft any more.
    await again.goto(f"{running.base_url}/en/complaint")
    assert not await again.get_by_role("heading", name="You started to write").is_visible()
    await again.locator("#text").fill("Another matter.")
    await again.get_by_role("button", name="Delete what I wrote").last.click()
    await again.wait_for_url(f"{running.base_url}/en/complaint")
    assert await again.locator("#text").input_value() == ""
    assert await again.evaluate("localStorage.length") == 0
    assert complaints == []


async def test_comfort_of_the_script(start: Start, open_page: OpenPage, complaints: list[str]) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint")
    await page.locator("#text").fill("x" * 17_000)
    assert await page.get_by_text("characters left").count() == 0
    await page.locator("#text").fill("x" * 19_990)
    await page.get_by_text("10 characters left").wait_for()
    assert complaints == []


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_every_state_of_the_case_page_keeps_its_promises(
    start: Start, open_page: OpenPage, complaints: list[str], language: str
) -> None:
    running = await start()
    long = "a" * 196 + ".pdf"
    base = replace(running.door.view, reference="PM-2026-004217-75", department="incapacity")
    running.door.cases = {
        "asked": replace(base, question=long, state="waiting_for_you"),
        "late": replace(base, late=True, promised_on=NOW.date()),
        "anonymous": replace(base, situation="anonymous", state="refused", due_on=None, can=frozenset({"identify"})),
        "answered": replace(base, state="answered", outcome=long, can=frozenset({"add", "disagree"})),
        "urgent": replace(base, situation="urgent", merged_into="PM-2026-004216-78"),
        "closed": replace(base, state="closed", can=frozenset()),
    }
    page = await open_page(f"{running.base_url}/{language}/", color_scheme="dark", forced_colors="active")
    for token in running.door.cases:
        for address in (f"c/{token}", "receipt"):
            await page.goto(f"{running.base_url}/{language}/{address}")
            await audit(page)
    await page.goto(f"{running.base_url}/{language}/nowhere")
    await audit(page)
    assert complaints == []
