"""The public pages are light, hold still, fit the smallest screen, and can be printed and read in any colours."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import OpenPage
from tests.channels.form.running import Start

pytestmark = pytest.mark.browser

PATHS = ("", "quality", "complaint")
LANGUAGES = ("fr", "nl", "de", "en")
# Everything that a page needs to be drawn, uncompressed: 60 kB.
MOST_BYTES = 60_000

# Sizes after decompression, of the page itself and of all that it loaded.
_WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(entry => [new URL(entry.name).pathname, entry.decodedBodySize])"""
_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shifts += entry.value; })
        .observe({ type: 'layout-shift', buffered: true });
"""
_TOO_WIDE = """() => [document.documentElement.scrollWidth - document.documentElement.clientWidth,
    ...[...document.querySelectorAll('body *')].filter(node => !node.closest('.unseen, .skip, .trap'))
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1).map(node => node.outerHTML.slice(0, 80))]"""
_OPEN = "document.querySelectorAll('details').forEach(fold => { fold.open = true })"


async def shown(page: Page, selector: str) -> list[bool]:
    """For each element: whether it takes room and can be seen."""
    return [await one.is_visible() for one in await page.locator(selector).all()]


@pytest.mark.parametrize("path", ["", "complaint"])
async def test_a_page_weighs_little_and_all_of_it_is_ours(
    start: Start, open_page: OpenPage, complaints: list[str], path: str
) -> None:
    running = await start()
    for language in LANGUAGES:
        page = await open_page(f"{running.base_url}/{language}/{path}")
        await page.wait_for_load_state("networkidle")
        weights = dict(await page.evaluate(_WEIGHT))
        assert weights[f"/{language}/{path}"] > 0
        assert weights["/static/public.css"] > 0
        assert sum(weights.values()) <= MOST_BYTES, weights
        if not path:
            assert await page.context.cookies() == []
            assert not any(name.endswith(".js") for name in weights)
    assert complaints == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PATHS)
async def test_a_page_holds_still(start: Start, browser: Browser, path: str, width: int) -> None:
    running = await start()
    page = await browser.new_page(viewport={"width": width, "height": 640})
    await page.add_init_script(_SHIFTS)
    await page.goto(f"{running.base_url}/fr/{path}")
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(300)
    assert await page.evaluate("window.shifts") == 0


async def test_a_page_that_moves_is_noticed(start: Start, browser: Browser) -> None:
    running = await start()
    page = await browser.new_page(viewport={"width": 360, "height": 640})
    await page.add_init_script(_SHIFTS)
    await page.goto(f"{running.base_url}/fr/")
    await page.evaluate("document.querySelector('h1').insertAdjacentHTML('beforebegin', '<p>'.repeat(9) + 'late')")
    await page.evaluate("document.querySelector('h1').style.marginTop = '200px'")
    await page.wait_for_timeout(300)
    assert await page.evaluate("window.shifts") > 0


# At 400 % zoom a screen of 1280 px is 320 px wide (WCAG 2.2, 1.4.10).
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["", "quality"])
async def test_nothing_is_wider_than_the_smallest_screen(
    start: Start, open_page: OpenPage, language: str, path: str
) -> None:
    running = await start(down=("phone", "email"))
    page = await open_page(f"{running.base_url}/{language}/{path}", viewport={"width": 320, "height": 256})
    await page.evaluate(_OPEN)
    assert await page.evaluate(_TOO_WIDE) == [0]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_first_thing_to_do_is_seen_without_scrolling(
    start: Start, open_page: OpenPage, language: str
) -> None:
    running = await start(down=("phone", "branch", "post", "email"))
    page = await open_page(f"{running.base_url}/{language}/", viewport={"width": 360, "height": 640})
    box = await page.locator("main .button").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 640


async def test_folded_text_opens_with_the_keyboard(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/")
    assert not any(await shown(page, ".folds details > :not(summary)"))
    await page.locator(".folds summary").first.focus()
    await page.keyboard.press("Enter")
    assert (await shown(page, ".folds details > p"))[0]


async def test_paper_has_what_is_folded_and_no_buttons(start: Start, open_page: OpenPage) -> None:
    running = await start()
    page = await open_page(f"{running.base_url}/en/")
    await page.emulate_media(media="print")
    texts = page.locator(".folds details > :not(summary)")
    heights = await texts.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().height)")
    assert min(heights) > 10
    assert all(await texts.evaluate_all("nodes => nodes.map(node => node.checkVisibility())"))
    assert not any(await shown(page, "nav, .button, .find, footer .line-link"))
    assert all(await shown(page, "footer address, .danger-line"))


async def test_forced_colours_keep_edges(start: Start, open_page: OpenPage) -> None:
    running = await start(down=("phone",))
    page = await open_page(f"{running.base_url}/en/", forced_colors="active", color_scheme="dark")
    assert await page.evaluate("matchMedia('(forced-colors: active)').matches")
    for selector in (".button", ".steps > li", ".down"):
        assert await page.locator(selector).first.is_visible()
    # A button whose edge has the colour of the page is no button any more.
    edge = await page.evaluate("getComputedStyle(document.querySelector('main .button')).borderTopColor")
    assert edge != await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")


async def test_nothing_moves_for_those_who_asked_for_stillness(start: Start, open_page: OpenPage) -> None:
    running = await start()
    address = f"{running.base_url}/en/"
    moves = "getComputedStyle(document.querySelector('main .button')).transitionDuration"
    assert await (await open_page(address, reduced_motion="reduce")).evaluate(moves) == "0s"
    assert await (await open_page(address, reduced_motion="no-preference")).evaluate(moves) != "0s"
