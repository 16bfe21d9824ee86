"""Acting from a list in a real browser: by keys alone, on one case and on several, taken back with z, and without a script."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.scriptless import scriptless
from tests.browser.test_console import chromium
from tests.browser.test_lists import SignIn, objections, sign_in
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import Told, add_case
from tests.console.test_actions import row_of

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "running", "sign_in"]

pytestmark = pytest.mark.browser


async def _wait_in_triage(running: Running) -> None:
    """Three more cases that a person has to place."""
    for number, chance in enumerate((0.41, 0.72, 0.33)):
        name = f"Wacht {number}"
        told = Told(name, f"w{number}@mail.example", "Ik wacht al lang.", department="digital", language="nl")
        unsure = Told(**{**told.__dict__, "chances": {"department": chance}, "unsure": ("department",)})
        await add_case(running.house, f"w{number}", unsure)


async def test_triage_by_keys_alone(running: Running, sign_in: SignIn) -> None:
    await _wait_in_triage(running)
    tom = await sign_in("tom", viewport={"width": 1280, "height": 900})
    page = tom.page
    await page.goto(f"{running.base_url}/console/queue/triage")
    await page.wait_for_load_state()
    rows = page.locator("#list .row")
    before = await rows.count()
    await page.keyboard.press("End")
    for _ in range(2):
        await page.keyboard.press("j")
    await expect(page.get_by_text("Goes for Wacht 0")).to_be_visible()
    await page.keyboard.press("1")
    await page.get_by_text("Moved to Online services.").wait_for()
    await expect(rows).to_have_count(before - 1)
    # The next case has the focus by itself.
    await expect(page.get_by_role("link", name="Wacht 1")).to_be_focused()
    await page.keyboard.press("z")
    await page.get_by_text("Taken back: the case is as it was.").wait_for()
    await expect(rows).to_have_count(before)

    # Two at once, to a queue that is chosen in its field: a digit there is no key.
    await page.get_by_role("link", name="Wacht 1").focus()
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("Shift+X")
    await expect(page.get_by_text("2 cases chosen")).to_be_visible()
    await page.keyboard.press("2")
    await expect(page.get_by_label("To which queue")).to_be_focused()
    await page.keyboard.type("Data p")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.get_by_text("2 cases moved to").wait_for()
    assert [(await row_of(running, key)).queue for key in ("w0", "w1", "w2")] == ["triage", "privacy", "privacy"]
    assert await objections(page) == []
    assert tom.troubles == []


async def test_who_closes_from_triage_stays_in_triage(running: Running, sign_in: SignIn) -> None:
    await _wait_in_triage(running)
    story = "Het ziekenhuis stuurde mij een foute factuur."
    # A second complaint that surely is not ours waits in triage: no rule refuses it.
    chances = {"second_line": 0.93, "off_scope": 0.93}
    told = Told("Zoe Ziek", "zoe@mail.example", story, language="nl", department=None, chances=chances)
    await add_case(running.house, "zoe", told)
    tom = await sign_in("tom", viewport={"width": 1280, "height": 900})
    page = tom.page
    await page.goto(f"{running.base_url}/console/queue/triage")
    rows, names = page.locator("#list .row"), page.locator("#list .row-link")
    before = await names.all_inner_texts()

    # Spam: it is gone, and the one after it has the focus.
    await page.get_by_role("link", name="Wacht 0").focus()
    await page.keyboard.press("4")
    await page.get_by_text("Put away as spam or a robot’s letter").wait_for()
    await expect(names.nth(before.index("Wacht 0"))).to_be_focused()
    await page.keyboard.press("z")
    await page.get_by_text("Taken back: the case is as it was.").wait_for()
    await expect(page.get_by_role("link", name="Wacht 0")).to_be_focused()

    # Not ours: the text is read before it leaves, and then one is in triage again.
    await page.get_by_role("link", name="Zoe Ziek").focus()
    await page.keyboard.press("3")
    await page.get_by_role("heading", name="Close the case of Zoe Ziek").wait_for()
    await expect(page.get_by_label("Last message to Zoe Ziek")).to_have_value(re.compile("Wie kan u helpen"))
    await expect(page.get_by_label("Another body that handles it")).not_to_have_value("")
    assert await objections(page) == []
    await page.get_by_label("Last message to Zoe Ziek").focus()
    await page.keyboard.press("Control+Enter")
    await page.get_by_text("Closed; the message to the member leaves in a moment.").wait_for()
    await expect(rows).to_have_count(len(before) - 1)
    left = await names.all_inner_texts()
    await expect(names.nth(min(before.index("Zoe Ziek"), len(left) - 1))).to_be_focused()
    await page.keyboard.press("z")
    await page.get_by_text("Taken back: the case is as it was.").wait_for()
    await expect(rows).to_have_count(len(before))
    assert tom.troubles == []


async def test_a_case_is_taken_and_rests_by_keys(running: Running, sign_in: SignIn) -> None:
    tom = await sign_in("tom", viewport={"width": 1280, "height": 900})
    page = tom.page
    await page.goto(f"{running.base_url}/console/queue/mediation")
    await page.wait_for_load_state()
    await page.get_by_role("link", name="Marie Dubois").focus()
    await page.keyboard.press("a")
    await page.get_by_text("The case is yours.").wait_for()
    await expect(page.get_by_role("link", name="Marie Dubois")).to_be_focused()
    await page.keyboard.press("p")
    await page.get_by_label("What do we wait for?").select_option(label="We wait for the member")
    await page.get_by_label("Until").fill("2026-12-01")
    assert await objections(page) == []
    await page.get_by_role("button", name="Let it rest", exact=True).click()
    await page.get_by_text("The case rests.").wait_for()
    await expect(page.get_by_role("heading", name="Waiting for the member (clock paused)")).to_be_visible()
    # Keys that are switched off do nothing here either.
    await page.evaluate("localStorage.setItem('keys', 'off')")
    await page.reload()
    await page.get_by_role("link", name="Marie Dubois").focus()
    await page.keyboard.press("x")
    assert await page.locator("#list input:checked").count() == 0
    assert tom.troubles == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (768, "light"), (1280, "dark")])
async def test_the_acts_of_a_list_fit_every_screen(running: Running, sign_in: SignIn, width: int, scheme: str) -> None:
    await _wait_in_triage(running)
    luc = await sign_in("luc", color_scheme=scheme, viewport={"width": width, "height": 844})
    page = luc.page
    await page.goto(f"{running.base_url}/console/queue/triage")
    await page.locator("#list input[type=checkbox]").first.check()
    await page.locator(".list-acts summary").first.click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await objections(page) == []
    assert luc.troubles == []


async def test_cases_are_chosen_and_moved_without_a_script(running: Running, chromium: Browser) -> None:
    page = await scriptless(chromium, f"{running.base_url}/console/sign-in")
    await page.goto(f"{running.base_url}/console/")
    await page.get_by_label("Choose Marie Dubois").check()
    await page.get_by_label("Choose Lucie Martin").check()
    await page.locator(".list-acts summary", has_text="Move").click()
    await page.get_by_label("To which queue").select_option(label="Data protection")
    await page.get_by_role("button", name="Move", exact=True).click()
    await page.get_by_text("2 cases moved to").wait_for()
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_text("Taken back: 2 cases").wait_for()
    # In triage the next case has the focus here too.
    await _wait_in_triage(running)
    await page.goto(f"{running.base_url}/console/queue/triage")
    names = page.locator("#list .row-link")
    at = (await names.all_inner_texts()).index("Wacht 1")
    await page.get_by_label("Choose Wacht 1").check()
    await page.get_by_role("button", name="Not ours…").click()
    await page.get_by_role("button", name="Close without a message").click()
    await page.get_by_text("Closed.", exact=True).wait_for()
    await expect(names.nth(at)).to_be_focused()
    await page.context.close()
