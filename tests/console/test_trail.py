"""From a list into a case, on to the next one, and back to where one was; acts on the case keep the way."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest

from tests.console.conftest import Running


def _opened(page: str, reference: str) -> str:
    """Where the row of a case leads."""
    found = re.search(rf'<a class="row-link" href="([^"]*{reference}[^"]*)"', page)
    assert found
    return unescape(found.group(1))


def _way(page: str, key: str) -> str:
    """Where the way with this key leads, "" for none."""
    nav = page.partition('class="back"')[2].partition("</div>")[0]
    found = re.search(rf'href="([^"]*)" data-key="{key}"', nav)
    return unescape(found.group(1)) if found else ""


def _rows(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<a class="row-link" href="([^"]*)"', page)]


@pytest.mark.parametrize("path", ["/console/?language=nl", "/console/?due=late&language=fr", "/console/mine"])
async def test_a_case_leads_back_to_its_row_and_on_to_the_next(running: Running, path: str) -> None:
    tom = await running.sign_in("tom")
    rows = _rows(await tom.get(path))
    for place, row in enumerate(rows, 1):
        page = await tom.get(row)
        assert f"{place} of {len(rows)}" in page
        assert _way(page, "k") == (rows[place - 2] if place > 1 else "")
        assert _way(page, "j") == (rows[place] if place < len(rows) else "")
        back = _way(page, "Escape")
        assert back == f"{path}{'&' if '?' in path else '?'}at={place}"
        assert ("narrowed" in page.partition('class="back"')[2][:400]) == ("?" in path)
    # The row that one came from has the focus, without a script too.
    assert f'href="{rows[-1]}" autofocus'.replace("&", "&amp;") in await tom.get(back)


async def test_a_search_is_found_again(running: Running) -> None:
    tom = await running.sign_in("tom")
    listed = await tom.get("/console/search?q=terugbetaling")
    way = _opened(listed, running.house.references["soon"])
    page = await tom.get(way)
    assert "Back to Search “terugbetaling”" in page
    back = _way(page, "Escape")
    assert back.startswith("/console/search?q=terugbetaling&at=")
    assert " autofocus" in (await tom.get(back)).partition('class="rows"')[2]


async def test_acts_and_pages_of_the_case_keep_the_way(running: Running) -> None:
    tom = await running.sign_in("tom")
    way = _opened(await tom.get("/console/?language=nl"), running.house.references["soon"])
    path = running.case("soon")
    page = await tom.get(way)
    back = _way(page, "Escape")
    carried = unescape(re.findall(r'<input type="hidden" name="from" value="([^"]*)"', page)[0])
    assert carried == back
    acts: tuple[tuple[str, int, dict[str, str]], ...] = (
        ("take", 200, {}),
        ("note", 200, {"text": "Gebeld."}),
        ("draft", 200, {"text": "Beste", "purpose": "note"}),
        # What is refused keeps it too.
        ("note", 422, {"text": ""}),
        ("reply", 409, {"text": "Betaald.", "version": "1"}),
    )
    for act, status, typed in acts:
        page = await tom.post(f"{path}/{act}", status=status, **{"from": carried, **typed})
        assert _way(page, "Escape") == back, act
    rows = _rows(await tom.get("/console/?language=nl"))
    place = next(at for at, row in enumerate(rows) if running.house.references["soon"] in row)
    page = await tom.get(unescape(re.findall(r'href="([^"]*/close[^"]*)" data-key="c"', page)[0]))
    assert f'name="from" value="{carried.replace("&", "&amp;")}"' in page
    # Closed, it has left the list: the next one stands where it stood.
    page = await tom.post(f"{path}/close", how="silent", outcome="explained", **{"from": carried})
    left = _rows(await tom.get("/console/?language=nl"))
    assert len(left) == len(rows) - 1
    assert _way(page, "Escape") == back
    assert _way(page, "j") == (left[place] if place < len(left) else "")
    assert " of " not in page.partition('class="back"')[2].partition("</nav>")[0]


@pytest.mark.parametrize(
    "came",
    [
        "https://evil.example/console/",
        "//evil.example/console/",
        "/console/../evil.example",
        "/console/people",
        "/console/queue/no_such_queue",
        "/console/sign-out",
        '/console/?x="><script>',
        "javascript:alert(1)",
        "/fr/",
        "/console/search?q=nothing+like+this",
    ],
)
async def test_only_lists_of_ours_are_led_back_to(running: Running, came: str) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(f"{running.case('soon')}?from={quote(came)}")
    assert _way(page, "Escape") == "/console/queue/reimbursements"
    assert _way(page, "j") == ""
    assert "evil" not in page


async def test_the_way_shows_nobody_a_case_that_is_not_theirs(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    page = await fatima.get("/console/")
    own = _rows(page)
    assert own
    total = len(own)
    for row in own:
        if "locked" in page.partition(row.replace("&", "&amp;"))[0].rpartition("<li")[2]:
            continue
        shown = await fatima.get(row)
        assert f"of {total}" in shown
        assert all(way in own for way in (_way(shown, "j"), _way(shown, "k")) if way)
