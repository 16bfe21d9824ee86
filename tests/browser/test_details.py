"""A member changes their address on a real house, with and without script: two codes in two mailboxes, and axe finds nothing."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from channels.web.texts import pages
from config.vocabulary import LANGUAGES
from tests.browser.journeys import Arrivals, Site, Story, Visitor, arrive, chromium, site

__all__ = ["arrive", "chromium", "site"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

STORY = (
    "Ik kreeg een aanmaning voor bijdragen die ik al in juli betaald heb. Aan de telefoon zegt iedereen iets anders. "
    "Het bewijs van de bank heb ik al twee keer bezorgd."
)


def without_refusals(*visitors: Visitor) -> None:
    """What Chromium says of a form that was given back (422) and of a link that has ended (404) is no trouble of the page."""
    for visitor in visitors:
        visitor.troubles[:] = [
            one for one in visitor.troubles if "status of 422" not in one and "status of 404" not in one
        ]


async def looked_over(page: Page) -> None:
    """Nothing that axe objects to, and nothing cut off, down to a small telephone."""
    for width in (1280, 768, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        found = await Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == []
        assert await page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), width


@pytest.mark.parametrize("script", [True, False])
async def test_two_codes_in_two_mailboxes_change_the_address(arrive: Arrivals, site: Site, script: bool) -> None:
    old, new = (f"{name}{int(script)}@mail.example" for name in ("greet.oud", "greet.nieuw"))
    visitor = await arrive("nl", script=script)
    words, page = visitor.words, visitor.page
    reference = await visitor.complain(Story("nl", STORY, "Greet Claes", old))
    link = await site.link(old, reference)
    await page.goto(link)
    await visitor.link("details.open").click()
    await visitor.heading("details.title").wait_for()
    await page.get_by_label(words["details.new"]).fill(f"{new} {old}")
    await visitor.button("code.ask").click()
    await page.locator("#address-wrong").wait_for()
    assert await page.get_by_label(words["details.new"]).input_value() == f"{new} {old}"
    await page.get_by_label(words["details.new"]).fill(new)
    await visitor.button("code.ask").click()
    await page.locator("#code").fill(await site.code(old))
    await visitor.button("details.next").click()
    await visitor.said("details.step_two").wait_for()
    await page.locator("#code").fill("000000")
    await visitor.button("details.do").click()
    await page.locator("#code-wrong").wait_for()
    await page.locator("#code").fill(await site.code(new))
    await visitor.button("details.do").click()
    await visitor.said("details.done").wait_for()
    # The link that went to the old mailbox is dead; what is told there names no matter.
    told = await site.mail(old, "vervangen")
    assert reference in told
    assert "aanmaning" not in told
    assert new not in told
    other = await arrive("nl")
    answer = await other.page.goto(link)
    assert answer is not None
    assert answer.status == 404
    without_refusals(visitor, other)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_step_is_readable_and_fits_a_small_telephone(arrive: Arrivals, site: Site, language: str) -> None:
    words = pages()[language]
    old = f"someone.{language}@mail.example"
    visitor = await arrive(language)
    page = visitor.page
    reference = await visitor.complain(Story(language, STORY, "Greet Claes", old))  # type: ignore[arg-type]  # one of four
    assert await visitor.link("details.wrong_address").is_visible()
    await page.goto((await site.link(old, reference)).replace("/nl/", f"/{language}/"))
    await visitor.link("details.open").click()
    await visitor.heading("details.title").wait_for()
    await looked_over(page)
    await page.get_by_label(words["details.new"]).fill("nobody")
    await visitor.button("code.ask").click()
    await page.locator("#address-wrong").wait_for()
    await looked_over(page)
    await page.get_by_label(words["details.new"]).fill(f"new.{language}@mail.example")
    await visitor.button("code.ask").click()
    await visitor.said("code.sent", address="s•••@mail.example").wait_for()
    await looked_over(page)
    without_refusals(visitor)
