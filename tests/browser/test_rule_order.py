"""The order of the rules in a real browser: by keys, by dragging, and back."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.browser.test_console import Watched, chromium
from tests.browser.test_rehearsal import lucs
from tests.console.conftest import Running, furnished, running
from tests.console.test_rule_draft import DRAFT

# The fixtures of the console's own tests serve here too.
__all__ = ["chromium", "furnished", "lucs", "running"]

pytestmark = pytest.mark.browser


async def order(page: Page) -> list[str]:
    """The first rules, by their ids."""
    found: list[str] = await page.evaluate(
        "[...document.querySelectorAll('[data-rule]')].map((one) => one.dataset.rule)"
    )
    return found[:4]


async def test_rules_are_moved_by_keys_and_put_back(running: Running, lucs: Watched) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    page = lucs.page
    # Both rules are in view, since a page that scrolls while one drags is no matter of this test.
    await page.set_viewport_size({"width": 1280, "height": 1400})
    await page.goto(running.base_url + DRAFT)
    first, second, third, fourth = await order(page)
    await page.locator(f"#rule-{first} a").focus()
    await page.keyboard.press("Alt+ArrowDown")
    await page.get_by_text("is number 2 of 20 now.").wait_for()
    assert await order(page) == [second, first, third, fourth]
    # The rule has the focus still: the next press goes on with it.
    await page.locator(f"#rule-{first}:focus").wait_for()
    await page.keyboard.press("Alt+ArrowDown")
    await page.get_by_text("is number 3 of 20 now.").wait_for()
    await page.keyboard.press("z")
    await page.get_by_text("is number 3 of 20 now.").wait_for(state="detached")
    assert await order(page) == [second, first, third, fourth]
    assert lucs.troubles == []
    assert lucs.dialogs == []


async def test_rules_are_dragged_by_their_number(running: Running, lucs: Watched) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    page = lucs.page
    # Both rules are in view, since a page that scrolls while one drags is no matter of this test.
    await page.set_viewport_size({"width": 1280, "height": 1400})
    await page.goto(running.base_url + DRAFT)
    first, second, third, fourth = await order(page)
    onto = page.locator(f"#rule-{third}")
    box = await onto.bounding_box()
    assert box is not None
    await page.locator(f"#rule-{first} .number").drag_to(onto, target_position={"x": 200, "y": box["height"] - 5})
    await page.get_by_text("is number 3 of 20 now.").wait_for()
    assert await order(page) == [second, third, first, fourth]
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_text("is number 3 of 20 now.").wait_for(state="detached")
    assert await order(page) == [first, second, third, fourth]
    assert lucs.troubles == []
