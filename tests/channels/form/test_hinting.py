"""What is said beside an unfinished story: a fragment in the language of the page, of nobody else's making, never in the way."""

from __future__ import annotations

import re

import pytest

from channels.form import site
from tests.channels.form.running import Running


async def test_help_lines_another_body_and_a_department_are_told(running: Running) -> None:
    form = await running.form()
    asked = {"csrf": form["csrf"], "text": "The hospital <b> and suicide."}
    answer = await running.client.post("/en/complaint/notice", data=asked)
    page = await answer.text()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'href="tel:080032123"' in page or 'href="tel:+32800' in page
    assert "This seems to be about somebody else" in page
    assert "<html" not in page
    answer = await running.client.post("/nl/complaint/notice", data={**asked, "text": "mijn terugbetaling"})
    assert await answer.text() == ""
    answer = await running.client.post("/nl/complaint/notice", data={**asked, "text": "the refund"})
    assert "We denken dat dit voor deze dienst is: Terugbetalingen. U hoeft niet te kiezen." in await answer.text()


async def test_nothing_noticed_is_nothing_said(running: Running) -> None:
    form = await running.form()
    for text in ("", "  ", "Nobody answers."):
        answer = await running.client.post("/en/complaint/notice", data={"csrf": form["csrf"], "text": text})
        assert (answer.status, await answer.text()) == (204, "")


@pytest.mark.parametrize(
    ("fields", "headers"),
    [({}, {}), ({"csrf": "0" * 64}, {}), (None, {"Sec-Fetch-Site": "cross-site"})],
    ids=["no token", "wrong token", "another website"],
)
async def test_only_the_form_may_ask(running: Running, fields: dict[str, str] | None, headers: dict[str, str]) -> None:
    form = await running.form()
    sent = {"text": "suicide", **({"csrf": form["csrf"]} if fields is None else fields)}
    answer = await running.client.post("/en/complaint/notice", data=sent, headers=headers)
    assert answer.status == 403
    assert "0800" not in await answer.text()


async def test_who_asks_too_often_is_told_nothing_and_can_still_send(running: Running) -> None:
    form = await running.form()
    asked = {"csrf": form["csrf"], "text": "suicide"}
    for _ in range(site.HINTS.burst + 3):
        answer = await running.client.post("/en/complaint/notice", data=asked)
    assert (answer.status, await answer.text()) == (429, "")
    answer = await running.client.post("/en/complaint", data={**form, "text": "x"}, allow_redirects=False)
    assert answer.status == 303


async def test_the_last_page_says_what_we_think_and_the_second_does_not(running: Running) -> None:
    form = await running.form()
    said = "We think this is for: Reimbursements. You do not need to choose."
    second = await running.client.post("/en/complaint?go=2", data={**form, "text": "the refund"})
    assert said not in await second.text()
    third = await running.client.post("/en/complaint?go=3", data={**form, "text": "the refund"})
    assert said in await third.text()


async def test_the_first_page_stays_light(running: Running) -> None:
    page = await (await running.client.get("/fr/complaint")).text()
    weight = len(page.encode())
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        weight += len(await (await running.client.get(address)).read())
    assert weight <= 60_000
