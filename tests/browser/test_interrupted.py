"""Interrupted everywhere, against a real house with its register: whatever happens between the first word and the receipt,
nothing typed is lost, nothing is kept twice, and what to do next is said."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from channels.form.submission import Submission
from tests.browser.conftest import OpenPage
from tests.channels.form.running import hidden
from tests.gateway.embedded import Embedded, doors_open, embedded

pytestmark = pytest.mark.browser

PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One house for all tests of this file; some of them end it and start it again, on the same port and data."""
    with embedded(tmp_path_factory.mktemp("interrupted")) as running:
        running.start(ready=doors_open)
        yield running


def asked(house: Embedded, query: str) -> list[tuple[Any, ...]]:
    """What the register answers to a query."""
    database = sqlite3.connect(house.folder / "data" / "guichet.db", timeout=30)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def kept(house: Embedded) -> list[Submission]:
    """Everything that was sent by the form, as it was kept."""
    rows = asked(house, "SELECT raw FROM inbox WHERE channel = 'webform' ORDER BY id")
    return [Submission.from_bytes(raw) for (raw,) in rows]


@pytest.fixture
def before(house: Embedded) -> int:
    """How many messages there were before this test."""
    return len(kept(house))


def new(house: Embedded, before: int) -> list[Submission]:
    """What this test has sent."""
    return kept(house)[before:]


def crash(house: Embedded) -> None:
    """The process is killed, without a chance to tidy up."""
    assert house.process is not None
    house.process.kill()
    house.process.wait()


def start_again(house: Embedded) -> None:
    """The same house once more, on the same port and data."""
    (house.folder / "log").rename(house.folder / "log.before")
    house.start(ready=doors_open)


def url(house: Embedded, path: str = "complaint") -> str:
    return f"http://127.0.0.1:{house.port}/en/{path}"


async def go_on(page: Page, to: str) -> None:
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.locator(to).wait_for()


async def send(page: Page, house: Embedded) -> str:
    """Press Send; the reference on the receipt."""
    await page.get_by_role("button", name="Send my complaint").click()
    await page.wait_for_url(url(house, "receipt"))
    return await page.locator("#reference").inner_text()


async def test_reload_on_every_page_and_back_and_forward(house: Embedded, before: int, open_page: OpenPage) -> None:
    page = await open_page(url(house))
    await page.locator("#text").fill("Reloaded everywhere.")
    await page.reload()
    assert await page.locator("#text").input_value() == "Reloaded everywhere."
    await page.locator("#wanted").fill("An answer.")
    await go_on(page, "#name")
    await page.locator("#name").fill("Marie Dubois")
    await page.reload()
    assert await page.locator("#name").input_value() == "Marie Dubois"
    await page.go_back()
    assert await page.locator("#wanted").input_value() == "An answer."
    await page.reload()
    assert await page.locator("#wanted").input_value() == "An answer."
    await go_on(page, "#name")
    assert await page.locator("#name").input_value() == "Marie Dubois"
    await go_on(page, ".answers")
    await page.reload()
    await page.get_by_text("Marie Dubois").wait_for()
    await page.get_by_text("Reloaded everywhere.").wait_for()
    reference = await send(page, house)
    await page.reload()
    assert await page.locator("#reference").inner_text() == reference
    assert [(one.text, one.wanted, one.name) for one in new(house, before)] == [
        ("Reloaded everywhere.", "An answer.", "Marie Dubois")
    ]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_the_form_in_two_tabs_is_two_messages(
    house: Embedded, before: int, open_page: OpenPage, script: bool
) -> None:
    first = await open_page(url(house), java_script_enabled=script)
    await first.locator("#text").fill("The first matter.")
    second = await first.context.new_page()
    await second.goto(url(house))
    await second.locator("#text").fill("The second matter.")
    # In turn, so that each writes after the other.
    await go_on(first, "#name")
    await go_on(second, "#name")
    await first.locator("#name").fill("Marie Dubois")
    await second.locator("#name").fill("Jan Peeters")
    if script:
        # Neither takes up what the other has written.
        await second.wait_for_timeout(400)
        for page, name in ((first, "Marie Dubois"), (second, "Jan Peeters")):
            await page.reload()
            assert await page.locator("#name").input_value() == name
    await go_on(first, ".answers")
    if script:
        await first.reload()
        await first.get_by_text("The first matter.").wait_for()
    await go_on(second, ".answers")
    references = {await send(first, house)}
    if script:
        # What was sent in one tab is no reason to forget the other's draft.
        assert "The second matter." in str(await second.evaluate("JSON.stringify(localStorage)"))
    references |= {await send(second, house)}
    assert len(references) == 2
    assert [(one.text, one.name) for one in new(house, before)] == [
        ("The first matter.", "Marie Dubois"),
        ("The second matter.", "Jan Peeters"),
    ]
    if script:
        assert await second.evaluate("localStorage.length") == 0


