"""Lists, search, merging and live news in a real browser: axe finds nothing, keys work, and the page holds still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from console import live_pages
from store import cases, presence
from store.viewer import Viewer
from tests.browser.test_console import Watched, chromium
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD, Told, add_case

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running"]

pytestmark = pytest.mark.browser
SignIn = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def sign_in(running: Running, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SignIn]:
    """Somebody signed in, with a window of their own."""
    monkeypatch.setattr(live_pages, "_PAUSE", 0.1)
    contexts = []

    async def enter(login: str, **options: object) -> Watched:
        context = await chromium.new_context(locale="en", **options)  # type: ignore[arg-type]  # As playwright has them.
        contexts.append(context)
        page = await context.new_page()
        watched = Watched(page, running.base_url)
        await page.goto(f"{running.base_url}/console/mine")
        await page.get_by_label("Login").fill(login)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", level=1).wait_for()
        return watched

    yield enter
    for context in contexts:
        await context.close()


async def objections(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found.response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(running: Running, sign_in: SignIn, scheme: str) -> None:
    await add_case(running.house, "other", Told("Paul Dubois", "paul@mail.example", "Pour ma femme."))
    luc = await sign_in("luc", color_scheme=scheme, viewport={"width": 1280, "height": 900})
    references, page = running.house.references, luc.page
    for path in (
        "/console/?kind=complaint&language=fr",
        "/console/?show=closed",
        "/console/queue/privacy",
        "/console/search?q=marie",
        "/console/search?q=nothing-such",
        f"{running.case('marie')}/merge",
        f"{running.case('marie')}/merge?with={references['other']}",
        f"{running.case('marie')}/split",
        running.case("marie"),
    ):
        await page.goto(running.base_url + path)
        for summary in await page.locator(".narrowing summary").all():
            await summary.click()
        assert await objections(page) == [], path
    assert luc.troubles == []


async def test_a_list_is_narrowed_kept_and_opened_by_keys(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom", viewport={"width": 768, "height": 1024})
    page = tom.page
    await page.goto(f"{running.base_url}/console/")
    await page.get_by_text("Filter", exact=True).click()
    await page.get_by_label("Language").select_option(label="Dutch")
    await page.get_by_role("button", name="Show these").click()
    assert page.url.endswith("/console/?language=nl")
    await page.get_by_text("Keep this list").click()
    await page.get_by_label("Name of the list").fill("In Dutch")
    await page.get_by_role("button", name="Keep", exact=True).click()
    await page.get_by_text("The list is kept").wait_for()
    await page.get_by_role("link", name="In Dutch").click()
    # The page that was open has the same keys and would lose them on its way out.
    await expect(page.get_by_text("The list is kept")).to_have_count(0)
    await page.wait_for_load_state()
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    await page.wait_for_url("**/console/case/**")
    assert tom.troubles == []


async def test_new_cases_wait_behind_their_button(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom")
    page = tom.page
    await page.goto(f"{running.base_url}/console/queue/privacy")
    button = page.get_by_role("button", name="Show")
    await expect(button).to_be_hidden()
    await add_case(running.house, "new", Told("Nieuw Lid", "n@mail.example", "Encore moi.", department="privacy"))
    await page.get_by_text("1 new case.").wait_for()
    await expect(page.get_by_text("Nieuw Lid")).to_have_count(0)
    await page.keyboard.press(".")
    await page.get_by_role("link", name="Nieuw Lid").wait_for()
    await expect(button).to_be_hidden()
    assert tom.troubles == []


async def test_who_else_is_on_a_case_is_named(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom")
    await tom.page.goto(running.base_url + running.case("marie"))
    luc = Viewer(running.house.users["luc"], "Luc Simon", "supervisor")
    async with running.house.store.write() as tx:
        await presence.touch(tx, luc, running.house.cases["marie"], now=running.clock())
    await tom.page.get_by_text("Luc Simon also has this case open.").wait_for()
    assert tom.troubles == []


async def test_a_colleague_s_note_is_told_and_shown_when_asked_for(running: Running, sign_in: SignIn) -> None:
    luc, case_id = await sign_in("luc"), running.house.cases["marie"]
    page = luc.page
    await page.goto(running.base_url + running.case("marie"))
    async with running.house.store.write() as tx:
        await cases.add_note(tx, case_id, running.house.users["tom"], "Rappeler lundi.", now=running.clock())
    await page.get_by_text("Tom Baert added a note since you opened this case.").wait_for()
    await expect(page.get_by_text("Rappeler lundi.")).to_have_count(0)
    await page.keyboard.press(".")
    await page.get_by_text("Rappeler lundi.").wait_for()
    await expect(page.get_by_text("added a note")).to_have_count(0)
    assert luc.troubles == []


async def test_a_wide_list_takes_three_lines_a_case_and_choices_beside_a_case_are_whole(
    running: Running, sign_in: SignIn
) -> None:
    luc = await sign_in("luc", viewport={"width": 1280, "height": 900})
    page = luc.page
    await page.goto(f"{running.base_url}/console/queue/digital")
    rows = page.locator(".row")
    heights = [box["height"] for row in await rows.all() if (box := await row.bounding_box())]
    assert heights
    assert max(heights) <= 80
    await page.goto(running.base_url + running.case("marie"))
    for name in ("#assignee", "#queue", "#department"):
        given = await page.locator(name).evaluate("one => [one.offsetWidth, one.parentElement.clientWidth]")
        assert given[0] == given[1], name
