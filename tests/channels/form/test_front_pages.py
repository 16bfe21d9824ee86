"""The first page and the quality policy, over real HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from html import unescape
from itertools import pairwise

import pytest

from channels.web import texts
from channels.web.opening import not_working
from config.announcements import announcements, stand
from config.directory import directory
from config.quality import policies
from config.vocabulary import LANGUAGES, Language
from tests.channels.form.running import Running, Start


async def text_of(running: Running, path: str) -> str:
    answer = await running.client.get(path)
    assert answer.status == 200
    return unescape(await answer.text())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_first_page_says_who_helps_with_what_is_not_ours(running: Running, language: Language) -> None:
    page = await text_of(running, f"/{language}/")
    known = directory()
    for body in known.bodies:
        assert texts.typeset(body.names.in_language(language), language) in page
        for _, way in body.contact.ways(language):
            assert texts.typeset(way, language) in page
    assert known.coordinator.in_text.in_language(language) in page
    assert texts.pages()[language]["courts.text"] in page
    assert f'href="/{language}/find"' in page
    assert f'href="/{language}/quality"' in page
    assert "21" in page


async def test_the_ways_to_us_stand_in_one_order(running: Running) -> None:
    page = await text_of(running, "/en/")
    words = texts.pages()["en"]
    keys = ("landing.start", "help.call", "help.branch", "help.post", "ways.mail")
    places = [page.index(words[key]) for key in keys]
    assert places == sorted(places)
    help_block = page[page.index("<footer") :]
    places = [help_block.index(words[key]) for key in keys[1:]]
    assert places == sorted(places)


async def test_nobody_gets_a_cookie_before_writing(running: Running) -> None:
    for path in ("/", "/en/", "/en/quality"):
        answer = await running.client.get(path, allow_redirects=False)
        assert "Set-Cookie" not in answer.headers


async def test_it_says_whether_the_line_is_open(start: Start) -> None:
    moment = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)
    running = await start(now=lambda: moment)
    assert "Closed now. Open again on Monday at 8:00" in await text_of(running, "/en/")


@pytest.mark.parametrize("path", ["", "complaint", "quality"])
async def test_a_way_that_does_not_work_is_said_on_every_page(start: Start, path: str) -> None:
    running = await start(down=("phone",), now=partial(datetime, 2026, 11, 24, 9, tzinfo=UTC))
    page = await text_of(running, f"/fr/{path}")
    assert not_working(("phone",), "fr") in page
    assert "Ouvert maintenant" not in page


async def test_nothing_is_said_while_all_ways_work(running: Running) -> None:
    assert 'class="down"' not in await text_of(running, "/en/")


@pytest.mark.parametrize("path", ["", "quality"])
async def test_each_page_names_itself_in_the_other_languages(running: Running, path: str) -> None:
    titles = set()
    for language in LANGUAGES:
        page = await text_of(running, f"/{language}/{path}")
        assert f'<html lang="{language}">' in page
        assert re.findall(r'<link rel="alternate" hreflang="(\w\w)" href="([^"]+)">', page) == [
            (other, f"{running.base_url}/{other}/{path}") for other in LANGUAGES
        ]
        (title,) = re.findall("<title>(.+)</title>", page)
        titles.add(title)
        assert page.count("<h1") == 1
        levels = [int(level) for level in re.findall(r"<h(\d)", page)]
        assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(titles) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_policy_as_a_page(running: Running, language: Language) -> None:
    page = await text_of(running, f"/{language}/quality")
    for part in policies()[language].sections:
        assert f'<h2 id="{part.id}">' in page
        for line in (part.title, *part.text, *part.points):
            assert texts.typeset(line, language) in page
    assert f'href="/{language}/quality.pdf"' in page


async def test_the_policy_as_a_pdf_may_be_kept_by_anybody(running: Running) -> None:
    answer = await running.client.get("/nl/quality.pdf")
    assert await answer.read() == b"%PDF-1.7 policy nl"
    assert answer.content_type == "application/pdf"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Content-Language"] == "nl"
    assert "Set-Cookie" not in answer.headers


async def test_without_a_typesetter_the_page_is_still_there(running: Running) -> None:
    running.door.full = True
    answer = await running.client.get("/nl/quality.pdf")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert answer.headers["Cache-Control"] == "no-store"
    await text_of(running, "/nl/quality")


async def test_what_a_supervisor_put_up_stands_on_the_first_page_and_the_form_as_text(running: Running) -> None:
    sentence = {**announcements().filled("down", "sms", ()), "en": "Use <b>the form</b> & nothing else."}
    stand([sentence])
    try:
        for language in LANGUAGES:
            for path in ("", "complaint"):
                assert sentence[language] in await text_of(running, f"/{language}/{path}")
        assert "<b>the form</b>" not in await (await running.client.get("/en/")).text()
    finally:
        stand(())
    assert sentence["fr"] not in await text_of(running, "/fr/")
