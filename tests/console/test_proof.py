"""Fresh proof (rule S10): the password is asked for again, what was filled in is kept, and who guesses has to wait."""

from __future__ import annotations

from html import escape

import pytest

from console.paths import is_ours, is_page
from tests.console.conftest import Browser, Running, hidden
from tests.console.example_house import PASSWORD

FAR = "/console/search?q=Dubois&show=all"


async def _to(browser: Browser, **fields: str) -> tuple[int, str, str]:
    answer = await browser.client.post(
        "/console/proof", data={"csrf": browser.csrf, "next": FAR, **fields}, allow_redirects=False
    )
    return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_a_sign_in_is_proof_enough_for_five_minutes(running: Running) -> None:
    tom = await running.sign_in("tom")
    running.clock.forward(minutes=4, seconds=59)
    status, location, _ = await _to(tom)
    assert (status, location) == (303, running.base_url + FAR)
    running.clock.forward(seconds=1)
    status, _, page = await _to(tom)
    assert status == 403
    assert "Confirm that it is you" in page


async def test_nothing_that_was_filled_in_is_lost(running: Running) -> None:
    tom = await running.sign_in("tom")
    running.clock.forward(minutes=6)
    typed = '<b>"Ünd"</b>\n and more'
    _, _, page = await _to(tom, text=typed)
    assert f'name="text" value="{escape(typed).replace("&quot;", "&#34;")}"' in page
    assert hidden(page[page.index("prove") :], "next") == FAR
    # A wrong password keeps it as well, and is not given back.
    status, _, page = await _to(tom, text=typed, proof="not the password")
    assert status == 403
    assert "is not right" in page
    assert "not the password" not in page
    assert 'name="text"' in page
    status, location, _ = await _to(tom, text=typed, proof=PASSWORD)
    assert (status, location) == (303, running.base_url + FAR)
    # From here it is fresh again.
    running.clock.forward(minutes=4)
    assert (await _to(tom))[0] == 303


async def test_who_guesses_at_an_open_desk_waits_and_its_owner_still_signs_in(running: Running) -> None:
    tom = await running.sign_in("tom")
    running.clock.forward(minutes=6)
    for _ in range(5):
        await _to(tom, proof="not the password")
    status, _, page = await _to(tom, proof=PASSWORD)
    assert status == 429
    assert "try again in 2 seconds" in page
    await running.sign_in("tom")
    running.clock.forward(seconds=3)
    assert (await _to(tom, proof=PASSWORD))[0] == 303


async def test_a_clock_that_was_set_back_makes_no_proof_last(running: Running) -> None:
    tom = await running.sign_in("tom")
    running.clock.forward(hours=-2)
    assert (await _to(tom))[0] == 403


@pytest.mark.parametrize(
    "target",
    ["", "/", "//evil.example", "/console/../x", "https://evil.example/console/", "/console//evil", "/console/x y",
     "/console/?\nSet-Cookie: a", "/console\\evil", "/consolex/"],
)  # fmt: skip
async def test_it_leads_to_pages_of_ours_only(running: Running, target: str) -> None:
    assert not is_ours(target)
    tom = await running.sign_in("tom")
    answer = await tom.client.post("/console/proof", data={"csrf": tom.csrf, "next": target}, allow_redirects=False)
    assert answer.status == 404


def test_pages_have_no_query() -> None:
    assert is_page("/console/case/PM-2026-000001-16/close")
    assert is_page("/console/")
    assert not is_page("/console/?x")
