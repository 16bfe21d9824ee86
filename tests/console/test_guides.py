"""The guides: each role finds its own in the console, in each language, with every picture; they name what the screens name."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from console.guides import DOCS, GUIDES, Guide, drawn, path_of, pictures
from console.words import LANGUAGES, ConsoleLanguage, catalogue
from tests.console.conftest import Running


def _guide(name: str) -> Guide:
    return next(one for one in GUIDES if one == name)


_EVERY = [(guide, language) for guide in GUIDES for language in LANGUAGES]


@pytest.mark.parametrize(
    ("login", "guide"),
    [("tom", "mediator"), ("fatima", "agent"), ("luc", "supervisor"), ("rik", "mediator"), ("admin", "supervisor")],
)
async def test_each_role_finds_its_guide_from_every_page(running: Running, login: str, guide: Guide) -> None:
    browser = await running.sign_in(login)
    assert 'href="/console/guide"' in await browser.get("/console/keys")
    page = await browser.get("/console/guide")
    assert f"<h1>{drawn(guide, 'en').title}</h1>" in page
    # Every other guide is one step away.
    for other in GUIDES:
        assert (f'href="/console/guide/{other}"' in page) == (other != guide)
        assert f"<h1>{drawn(other, 'en').title}</h1>" in await browser.get(f"/console/guide/{other}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_read_in_the_language_of_the_console(running: Running, language: ConsoleLanguage) -> None:
    tom = await running.sign_in("tom")
    await tom.post("/console/language", language=language, next="/console/guide")
    page = await tom.get("/console/guide")
    assert f'<html lang="{language}"' in page
    assert drawn("mediator", language).title in page
    for part, title in drawn("mediator", language).parts:
        assert f'<a href="#{part}">{title}</a>' in page
        assert f'<h2 id="{part}">{title}</h2>' in page


async def test_a_picture_is_given_and_nothing_beside_it(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/guide")
    for source in set(re.findall(r'<img src="([^"]+)"', page)):
        answer = await tom.client.get(source)
        assert (answer.status, answer.content_type) == (200, "image/png")
        assert "no-store" not in answer.headers["Cache-Control"]
    # A picture of docs/ that no guide shows, one that is not there, and ways out of the folder.
    assert (DOCS / "screens" / "landing-phone.png").exists()
    for name in ("landing-phone.png", "nowhere.png", "..%2Farchitecture.png", "../../architecture.md"):
        assert (await tom.client.get(f"/console/guide/picture/{name}")).status == 404, name
    await tom.get("/console/guide/nobody", status=404)


@pytest.mark.parametrize(("guide", "language"), _EVERY)
def test_a_guide_leads_only_to_what_the_console_has(guide: Guide, language: ConsoleLanguage) -> None:
    page = drawn(guide, language)
    assert page.title
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page.body)
    assert [one for one in addresses if not one.startswith("/console/guide/")] == []
    # A link to a part of another guide leads to that part.
    for other, part in re.findall(r"/console/guide/([a-z]+)#([^\"]+)", page.body):
        assert unquote(part) in dict(drawn(_guide(other), language).parts), part
    assert [name for name in page.pictures if not (DOCS / "screens" / name).exists()] == []
    assert not re.search(r"<script|style=|\son\w+=", page.body)
    assert [alt for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page.body) if not alt] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_three_languages_say_the_same(guide: Guide) -> None:
    """What can be counted of it: parts, pictures, steps and rows."""

    def counted(language: ConsoleLanguage) -> tuple[int, ...]:
        body = drawn(guide, language).body
        return tuple(body.count(tag) for tag in ("<h2", "<img", "<ol", "<li", "<tr"))

    assert counted("fr") == counted("en")
    assert counted("nl") == counted("en")
    assert drawn(guide, "fr").pictures == drawn(guide, "nl").pictures == drawn(guide, "en").pictures
    assert pictures() >= drawn(guide, "en").pictures


def _bare(text: str) -> str:
    """A name without what a page fills in, and without the signs around it."""
    return " ".join(re.sub(r"\(?\{\w+\}\)?", "", text).split()).strip("…:.? ").casefold()


@pytest.mark.parametrize(("guide", "language"), _EVERY)
def test_what_a_guide_names_stands_so_on_a_screen(guide: Guide, language: ConsoleLanguage) -> None:
    """A button or a page that is called otherwise on its screen is looked for in vain."""
    words = catalogue()[language]
    known = {_bare(text) for text in (*words.values(), words.queue("triage"), words.queue("mediation"))}
    text = path_of(guide, language).read_text(encoding="utf-8")
    named = re.findall(r"(?<!\*)\*([^*\n]+(?:\n[^*\n]+)?)\*(?!\*)", text)
    assert len(named) >= 5
    assert [one for one in named if _bare(one) not in known] == []
