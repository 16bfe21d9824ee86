"""The page of measures: axe finds nothing, nothing is fetched, and it fits a phone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page

from classifier.measuring import page as measures
from classifier.measuring import report
from classifier.measuring.robustness import Loss
from classifier.measuring.speed import Speed
from tests.browser.conftest import OpenPage
from tests.browser.test_accessible import found
from tests.classifier.measuring.by_hand import answer, answers, record

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> str:
    records = [record(number, kind="question", flags=["urgent"]) for number in range(12)]
    records += [record(20 + number, language="nl", department=None) for number in range(12)]
    said = [answer(flags={"urgent": 0.8}) for _ in range(12)] + [answer(language="nl") for _ in range(12)]
    made = report.of("guichet-1-example", "made by hand", records, answers(*said), seed=1)
    loss = Loss("a legal footer in the other language", 3, {"department_top_1": 1.0, "doctor": 2.0})
    made = replace(
        made, losses=(loss,), speed=Speed(1, 2, 3, 4, 5, 6), baselines={"majority": made.all}, doubts=("So.",)
    )
    path = tmp_path / "measures.html"
    path.write_text(measures.page(made), encoding="utf-8")
    return path.as_uri()


async def _unfold(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(open_page: OpenPage, address: str, scheme: str) -> None:
    page = await open_page(address, color_scheme=scheme)
    await _unfold(page)
    assert await found(page) == []


@pytest.mark.parametrize("width", [320, 1280])
async def test_it_fits_and_fetches_nothing(
    open_page: OpenPage, complaints: list[str], address: str, width: int
) -> None:
    page = await open_page(address, viewport={"width": width, "height": 800})
    await _unfold(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    # The page itself is a file here, and the only one.
    assert [one for one in complaints if one != address] == []


async def test_wide_tables_are_reached_by_keyboard_and_keep_their_first_column(
    open_page: OpenPage, address: str
) -> None:
    page = await open_page(address, viewport={"width": 320, "height": 800})
    box = page.locator(".scroll", has_text="Every label").first
    await box.focus()
    await page.keyboard.press("End")
    for _ in range(20):
        await page.keyboard.press("ArrowRight")
    await page.wait_for_function("box => box.scrollLeft > 100", arg=await box.element_handle())
    first = await box.locator("tbody th").first.bounding_box()
    assert first is not None
    assert 0 <= first["x"] < 40
