"""One's own settings: sessions that can be ended, the password, undo time, light or dark."""

from __future__ import annotations

import re

import pytest

from console.pages import HERE
from console.steps import browser_of
from tests.console.conftest import Running, hidden
from tests.console.example_house import PASSWORD

NEW = "several words of my own"


async def test_ones_sessions_are_listed_and_ended(running: Running) -> None:
    first, second, third = [await running.sign_in("tom") for _ in range(3)]
    other = await running.sign_in("anne")
    page = await first.get("/console/me")
    keys = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
    assert len(keys) == 2
    await first.post("/console/me/sessions", session=keys[0])
    states = [(await one.client.get("/console/", allow_redirects=False)).status for one in (second, third)]
    assert sorted(states) == [200, 303]
    await first.post("/console/me/sessions", session="others")
    states = [
        (await one.client.get("/console/", allow_redirects=False)).status for one in (first, second, third, other)
    ]
    assert states == [200, 303, 303, 200]


async def test_nobody_ends_the_session_of_somebody_else(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    await running.sign_in("anne")
    page = await anne.get("/console/me")
    key = re.findall(r'name="session" value="([0-9a-f]{16})"', page)[0]
    await tom.post("/console/me/sessions", session=key)
    assert re.findall(r'name="session" value="([0-9a-f]{16})"', await anne.get("/console/me")) == [key]


async def test_another_password_ends_every_session_but_this(running: Running) -> None:
    tom, elsewhere = await running.sign_in("tom"), await running.sign_in("tom")
    answer = await tom.send("/console/me/password", current=PASSWORD, new=NEW, again=NEW)
    page = await answer.text()
    assert "Your password is changed" in page
    assert hidden(page, "csrf") != tom.csrf
    assert (await elsewhere.client.get("/console/", allow_redirects=False)).status == 303
    await running.sign_in("tom", NEW)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current": "not my password"}, "password now is not right"),
        ({"again": "another"}, "not the same"),
        ({"new": "short", "again": "short"}, "too short"),
        ({"new": "x" * 129, "again": "x" * 129}, "too long"),
        ({"new": "wachtwoord123", "again": "wachtwoord123"}, "first that are tried"),
    ],
)
async def test_what_is_wrong_with_a_password_is_said(running: Running, fields: dict[str, str], words: str) -> None:
    tom = await running.sign_in("tom")
    page = await tom.post(
        "/console/me/password", status=422, **{"current": PASSWORD, "new": NEW, "again": NEW, **fields}
    )
    assert words in page
    assert NEW not in page
    await running.sign_in("tom")


async def test_who_guesses_the_password_at_an_open_desk_waits(running: Running) -> None:
    tom = await running.sign_in("tom")
    for _ in range(5):
        await tom.post("/console/me/password", status=422, current="a guess", new=NEW, again=NEW)
    page = await tom.post("/console/me/password", status=429, current=PASSWORD, new=NEW, again=NEW)
    assert "You can try again in 2 seconds" in page


async def test_undo_time_and_theme_are_kept(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("marie"))
    assert "You can take it back for 10 seconds" in page
    assert "data-theme" not in page
    await tom.post("/console/me/prefer", undo="0", theme="dark", size="larger")
    page = await tom.get(running.case("marie"))
    assert "take it back for" not in page
    assert 'data-theme="dark" data-text="larger"' in page
    assert "theme.css" in page
    page = await tom.post("/console/me/prefer", undo="", theme="")
    assert "Kept" in page
    assert "data-theme" not in page
    for wrong in ({"undo": "9", "theme": ""}, {"undo": "10", "theme": "pink"}, {"size": "huge"}):
        await tom.post("/console/me/prefer", status=400, **wrong)


def test_the_colours_that_are_chosen_are_those_of_the_browser() -> None:
    tokens = re.compile(r"--[a-z-]+: #[0-9a-f]+")
    own, chosen = ((HERE / "static" / name).read_text() for name in ("console.css", "theme.css"))
    light, dark = own.split("prefers-color-scheme: dark", 1)
    assert tokens.findall(light) == tokens.findall(chosen.split('"dark"')[0])
    assert tokens.findall(dark.split("@layer base")[0]) == tokens.findall(chosen.split('"dark"')[1])


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit Safari/604.1", "Safari, iPhone"),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_words_of_ours(agent: str, words: str) -> None:
    assert browser_of(agent) == words
