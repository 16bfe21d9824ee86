"""From the first page to the page of the case on a real house: each width, each language, with and without script.

And once by keyboard alone: what has the focus is always in sight, and nothing lies on it (WCAG 2.4.7, 2.4.11).
"""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page

from channels.web.texts import pages
from config.vocabulary import LANGUAGES, Language
from tests.browser.journeys import FILES, Arrivals, Site, Story, arrive, chromium, site

__all__ = ["arrive", "chromium", "site"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

STORIES = {
    "fr": Story(
        "fr",
        "Bonjour, depuis le 14 septembre j’attends le remboursement de mes séances de kinésithérapie. J’ai envoyé "
        "toutes les attestations. Au guichet on me dit chaque fois autre chose, et maintenant je n’entends plus rien.",
        "Sophie Lejeune",
    ),
    "nl": Story(
        "nl",
        "Goedendag, sinds augustus wacht ik op de terugbetaling van mijn kinesitherapie. Ik stuurde alle "
        "getuigschriften op. Aan het loket kreeg ik telkens een ander antwoord en nu hoor ik niets meer.",
        "Griet Verhaegen",
    ),
    "de": Story(
        "de",
        "Guten Tag, ich habe eine Mahnung für Beiträge bekommen, die ich schon im Juli bezahlt habe. Am Telefon sagt "
        "mir jeder etwas anderes. Bitte prüfen Sie das, den Beleg füge ich bei.",
        "Günther Schröder",
    ),
    "en": Story(
        "en",
        "The app throws me out after the itsme step every single time, so I cannot send my dentist’s invoice. I called "
        "twice and waited forty minutes each time. Please look into it.",
        "Aisha O’Neill",
    ),
}
JOURNEYS = [
    *((language, width, True) for language in LANGUAGES for width in (360, 768, 1280)),
    *((language, 360, False) for language in LANGUAGES),
]


def named(journey: tuple[Language, int, bool]) -> str:
    """A journey in the name of its test."""
    language, width, script = journey
    return f"{language}-{width}" if script else f"{language}-{width}-without-script"


@pytest.mark.parametrize("journey", JOURNEYS, ids=named)
async def test_from_the_first_page_to_the_case(arrive: Arrivals, journey: tuple[Language, int, bool]) -> None:
    language, width, script = journey
    visitor = await arrive(language, width=width, script=script)
    page, words = visitor.page, pages()[language]
    address = f"{language}{width}{'' if script else 'plain'}@mail.example"
    story = Story(language, STORIES[language].text, STORIES[language].name, address)
    reference = await visitor.complain(story, files=True)
    promise = await page.locator(".promise").inner_text()
    assert words["receipt.result_by"] in promise or promise == words["receipt.date_follows"]
    await visitor.receipt_code()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width

    await visitor.to_the_case()
    await visitor.reload_until(page.locator(".timeline .message", has_text=story.text))
    assert await visitor.reference() == reference
    assert await page.locator(".timeline .file").all_inner_texts() == [name for name, _, _ in FILES]
    # One sentence, and not three pieces with a full stop standing by itself.
    assert "\n" not in await page.locator(".acts li", has=page.locator(".tel")).inner_text()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert f"{visitor.site.base_url}/{language}/c/" in await visitor.site.link(address, reference)


# What is wrong with how the focus is shown, in words; "" where it is in sight, marked, and on top.
_FOCUS = """() => {
  const active = document.activeElement;
  if (active === document.body) return "nothing has the focus";
  const name = active.outerHTML.slice(0, 90);
  const box = active.getClientRects()[0];
  if (!box || box.width < 2 || box.height < 2) return `not to be seen: ${name}`;
  // Of a large field the first lines are enough: there the caret stands.
  const bottom = active.matches("textarea") ? box.top + 48 : box.bottom;
  if (box.left < 0 || box.right > innerWidth + 1 || box.top < 0 || bottom > innerHeight + 1)
    return `outside (${Math.round(box.top)} to ${Math.round(box.bottom)} of ${innerHeight}): ${name}`;
  // The launcher of the chat keeps its button to itself; its own tests look at it.
  if (active.matches("[data-side]")) return "";
  const style = getComputedStyle(active);
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `not marked: ${name}`;
  const there = document.elementFromPoint(box.left + box.width / 2, (box.top + bottom) / 2);
  if (there !== active && !active.contains(there)) return `under ${there?.outerHTML.slice(0, 60)}: ${name}`;
  return "";
}"""


class Keyboard:
    """Hands on the keys, no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def tab_to(self, wanted: Locator) -> None:
        """Press Tab until something has the focus; whatever has it on the way must be seen to have it."""
        await wanted.wait_for()
        for _ in range(60):
            await self.page.keyboard.press("Tab")
            assert await self.page.evaluate(_FOCUS) == ""
            if await wanted.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"not reached by Tab: {wanted}")

    async def press(self, wanted: Locator, key: str = "Enter") -> None:
        """Go to something and press a key on it."""
        await self.tab_to(wanted)
        await self.page.keyboard.press(key)

    async def type_in(self, wanted: Locator, text: str) -> None:
        """Go to a field and type."""
        await self.tab_to(wanted)
        await self.page.keyboard.type(text)


@pytest.mark.parametrize(("width", "height"), [(360, 640), (1280, 720)])
async def test_from_the_first_page_to_a_withdrawn_case(arrive: Arrivals, site: Site, width: int, height: int) -> None:
    address = f"an.smets.{width}@mail.example"
    visitor = await arrive("nl", width=width, height=height)
    page, keys = visitor.page, Keyboard(visitor.page)
    await visitor.go("")
    await keys.press(page.locator(".skip"))
    await keys.press(visitor.link("landing.start"))

    await page.locator("#text").wait_for()
    await keys.type_in(page.locator("#text"), STORIES["nl"].text)
    # Listened for before the way there: a browser takes a moment to hand a choice over instead of showing its window.
    async with page.expect_file_chooser() as choosing:
        await keys.press(page.locator("#files"), "Enter" if width == 360 else "Space")
    chooser = await choosing.value
    await chooser.set_files([{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in FILES])
    await visitor.settled()
    await keys.press(page.locator("form .send .button"))
    await page.locator("#name").wait_for()
    await keys.type_in(page.locator("#name"), "An Smets")
    await keys.type_in(page.locator("#email"), address)
    await keys.press(page.locator("details summary"), "Space")
    await keys.type_in(page.locator("#for_name"), "Jef Smets")
    await page.keyboard.press("Enter")
    await page.locator(".answers").wait_for()
    await keys.press(visitor.button("form.send"))

    await page.wait_for_url("**/receipt")
    await keys.press(visitor.link("receipt.see_case"))
    await page.wait_for_url("**/case")
    await visitor.reload_until(visitor.link("case.withdraw"))
    await keys.type_in(page.locator("#text"), "Ik vond nog een brief.")
    await keys.press(visitor.button("case.send"))
    await visitor.said("case.sent").wait_for()
    assert await page.evaluate("document.activeElement.className") == "done"
    await visitor.reload_until(page.locator(".timeline", has_text="Ik vond nog een brief."))
    assert await page.locator(".timeline .file").all_inner_texts() == [name for name, _, _ in FILES]

    await keys.press(visitor.link("case.withdraw"))
    await keys.press(visitor.button("code.ask"))
    await page.locator("#code").wait_for()
    await keys.type_in(page.locator("#code"), "abc")
    await page.keyboard.press("Enter")
    # What went wrong has the focus; from there the field is one link away.
    await page.get_by_role("alert").wait_for()
    assert "422" in visitor.troubles.pop()
    assert await page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    await keys.press(page.get_by_role("alert").get_by_role("link"))
    assert await page.evaluate("document.activeElement.id") == "code"
    await page.keyboard.type(await site.code(address))
    await page.keyboard.press("Enter")
    await visitor.said("case.withdrawn").wait_for()
