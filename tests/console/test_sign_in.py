"""Signing in and out: sessions, waits, where it leads, and languages (rules S3 to S5, S8)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from yarl import URL

from console import passkeys, passwords, proof
from console.paths import next_path
from console.typed import SECRET
from store import sign_ins, users
from store.schema import sessions
from tests.console.conftest import Running, hidden
from tests.console.example_house import PASSWORD


async def _try(running: Running, client: object, login: str, password: str) -> tuple[int, str]:
    page = await (await client.get("/console/sign-in")).text()  # type: ignore[attr-defined]
    answer = await client.post(  # type: ignore[attr-defined]
        "/console/sign-in", data={"csrf": hidden(page, "csrf"), "login": login, "password": password}
    )
    return answer.status, await answer.text()


async def test_the_session_is_new_hashed_and_ends_in_the_store(running: Running) -> None:
    anne = await running.sign_in("anne")
    token = next(cookie.value for cookie in anne.client.session.cookie_jar if cookie.key == "console")
    async with running.house.store.read() as tx:
        kept = (await tx.conn.execute(select(sessions.c.token_hash))).scalars().all()
    assert len(kept) == 1
    assert token not in kept[0]
    assert len(token) == 43
    await anne.post("/console/sign-out")
    stolen = running.client()
    answer = await stolen.get("/console/", headers={"Cookie": f"console={token}"}, allow_redirects=False)
    assert answer.status == 303


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(running: Running) -> None:
    client = running.client()
    page = await (await client.get("/console/sign-in")).text()
    answer = await client.post(
        "/console/sign-in",
        data={"csrf": hidden(page, "csrf"), "login": "anne", "password": PASSWORD},
        allow_redirects=False,
    )
    cookie = next(line for line in answer.headers.getall("Set-Cookie") if line.startswith("console="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_a_session_ends_when_nothing_happens_and_after_twelve_hours(running: Running) -> None:
    anne = await running.sign_in("anne")
    running.clock.forward(minutes=29)
    await anne.get("/console/")
    running.clock.forward(minutes=31)
    assert (await anne.client.get("/console/", allow_redirects=False)).status == 303
    tom = await running.sign_in("tom")
    for _ in range(26):
        running.clock.forward(minutes=28)
        last = await tom.client.get("/console/", allow_redirects=False)
    assert last.status == 303


async def test_a_colleague_who_is_shut_out_is_out_at_once(running: Running) -> None:
    tom = await running.sign_in("tom")
    async with running.house.store.write() as tx:
        await users.disable(tx, running.house.users["tom"], actor="test", now=running.clock())
    assert (await tom.client.get("/console/", allow_redirects=False)).status == 303


async def test_wrong_passwords_and_unknown_people_read_the_same(running: Running) -> None:
    client = running.client()
    first = await _try(running, client, "anne", "a wrong password")
    second = await _try(running, client, "nobody", "a wrong password")
    assert first[0] == second[0] == 403
    assert first[1].replace("anne", "").split("csrf")[0] == second[1].replace("nobody", "").split("csrf")[0]
    assert "do not go together" in first[1]


async def test_failures_make_one_wait_in_words_and_lock_nobody_else_out(running: Running) -> None:
    client = running.client()
    for _ in range(4):
        assert (await _try(running, client, "anne", "wrong wrong wrong"))[0] == 403
    status, page = await _try(running, client, "anne", "wrong wrong wrong")
    assert status == 429
    assert "You can try again in 2 seconds" in page
    status, page = await _try(running, client, "anne", PASSWORD)
    assert status == 429
    # An unknown login waits as long.
    for _ in range(4):
        await _try(running, client, "ghost", "wrong wrong wrong")
    assert (await _try(running, client, "ghost", "wrong wrong wrong"))[0] == 429
    running.clock.forward(seconds=3)
    status, page = await _try(running, client, "anne", PASSWORD)
    assert status == 200
    assert "somebody gave wrong passwords for your login" in page


async def test_who_was_guessed_at_elsewhere_signs_in_at_once_and_is_told(running: Running) -> None:
    async with running.house.store.write() as tx:
        for _ in range(8):
            await sign_ins.note_failure(tx, "anne", "203.0.113.9", now=running.clock())
        await sign_ins.note_wait(tx, running.house.users["anne"], now=running.clock())
    anne = await running.sign_in("anne")
    assert "Since you last signed in" in anne.page
    again = await running.sign_in("anne")
    assert "Since you last signed in" not in again.page


async def test_who_manages_access_is_told_too(running: Running) -> None:
    async with running.house.store.write() as tx:
        await sign_ins.note_wait(tx, running.house.users["admin"], now=running.clock())
    admin = await running.sign_in("admin")
    assert "Since you last signed in" in admin.page


async def test_tries_that_arrive_together_are_counted_before_any_has_failed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    async def slow(stored: str | None, password: str) -> bool:
        nonlocal looked
        del stored, password
        looked += 1
        await asyncio.sleep(0.2)
        return False

    monkeypatch.setattr(passwords, "verify", slow)
    client = running.client()
    found = await asyncio.gather(*(_try(running, client, "anne", "wrong wrong wrong") for _ in range(20)))
    assert looked == 5
    assert {status for status, _ in found} <= {403, 429}


async def test_a_sign_in_form_from_another_browser_is_refused(running: Running) -> None:
    mine, theirs = running.client(), running.client()
    page = await (await mine.get("/console/sign-in")).text()
    await theirs.get("/console/sign-in")
    answer = await theirs.post(
        "/console/sign-in", data={"csrf": hidden(page, "csrf"), "login": "anne", "password": PASSWORD}
    )
    assert answer.status == 403


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/console/",
        "/console/../x",
        "/console/case/PM-2026-000001-16/file/1",
        "javascript:alert(1)",
        "/console/\r\nSet-Cookie: a=b",
        "/fr/",
        "https://evil.example/?/console/",
        "/console/case/PM-2026-000001-16/file/1?x=1",
        "/console/sign-out?x=1",
    ],
)
def test_a_sign_in_leads_to_our_own_pages_only(wanted: str) -> None:
    assert next_path(wanted) == "/console/"


def test_a_sign_in_leads_back_to_the_case() -> None:
    assert next_path("/console/case/PM-2026-000001-16") == "/console/case/PM-2026-000001-16"


@pytest.mark.parametrize("query", ["q=\r\nSet-Cookie: a=b", "q=<script>", "q=" + "x" * 3000])
def test_a_query_that_is_none_of_ours_is_left_behind(query: str) -> None:
    assert next_path(f"/console/search?{query}") == "/console/search"


@pytest.mark.parametrize(
    "path", ["/console/?show=resting&language=nl", "/console/search?q=L%27%C3%A9t%C3%A9+%26+%3F", "/console/mine"]
)
async def test_a_link_to_a_narrowed_list_survives_the_sign_in(running: Running, path: str) -> None:
    client = running.client()
    answer = await client.get(URL(path, encoded=True), allow_redirects=False)
    assert answer.status == 303
    page = await (await client.get(answer.headers["Location"].removeprefix(running.base_url))).text()
    fields = {"csrf": hidden(page, "csrf"), "login": "tom", "password": PASSWORD, "next": hidden(page, "next")}
    answer = await client.post("/console/sign-in", data=fields, allow_redirects=False)
    assert answer.headers["Location"] == f"{running.base_url}{path}"


async def test_what_was_typed_comes_back_when_the_session_has_ended(running: Running) -> None:
    anne = await running.sign_in("anne")
    await anne.get(running.case("marie"))
    running.clock.forward(minutes=45)
    page = await anne.post(f"{running.case('marie')}/reply", status=401, text="Ma longue réponse <ici>")
    assert "Ma longue réponse &lt;ici&gt;" in page
    assert "Nothing was sent" in page


async def test_every_field_comes_back_when_the_session_has_ended(running: Running) -> None:
    luc = await running.sign_in("luc")
    close, texts = f"{running.case('soon')}/close", "/console/texts/mediation"
    forms: list[tuple[str, dict[str, str], list[str]]] = [
        (
            close,
            {"outcome": "founded", "cause": "delay", "measures": "Encod\u00e9 <lundi>.", "text": "Vous aviez raison."},
            ["What was done", "Encod\u00e9 &lt;lundi&gt;.", "Vous aviez raison.", "founded", "delay"],
        ),
        (f"{texts}/draft", {"long-fr": "Bonjour,\r\n\r\nMerci.", "long-nl": "Dank u."}, ["long-fr", "Merci."]),
        ("/console/me/password", {"current": "SECRET-1", "new": "SECRET-2", "again": "SECRET-3", "proof": "SECRET-4"}, []),
    ]  # fmt: skip
    await luc.get(close)
    running.clock.forward(minutes=45)
    for path, fields, back in forms:
        answer = await luc.send(path, **fields)
        page = await answer.text()
        assert (answer.status == 401) is bool(back), path
        for words in back:
            assert words in page, words
        assert "SECRET" not in page
        assert luc.csrf not in page
        if back:
            # The way back leads to the page of the form.
            assert f'href="/console/sign-in?next={path.removesuffix("/draft")}"' in page
    # Words that another site makes a browser send are not repeated.
    answer = await luc.client.post(
        close, data={"measures": "Call me."}, headers={"Origin": "https://evil.example"}, allow_redirects=False
    )
    assert answer.status == 303


def test_no_field_with_a_secret_is_ever_given_back() -> None:
    inputs = [
        found
        for template in Path("console/templates").glob("*.html")
        for found in re.findall(r"<input[^>]*(?:type=\"password\"|one-time-code)[^>]*>", template.read_text())
    ]
    names = {name.group(1) for one in inputs if (name := re.search(r'name="([^"]+)"', one))}
    assert len(inputs) >= 5
    assert names - {"{{ field }}"} <= SECRET
    assert {proof.FIELD, passkeys.FIELD, "csrf"} <= SECRET


async def test_every_field_of_a_form_from_an_earlier_session_comes_back(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/")
    page = await luc.post(
        "/console/texts/mediation/draft", status=403, csrf="earlier", **{"long-fr": "Bonjour.", "proof": "SECRET"}
    )
    assert "Bonjour." in page
    assert "SECRET" not in page
    assert 'href="/console/texts/mediation"' in page


async def test_what_was_typed_before_signing_in_anew_comes_back(running: Running) -> None:
    anne = await running.sign_in("anne")
    await anne.get(running.case("marie"))
    page = await anne.post(f"{running.case('marie')}/reply", status=403, text="Ma longue réponse <ici>", csrf="earlier")
    assert "You signed in anew" in page
    assert "Ma longue réponse &lt;ici&gt;" in page
    assert f'href="{running.case("marie")}"' in page
    # Words that another site makes a browser send are not repeated.
    answer = await anne.client.post(
        f"{running.case('marie')}/reply",
        data={"csrf": "earlier", "text": "planted"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status == 403
    assert "planted" not in await answer.text()


async def test_a_language_is_chosen_on_a_page_of_ours_only(running: Running) -> None:
    anne = await running.sign_in("anne")
    await anne.client.post("/console/language", data={"language": "nl", "next": "/console/"})
    assert '<html lang="en">' in await anne.get("/console/")
    client = running.client()
    page = await (await client.get("/console/sign-in")).text()
    fields = {"csrf": hidden(page, "csrf"), "language": "fr", "next": "/console/sign-in"}
    assert '<html lang="fr">' in await (await client.post("/console/language", data=fields)).text()


async def test_the_language_is_chosen_and_kept(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.post("/console/language", language="nl", next="/console/mine")
    assert '<html lang="nl">' in page
    assert "Van mij" in page
    assert '<html lang="nl">' in await anne.get("/console/keys")
    assert '<html lang="nl">' in await anne.post("/console/language", language="xx", next="https://evil.example")