async def fields(page: Page) -> dict[str, str]:
    """The form as this page would send it."""
    return hidden(await page.content())


async def posted(context: BrowserContext, house: Embedded, data: dict[str, str]) -> tuple[int, str]:
    """The form sent by this browser, and the answer not shown: (status, where it leads to)."""
    form: dict[str, str | float | bool] = dict(data)
    answer = await context.request.post(url(house, "complaint?send"), form=form, max_redirects=0)
    return answer.status, answer.headers.get("location", "")


async def test_a_duplicated_tab_and_impatient_fingers_are_one_message(
    house: Embedded, before: int, open_page: OpenPage
) -> None:
    page = await open_page(url(house), java_script_enabled=False)
    await page.locator("#text").fill("Duplicated.")
    await go_on(page, "#name")
    await go_on(page, ".answers")
    data = await fields(page)
    answers = await asyncio.gather(*(posted(page.context, house, data) for _ in range(6)))
    assert {status for status, _ in answers} == {303}
    assert len({where for _, where in answers}) == 1
    reference = await send(page, house)
    assert reference.startswith("PM-")
    assert [one.text for one in new(house, before)] == ["Duplicated."]


async def test_double_tap_on_send(house: Embedded, before: int, open_page: OpenPage) -> None:
    for script in (True, False):
        page = await open_page(url(house), java_script_enabled=script)
        await page.locator("#text").fill(f"Tapped twice, script {script}.")
        await go_on(page, "#name")
        await go_on(page, ".answers")
        await page.get_by_role("button", name="Send my complaint").dblclick()
        await page.wait_for_url(url(house, "receipt"))
    assert [one.text for one in new(house, before)] == ["Tapped twice, script True.", "Tapped twice, script False."]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_cookies_that_go_between_two_pages(
    house: Embedded, before: int, open_page: OpenPage, script: bool
) -> None:
    page = await open_page(url(house), java_script_enabled=script)
    await page.locator("#text").fill("Without a cookie.")
    await go_on(page, "#name")
    await page.locator("#name").fill("Marie Dubois")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_text("Your text is kept.").wait_for()
    assert await page.locator("#name").input_value() == "Marie Dubois"
    await go_on(page, ".answers")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Send my complaint").click()
    await page.get_by_role("heading", name="Please press Send again").wait_for()
    assert new(house, before) == []
    await send(page, house)
    assert [(one.text, one.name) for one in new(house, before)] == [("Without a cookie.", "Marie Dubois")]
    # Without its cookie the receipt is gone, and says nothing of anybody.
    await page.context.clear_cookies()
    answer = await page.reload()
    assert answer is not None
    assert answer.status == 404
    assert "Marie" not in await page.content()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_a_house_that_stops_between_two_pages(
    house: Embedded, before: int, open_page: OpenPage, script: bool
) -> None:
    page = await open_page(url(house), java_script_enabled=script)
    await page.locator("#text").fill("Between two pages.")
    await page.locator("#files").set_input_files([{"name": "l.pdf", "mimeType": "application/pdf", "buffer": PDF}])
    await go_on(page, "#name")
    await page.locator("#name").fill("Marie Dubois")
    assert house.end()[0] == 0
    await page.get_by_role("button", name="Continue", exact=True).click()
    # Asked again and again: a wait for a navigation would fail with the navigation that is meant to fail.
    await expect(page).to_have_url(re.compile("^chrome-error://"))
    start_again(house)
    await page.go_back()
    await page.locator("#name").wait_for()
    assert await page.locator("#name").input_value() == "Marie Dubois"
    await go_on(page, ".answers")
    await page.get_by_text("l.pdf").wait_for()
    await send(page, house)
    (sent,) = new(house, before)
    assert (sent.text, sent.name) == ("Between two pages.", "Marie Dubois")
    assert [(file.name, file.content) for file in sent.files] == [("l.pdf", PDF)]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_a_house_that_dies_between_send_and_receipt(
    house: Embedded, before: int, open_page: OpenPage, script: bool
) -> None:
    page = await open_page(url(house), java_script_enabled=script)
    await page.locator("#text").fill("Before the receipt.")
    await go_on(page, "#name")
    await go_on(page, ".answers")
    # Sent and kept; the answer never reached the page.
    status, where = await posted(page.context, house, await fields(page))
    assert status == 303
    crash(house)
    await page.get_by_role("button", name="Send my complaint").click()
    # Asked again and again: a wait for a navigation would fail with the navigation that is meant to fail.
    await expect(page).to_have_url(re.compile("^chrome-error://"))
    start_again(house)
    await page.go_back()
    await page.locator(".answers").wait_for()
    await page.get_by_text("Before the receipt.").wait_for()
    reference = await send(page, house)
    assert [one.text for one in new(house, before)] == ["Before the receipt."]
    await page.goto(where)
    assert await page.locator("#reference").inner_text() == reference


