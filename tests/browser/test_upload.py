"""Files at the form: each travels at once on a row of its own, whatever happens on the way; and hints beside the story."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, Request, Route, expect

from channels.form.submission import Submission
from tests.browser.conftest import OpenPage
from tests.browser.test_accessible import found
from tests.browser.test_form import audit
from tests.channels.form.running import Running, Start

pytestmark = pytest.mark.browser

# Several browsers may share the machine.
expect.set_options(timeout=15_000)
PDF = b"%PDF-1.7\n%%EOF"


def file(name: str, content: bytes = PDF) -> Any:
    """A file in playwright's own shape."""
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


async def choose(page: Page, *files: Any) -> None:
    """Choose files by the real input."""
    await page.locator("#files").set_input_files(list(files))


async def slow(page: Page, bytes_a_second: int) -> None:
    """Let everything that is sent go at so many bytes a second; 0 stops it."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second or -1}
    await session.send("Network.emulateNetworkConditions", conditions)


def row(page: Page, name: str) -> Any:
    """The row of a file."""
    return page.locator(".picked li", has_text=name)


async def state(page: Page, name: str, wanted: str) -> None:
    """Wait until a file's row is in a state."""
    await expect(row(page, name)).to_have_attribute("data-state", wanted)


def kept(running: Running) -> list[str]:
    """The names of the files that wait in the house."""
    return sorted(one.name for one in running.door.waiting.values())


async def opened(
    start: Start, open_page: OpenPage, path: str = "en/complaint", **options: object
) -> tuple[Running, Page]:
    """The first page of the form, with a story."""
    running = await start()
    page = await open_page(f"{running.base_url}/{path}", **options)
    # From now on choosers of files are caught; asked for just before the key, the browser's own would be quicker.
    page.on("filechooser", lambda _: None)
    await page.locator("#text").fill("Nobody answers my letters.")
    return running, page


async def go_on(page: Page) -> None:
    """Press Continue."""
    await page.locator(".send .button").click()


