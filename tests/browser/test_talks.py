"""A colleague and a conversation in a real browser: sees who waits, takes over, writes, is told who types, gives it back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from store import cases, conversations
from store.live import Hint
from tests.browser.scriptless import scriptless
from tests.browser.test_console import Watched, anne, chromium
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD

# The fixtures of the console's own tests serve here too.
__all__ = ["anne", "chromium", "furnished", "running"]

pytestmark = pytest.mark.browser


async def found(page: Page) -> list[str]:
    """What axe objects to, in words, in light and in dark."""
    wrong: list[str] = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        results = await Axe().run(page)
        wrong += [
            f"{scheme} {one['id']}: {node['html'][:120]}"
            for one in results.response["violations"]
            for node in one["nodes"]
        ]
    await page.emulate_media(color_scheme="light")
    return wrong


async def member_says(running: Running, key: str, text: str) -> None:
    """A line of the member, as the house keeps it and tells of it."""
    talk_id = running.house.talks[key]
    async with running.house.store.write() as tx:
        held = await conversations.held(tx, talk_id)
        assert held is not None
        await cases.add_message(
            tx,
            cases.NewMessage(
                case_id=None,
                direction="in",
                channel=held.channel,
                account=held.account,
                subject="",
                text=text,
                reply="",
                at=running.clock(),
                conversation_id=talk_id,
            ),
        )
    await running.talks.house.live.tell(Hint(talk_id))


@pytest.fixture
async def tom(running: Running, chromium: Browser) -> AsyncIterator[Watched]:
    """Tom, in a browser of his own."""
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/conversations")
    await page.get_by_label("Login").fill("tom")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    yield watched
    await context.close()


async def test_a_conversation_from_the_list_to_the_robot_again(running: Running, anne: Watched, tom: Watched) -> None:
    page, other = anne.page, tom.page
    await page.goto(f"{running.base_url}/console/conversations")
    await page.get_by_text("New messages appear by themselves.").wait_for()
    assert await found(page) == []
    await page.get_by_role("link", name="Nadia Benali").click()
    address = page.url
    await other.goto(address)
    await page.get_by_role("button", name="Take over").click()
    await page.get_by_text("You have the conversation.").wait_for()
    # The other page learns who has it, and offers to take it from her.
    await other.get_by_role("button", name="Take over from Anne Lemaire").wait_for()

    box = page.locator("#say-text")
    await page.get_by_label("Ready text").select_option("greeting")
    await page.get_by_role("button", name="Put it in").press("Enter")
    assert (await box.input_value()).startswith("Bonjour, ici Anne L., Médiation.")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("log").get_by_text("Bonjour, ici Anne L., Médiation.").wait_for()
    assert await box.input_value() == ""
    assert await page.evaluate("document.activeElement.id") == "say-text"
    await other.get_by_role("log").get_by_text("Bonjour, ici Anne L., Médiation.").wait_for()

    await box.press_sequentially("Je re")
    await other.get_by_text("Anne L., Médiation is writing…").wait_for()
    await running.talks.house.live.tell(Hint(running.house.talks["waiting"], "typing"))
    await page.get_by_text("The member is writing…").wait_for()
    await member_says(running, "waiting", "C’est le remboursement du <b>12 août</b>.")
    await page.get_by_role("log").get_by_text("C’est le remboursement du <b>12 août</b>.").wait_for()
    assert await box.input_value() == "Je re"
    assert await found(page) == []
    await box.fill("")

    await page.get_by_role("button", name="Give back to the robot").click()
    await page.get_by_text("The robot has the conversation again.").wait_for()
    assert await page.locator("article.robot").count() == 3
    assert anne.troubles == tom.troubles == []
    assert anne.dialogs == tom.dialogs == []


async def test_what_is_typed_is_kept_when_a_colleague_takes_it(running: Running, anne: Watched, tom: Watched) -> None:
    page, other = anne.page, tom.page
    await page.goto(f"{running.base_url}/console/conversations/{running.house.talks['waiting']}")
    await page.get_by_role("button", name="Take over").click()
    await page.locator("#say-text").fill("Je regarde ce")
    await other.goto(page.url)
    await other.get_by_role("button", name="Take over from Anne Lemaire").click()
    await page.get_by_text("The conversation has moved on").wait_for()
    assert await page.get_by_label("You had typed this").input_value() == "Je regarde ce"
    await page.get_by_role("button", name="Take over from Tom Baert").wait_for()
    assert anne.troubles == tom.troubles == []


async def test_the_list_holds_still_under_the_pointer(running: Running, tom: Watched) -> None:
    page = tom.page
    await page.get_by_text("New messages appear by themselves.").wait_for()
    await page.get_by_role("link", name="Nadia Benali").hover()
    async with running.house.store.read() as tx:
        before = await conversations.held(tx, running.house.talks["waiting"])
    assert before is not None
    viewer_id = running.house.users["tom"]
    async with running.house.store.write() as tx:
        assert await conversations.take(tx, before.id, viewer_id, version=before.version)
    await running.talks.house.live.tell(Hint(before.id))
    await page.get_by_role("button", name="Show what is new").click()
    section = page.get_by_role("region", name="With a colleague")
    await section.get_by_role("link", name="Nadia Benali").wait_for()
    assert await page.locator("[data-waiting]").inner_text() == "1 waits"
    assert tom.troubles == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1280, "dark")])
async def test_nothing_needs_sideways_scrolling(running: Running, anne: Watched, width: int, scheme: str) -> None:
    page = anne.page
    await page.set_viewport_size({"width": width, "height": 800})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    talks = running.house.talks
    for path in ("", f"/{talks['waiting']}", f"/{talks['tom']}", f"/{talks['markup']}"):
        await page.goto(f"{running.base_url}/console/conversations{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_it_works_without_a_script(running: Running, chromium: Browser) -> None:
    page = await scriptless(chromium, f"{running.base_url}/console/conversations")
    await page.get_by_role("link", name="Nadia Benali").click()
    await page.get_by_role("button", name="Take over").click()
    await page.locator("#say-text").fill("Bonjour.")
    await page.get_by_label("Ready text").select_option("looking")
    await page.get_by_role("button", name="Put it in").click()
    assert (await page.locator("#say-text").input_value()).startswith("Bonjour.\n\nJe regarde cela maintenant.")
    await page.get_by_role("button", name="Send").click()
    await page.get_by_role("log").get_by_text("Je regarde cela maintenant.").wait_for()
    await page.context.close()