async def test_a_connection_that_breaks_while_a_file_goes_up(house: Embedded, before: int, open_page: OpenPage) -> None:
    page = await open_page(url(house))
    await page.locator("#text").fill("With a broken line.")
    await page.locator("#files").set_input_files([{"name": "l.pdf", "mimeType": "application/pdf", "buffer": PDF}])

    async def refuse(route: Route) -> None:
        if route.request.method == "POST":
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/complaint*", refuse)
    await page.get_by_role("button", name="Continue", exact=True).click()
    # Asked again and again: a wait for a navigation would fail with the navigation that is meant to fail.
    await expect(page).to_have_url(re.compile("^chrome-error://"))
    await page.unroute("**/complaint*")
    await page.go_back()
    await expect(page.locator("#text")).to_have_value("With a broken line.")
    await go_on(page, "#name")
    await go_on(page, ".answers")
    await send(page, house)
    assert [one.text for one in new(house, before)] == ["With a broken line."]


async def half_a_form(house: Embedded, data: dict[str, str], cookie: str, path: str, *, rudely: bool) -> None:
    """Announce a form with a file of 4 MB, send half of it and hang up, or tear the line."""
    boundary = "----half"
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in data.items()
    )
    body += f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="half.pdf"\r\n\r\n%PDF-1.7\n'
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: 4000000\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(head.encode() + body.encode() + b"x" * 2_000_000)
    await writer.drain()
    if rudely:
        writer.transport.abort()
    else:
        writer.close()


async def test_an_upload_that_is_cut_at_half_leaves_nothing(house: Embedded, before: int) -> None:
    answer = await asyncio.to_thread(house.ask, "/en/complaint")
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    said = len(house.log())
    waiting = house.folder / "data" / "unsent"
    there = set(waiting.iterdir()) if waiting.exists() else set()
    for path in ("/en/complaint?go=2", "/en/complaint?send", "/api/v1/messages"):
        for rudely in (True, False):
            await half_a_form(house, {**hidden(answer.text), "text": "Cut at half."}, cookie, path, rudely=rudely)
    await asyncio.sleep(1)
    assert (await asyncio.to_thread(house.ask, "/en/complaint")).status == 200
    assert new(house, before) == []
    assert (set(waiting.iterdir()) if waiting.exists() else set()) == there
    lines = house.log()[said:]
    for word in ("error", "traceback", "exception", "warning", "half.pdf", "Cut at half"):
        assert word.lower() not in lines.lower(), lines


async def test_what_was_sent_became_one_case_each(house: Embedded) -> None:
    """After everything above: each message has its fate, and the register is sound."""
    fates = "SELECT fate, count(*) FROM inbox GROUP BY fate"
    house.wait_for(lambda: dict(asked(house, fates)).get(None, 0) == 0, "what was sent was not read", seconds=120)
    assert dict(asked(house, fates)) == {"opened": len(kept(house))}
    done = await asyncio.to_thread(house.command, "reconcile", "--json")
    assert json.loads(done.stdout)["sound"], done.stdout