async def test_three_files_travel_with_their_progress_one_is_stopped_and_one_taken_off(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running, page = await opened(start, open_page)
    await slow(page, 300_000)
    await choose(
        page, file("first.pdf", PDF + b"0" * 400_000), file("second.pdf", PDF + b"0" * 400_000), file("third.pdf")
    )
    assert await page.locator("#files").evaluate("(input) => input.files.length") == 0
    bar = row(page, "first.pdf").get_by_role("progressbar", name="first.pdf")
    await expect(bar).to_be_visible()
    await expect(row(page, "first.pdf")).to_contain_text("On its way:")
    await expect(row(page, "first.pdf")).to_contain_text(re.compile(r"On its way: [2-9]\d %"))
    assert float(await bar.evaluate("(bar) => bar.value")) >= 20
    assert await row(page, "second.pdf").locator(".note").inner_text() == "Waiting for its turn"
    await state(page, "first.pdf", "added")
    await expect(bar).to_be_hidden()
    await state(page, "second.pdf", "sending")
    await page.get_by_role("button", name="Cancel second.pdf").click()
    await expect(row(page, "second.pdf")).to_have_count(0)
    await state(page, "third.pdf", "added")
    await expect(page.get_by_role("status").filter(has_text="third.pdf: Added.")).to_have_count(1)
    await page.get_by_role("button", name="Remove first.pdf").click()
    await expect(row(page, "first.pdf")).to_have_count(0)
    await go_on(page)
    await page.locator("#name").wait_for()
    assert kept(running) == ["third.pdf"]
    await go_on(page)
    await page.locator(".answers").wait_for()
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(f"{running.base_url}/en/receipt")
    assert [one.name for one in Submission.from_bytes(running.door.raw[0]).files] == ["third.pdf"]
    assert complaints == []


async def test_each_wrong_file_is_told_at_its_row_and_not_passed_over(start: Start, open_page: OpenPage) -> None:
    running, page = await opened(start, open_page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/files") else None)
    await choose(page, file("empty.pdf", b""), file("song.mp3"), file("film.pdf", PDF + b"0" * 20_000_000))
    for name, words in (
        ("empty.pdf", "The file empty.pdf is empty."),
        ("song.mp3", "We cannot read files like song.mp3."),
        ("film.pdf", "This file is too large."),
    ):
        await state(page, name, "wrong")
        await expect(row(page, name)).to_contain_text(words)
    # What the browser knows to be wrong is not sent.
    assert sent == []
    await choose(page, file("locked.pdf", b"%PDF-1.7\n/Encrypt 1 0 R\n%%EOF"), file("photo.png"))
    await expect(row(page, "locked.pdf")).to_contain_text("is locked with a password")
    await expect(row(page, "photo.png")).to_contain_text("is not what its name says")
    await choose(page, *(file(f"{number}.pdf") for number in range(11)))
    await state(page, "9.pdf", "added")
    await expect(row(page, "10.pdf")).to_contain_text("You can add at most 10 files.")
    await go_on(page)
    await page.get_by_role("alert").get_by_text("Not all files are added.").wait_for()
    await expect(page.get_by_role("button", name="Remove empty.pdf")).to_be_focused()
    for name in ("empty.pdf", "song.mp3", "film.pdf", "locked.pdf", "photo.png", "10.pdf"):
        await page.get_by_role("button", name=f"Remove {name}").click()
    await expect(page.get_by_text("Not all files are added.")).to_be_hidden()
    await go_on(page)
    await page.locator("#name").wait_for()
    assert len(kept(running)) == 10


async def test_a_lost_connection_is_tried_once_more_and_then_by_hand(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running, page = await opened(start, open_page)
    tries = 0

    async def fail(route: Route) -> None:
        nonlocal tries
        tries += 1
        await route.abort()

    await page.route("**/complaint/files", fail)
    await choose(page, file("letter.pdf"))
    await state(page, "letter.pdf", "lost")
    await expect(row(page, "letter.pdf")).to_contain_text("The connection was lost. We try once more.")
    await state(page, "letter.pdf", "failed")
    assert tries == 2
    await go_on(page)
    await expect(page.get_by_role("button", name="Try again letter.pdf")).to_be_focused()
    assert await found(page) == []
    await page.unroute("**/complaint/files")
    running.door.full = True
    await page.keyboard.press("Enter")
    await expect(row(page, "letter.pdf")).to_contain_text("We cannot keep files just now.")
    running.door.full = False
    await page.get_by_role("button", name="Try again letter.pdf").click()
    await state(page, "letter.pdf", "added")
    await go_on(page)
    await page.locator("#name").wait_for()
    assert kept(running) == ["letter.pdf"]
    assert complaints == []


async def test_going_on_waits_for_files_that_travel(start: Start, open_page: OpenPage) -> None:
    running, page = await opened(start, open_page)
    await slow(page, 200_000)
    await choose(page, file("first.pdf", PDF + b"0" * 400_000), file("second.pdf"))
    await state(page, "first.pdf", "sending")
    await go_on(page)
    button = page.locator(".send .button")
    await expect(button).to_have_text("Waiting for your files…")
    await page.get_by_role("button", name="Stay on this page").click()
    await expect(button).to_have_text("Continue")
    await expect(button).to_be_focused()
    await button.click()
    await page.locator("#name").wait_for()
    assert kept(running) == ["first.pdf", "second.pdf"]
    await page.get_by_role("button", name="Back", exact=True).click()
    await expect(page.locator(".picked li")).to_have_count(2)
    # Another language is a button of the form as well.
    await slow(page, 200_000)
    await choose(page, file("third.pdf", PDF + b"0" * 300_000))
    await state(page, "third.pdf", "sending")
    await page.get_by_role("button", name="Deutsch").click()
    await page.locator("html[lang=de]").wait_for()
    await expect(page.locator(".picked li")).to_have_count(3)
    await expect(row(page, "third.pdf")).to_contain_text("Hinzugefügt")
    # Whoever stops the last one that travels goes on without it.
    await choose(page, file("fourth.pdf", PDF + b"0" * 900_000))
    await state(page, "fourth.pdf", "sending")
    await go_on(page)
    await page.get_by_role("button", name="Abbrechen fourth.pdf").click()
    await page.locator("#name").wait_for()
    assert kept(running) == ["first.pdf", "second.pdf", "third.pdf"]


async def test_rows_come_back_after_reload_back_and_a_closed_tab_and_what_is_gone_is_said(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running, page = await opened(start, open_page)
    await choose(page, file("first.pdf"), file("second.pdf"))
    await state(page, "second.pdf", "added")
    await page.wait_for_timeout(400)
    await page.reload()
    await state(page, "first.pdf", "added")
    await state(page, "second.pdf", "added")
    await choose(page, file("third.pdf"))
    await state(page, "third.pdf", "added")
    await go_on(page)
    await page.locator("#name").wait_for()
    await page.go_back()
    await state(page, "third.pdf", "added")
    await expect(page.locator(".picked li")).to_have_count(3)
    await page.get_by_role("button", name="Remove second.pdf").click()
    await page.wait_for_timeout(400)
    again = await page.context.new_page()
    await page.close()
    token = next(token for token, one in running.door.waiting.items() if one.name == "first.pdf")
    del running.door.waiting[token]
    await again.goto(f"{running.base_url}/en/complaint")
    assert await again.locator(".picked li").count() == 0
    await again.get_by_role("button", name="Go on with it").click()
    await state(again, "third.pdf", "added")
    await expect(again.locator(".picked li")).to_have_count(1)
    await again.get_by_role("alert").get_by_text("Not all files that you chose earlier are still here.").wait_for()
    await choose(again, file("first.pdf"))
    await state(again, "first.pdf", "added")
    await go_on(again)
    await again.locator("#name").wait_for()
    await go_on(again)
    await again.locator(".answers").wait_for()
    await again.get_by_role("button", name="Send my complaint").click()
    await again.wait_for_url(f"{running.base_url}/en/receipt")
    assert [one.name for one in Submission.from_bytes(running.door.raw[0]).files] == ["third.pdf", "first.pdf"]
    assert complaints == []


_DROP = """(names) => {
  const data = new DataTransfer();
  for (const name of names) data.items.add(new File(["%PDF-1.7\\n%%EOF"], name, { type: "application/pdf" }));
  const on = document.querySelector("#wanted");
  const fire = (type) => on.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  fire("dragenter");
  const lit = document.querySelector("#form").classList.contains("dropping");
  fire("dragover");
  const stopped = !fire("drop");
  return [lit, stopped, document.querySelector("#form").classList.contains("dropping")];
}"""

_PASTE = """([where, text, named]) => {
  const data = new DataTransfer();
  if (named) data.items.add(new File(["%PDF-1.7\\n%%EOF"], named, { type: "application/pdf" }));
  if (text) data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data });
  return document.querySelector(where).dispatchEvent(event);
}"""


async def test_files_are_dropped_anywhere_and_pasted_and_text_stays_text(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running, page = await opened(start, open_page)
    assert await page.evaluate(_DROP, ["dropped.pdf", "other.pdf"]) == [True, True, False]
    await state(page, "other.pdf", "added")
    assert await page.evaluate(_PASTE, ["#text", "", "pasted.pdf"]) is False
    await state(page, "pasted.pdf", "added")
    assert await page.evaluate(_PASTE, ["#text", "from an office program", "picture.pdf"]) is True
    assert await page.evaluate(_PASTE, ["#text", "words", ""]) is True
    assert await page.evaluate(_PASTE, ["body", "words", "beside.pdf"]) is False
    await state(page, "beside.pdf", "added")
    assert kept(running) == ["beside.pdf", "dropped.pdf", "other.pdf", "pasted.pdf"]
    assert complaints == []


async def test_by_keyboard_alone(start: Start, open_page: OpenPage) -> None:
    running, page = await opened(start, open_page)
    await page.locator("#wanted").focus()
    await page.keyboard.press("Tab")
    await expect(page.locator("#files")).to_be_focused()
    async with page.expect_file_chooser() as chooser:
        await page.keyboard.press("Enter")
    await slow(page, 100_000)
    await (await chooser.value).set_files([file("first.pdf", PDF + b"0" * 300_000), file("second.pdf")])
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Cancel first.pdf")).to_be_focused()
    await page.keyboard.press("Enter")
    # The focus goes on to the next row and is never lost.
    await expect(page.get_by_role("button", name="second.pdf")).to_be_focused()
    await state(page, "second.pdf", "added")
    await expect(page.get_by_role("button", name="Remove second.pdf")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator("#files")).to_be_focused()
    while kept(running):
        await page.wait_for_timeout(50)


async def test_a_phone_offers_its_camera(start: Start, open_page: OpenPage) -> None:
    running, page = await opened(
        start, open_page, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740}
    )
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Take a photo").tap()
    asked = await chooser.value
    assert await asked.element.get_attribute("capture") == "environment"
    await asked.set_files([file("photo.pdf")])
    await state(page, "photo.pdf", "added")
    assert kept(running) == ["photo.pdf"]


async def test_without_script_files_come_with_the_page(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint", java_script_enabled=False)
    await page.locator("#text").fill("Nobody answers my letters.")
    await choose(page, file("first.pdf"), file("second.pdf"))
    await go_on(page)
    await page.locator("#name").wait_for()
    await page.get_by_role("button", name="Back", exact=True).click()
    await page.get_by_role("button", name="Remove first.pdf").click()
    await page.get_by_role("button", name="Remove second.pdf").wait_for()
    assert kept(running) == ["second.pdf"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_of_a_row_is_accessible_and_fits(start: Start, open_page: OpenPage, scheme: str) -> None:
    _, page = await opened(start, open_page, "fr/complaint", color_scheme=scheme)
    await choose(page, file("une-lettre-au-nom-tres-long-" * 4 + ".pdf"), file("chanson.mp3"))
    await state(page, "une-lettre", "added")
    await page.route("**/complaint/files", lambda route: route.abort())
    await choose(page, file("perdue.pdf"))
    await state(page, "perdue.pdf", "lost")
    assert await found(page) == []
    await state(page, "perdue.pdf", "failed")
    await page.unroute("**/complaint/files")
    await slow(page, 20_000)
    await choose(page, file("en-route.pdf", PDF + b"0" * 400_000), file("suivante.pdf"))
    await state(page, "en-route.pdf", "sending")
    await go_on(page)
    await page.get_by_role("button", name="Rester sur cette page").wait_for()
    states = await page.locator(".picked li").evaluate_all("(rows) => rows.map((one) => one.dataset.state)")
    assert states == ["added", "wrong", "failed", "sending", "waiting"]
    assert await found(page) == []
    await audit(page)


async def test_files_of_a_case_travel_the_same_way(start: Start, open_page: OpenPage, complaints: list[str]) -> None:
    running = await start()
    token = await running.submitted()
    page = await open_page(f"{running.base_url}/en/c/{token}")
    await page.get_by_role("heading", name="Your case", exact=True).wait_for()
    await choose(page, file("letter.pdf"), file("song.mp3"))
    await state(page, "letter.pdf", "added")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.get_by_role("alert").get_by_text("Not all files are added.").wait_for()
    await page.get_by_role("button", name="Remove song.mp3").click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.get_by_text("We have your message. It is with your case.").wait_for()
    assert [one.name for one in running.door.additions[0][1].files] == ["letter.pdf"]
    assert complaints == []


async def test_hints_come_after_a_pause_without_moving_the_field_or_the_focus(
    start: Start, open_page: OpenPage, complaints: list[str]
) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/notice") else None)
    await page.locator("#text").press_sequentially("I wait for the refund of a doctor, since August already.", delay=5)
    where = await page.locator("#text").bounding_box()
    hints = page.locator("[data-hints]")
    await expect(hints).to_have_text("We think this is for: Reimbursements. You do not need to choose.")
    assert len(asked) == 1
    assert await page.locator("#text").bounding_box() == where
    await expect(page.locator("#text")).to_be_focused()
    # A short cry for help is looked at too, and help stands first.
    await page.locator("#text").press_sequentially(" suicide")
    await expect(hints.get_by_role("heading").first).to_contain_text("in danger now")
    assert await found(page) == []
    await audit(page)
    assert "suicide" not in "".join(str(one.content) for one in running.door.waiting.values())
    await page.locator("#text").fill("Something else entirely that nobody has a word for on any of the lists.")
    await expect(hints).to_be_empty()
    assert complaints == []


async def test_a_hint_that_is_late_or_fails_changes_nothing(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/complaint")
    held: list[Route] = []

    async def hold(route: Route) -> None:
        if held:
            await route.continue_()
        held.append(route)

    await page.route("**/notice", hold)
    await page.locator("#text").fill("I was in the hospital in August and they sent me a bill.")
    while not held:
        await page.wait_for_timeout(100)
    await page.locator("#text").fill("It is about the refund of my doctor that I wait for since August.")
    await page.wait_for_timeout(1_500)
    # One at a time: the second text is asked about once the first is answered.
    assert len(held) == 1
    await held[0].continue_()
    hints = page.locator("[data-hints]")
    await expect(hints).to_contain_text("We think this is for: Reimbursements.")
    await expect(hints).not_to_contain_text("somebody else")
    await page.unroute("**/notice")
    await page.route("**/notice", lambda route: route.fulfill(status=429))
    await page.locator("#text").fill("And now for something that is very different from what stood here before.")
    await page.wait_for_timeout(2_000)
    await expect(hints).to_contain_text("We think this is for: Reimbursements.")
