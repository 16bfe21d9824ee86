"""Forms that come late, twice, from elsewhere or in another shape: the right outcome, and never an error of the house.

Rules S3, S8 and S11 over every route: what a route does is nothing to these tests, so a new one is held to them as it is.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from config.announcements import stand
from config.wording import use
from console import streams
from store import users
from store.schema import metadata
from store.schema import users as users_table
from tests.console.conftest import Browser, Running, started
from tests.console.example_house import House
from tests.console.full_house import furnish_fully
from tests.console.poison import rows_of
from tests.console.walking import Form, addresses, elements, forms, routes

# What a second sending may add to: somebody looked, tried or was there.
_MAY_GROW = frozenset(
    {
        "audit",
        "audit_unlinked",
        "sessions",
        "sign_in_failures",
        "presence",
        "clock_runs",
        "heartbeats",
        "label_counts",
        "rehearsals",
    }
)
# What is rightly made anew each time: a trial of a mailbox, and a sentence that stands in place of the one before.
_EACH_TIME = ("/console/channels/test", "/console/channels/announce")
_NOT_SENT = ("/sign-out", "/console/language", "/me/sessions", "/quality/train", "/me/second-step", "/rehearsal")


@pytest.fixture(autouse=True)
def _as_shipped() -> Iterator[None]:
    yield
    use({})
    stand(())


@pytest.fixture(scope="module")
def full(furnished: tuple[Path, House], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """The house after a day of work."""
    with asyncio.Runner() as runner:
        return runner.run(furnish_fully(furnished, tmp_path_factory.mktemp("full")))


async def _one_of_each(running: Running) -> dict[str, str]:
    """An address of each route that takes a form."""
    return dict(reversed(await addresses(running, method="POST")))


async def test_a_form_of_another_shape_is_refused_and_asking_changes_nothing(
    full: tuple[Path, House], tmp_path: Path
) -> None:
    async with started(full, tmp_path) as running:
        sofie = await running.sign_in("sofie")
        readable = {pattern for _, method, pattern in routes(running) if method == "GET"}
        patterns = {name: pattern for name, method, pattern in routes(running) if method == "POST"}
        for name, path in (await _one_of_each(running)).items():
            shapes: list[tuple[bytes, str]] = [
                (json.dumps({"csrf": sofie.csrf, "text": "x"}).encode(), "application/json"),
                (b"csrf=" + sofie.csrf.encode(), "text/plain"),
                (b"csrf=%ff%fe&text=%00%ff&version=%d9%a1", "application/x-www-form-urlencoded"),
                (b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--", "multipart/form-data; boundary=x"),
                (b"", "application/x-www-form-urlencoded"),
            ]
            for body, kind in shapes:
                answer = await sofie.client.post(path, data=body, headers={"Content-Type": kind}, allow_redirects=False)
                way_in = name.startswith("console-signin-") or name == "console-language"
                assert 400 <= answer.status < 500 or (way_in and answer.status == 303), (name, kind, answer.status)
            for method in ("GET", "PUT", "DELETE", "PATCH"):
                if method == "GET" and patterns[name] in readable:
                    continue
                asked = await sofie.client.request(method, path, allow_redirects=False)
                assert asked.status == 405, (name, method, asked.status)


async def _counts(running: Running) -> dict[str, int]:
    async with running.house.store.read() as tx:
        return {
            table.name: (await tx.conn.execute(select(func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in _MAY_GROW
        }


async def _forms_of(browser: Browser, paths: list[str]) -> list[Form]:
    """A form of each kind on these pages."""
    found: dict[str, Form] = {}
    for path in paths:
        answer = await browser.client.get(path, allow_redirects=False)
        if answer.content_type != "text/html":
            answer.close()
            continue
        for form in forms(await answer.text(), path):
            kind = re.sub(r"PM-[\d-]+|\b\d+\b|entry/[\w-]+", "1", f"{form.action} {sorted(dict(form.fields))}")
            if not form.action.endswith(_NOT_SENT):
                found.setdefault(kind, form)
    return list(found.values())


_PAGES = (
    "/console/",
    "/console/queue/mediation?show=unassigned",
    "/console/held",
    "/console/robots",
    "/console/quarantine",
    "/console/recommendations",
    "/console/mentions",
    "/console/new",
    "/console/conversations",
    "/console/report",
    "/console/rules/draft",
    "/console/rules/draft/rule/second_line",
    "/console/texts/suggestion",
    "/console/channels/announce?door=sms",
    "/console/me",
    "/console/quality",
)


async def test_what_is_sent_twice_happens_once(full: tuple[Path, House], tmp_path: Path) -> None:
    """Two clicks, or a browser that sends again: the second finds what the first did, and says so."""
    async with started(full, tmp_path) as running:
        sofie = await running.sign_in("sofie")
        keys = ("late", "soon", "urgent", "broken")
        pages = [path for key in keys for path in (running.case(key), f"{running.case(key)}/close")]
        talks = [f"/console/conversations/{number}" for number in running.house.talks.values()]
        for form in await _forms_of(sofie, [*_PAGES, *talks, *pages]):
            fields = form.filled("Deux fois.", sure="1")
            first = await sofie.client.post(form.action, data=fields, allow_redirects=False)
            assert first.status < 500, (form.action, first.status)
            before = await _counts(running)
            again = await sofie.client.post(form.action, data=fields, allow_redirects=False)
            assert again.status < 500, (form.action, again.status)
            if form.action not in _EACH_TIME:
                assert await _counts(running) == before, (form.action, fields)


async def test_a_form_of_an_older_case_changes_nothing_and_says_so_in_the_persons_language(
    full: tuple[Path, House], tmp_path: Path
) -> None:
    """Rule S11: each form of a case that carries a version, after the case went on."""
    async with started(full, tmp_path) as running:
        tom = await running.sign_in("tom")
        tom.client.session.cookie_jar.update_cookies({"console-language": "nl"})
        number = running.house.cases["late"]
        found = await _forms_of(tom, [running.case("late"), f"{running.case('late')}/close"])
        versioned = [form for form in found if "version" in dict(form.fields)]
        assert len(versioned) >= 8
        cases = metadata.tables["cases"]
        async with running.house.store.write() as tx:
            await tx.conn.execute(update(cases).where(cases.c.id == number).values(version=cases.c.version + 7))
        for form in versioned:
            before = await rows_of(running.house.store, [number])
            answer = await tom.client.post(form.action, data=form.filled("Te laat."), allow_redirects=False)
            assert answer.status in (200, 303, 409, 422), (form.action, answer.status)
            page = await answer.text()
            after = await rows_of(running.house.store, [number])
            if answer.status in (200, 409):
                assert after == before, form.action
            if answer.status == 409:
                assert next(elements(page)).get("lang") == "nl"
                assert "Te laat." in page or "Te laat." not in dict(form.filled("Te laat.")).values(), form.action
            assert after["cases"] == before["cases"], (form.action, answer.status)


async def test_a_case_that_was_merged_takes_nothing_and_leads_on(full: tuple[Path, House], tmp_path: Path) -> None:
    async with started(full, tmp_path) as running:
        sofie = await running.sign_in("sofie")
        gone, into = running.house.references["again"], running.house.references["marie"]
        before = await rows_of(running.house.store, [running.house.cases[key] for key in ("again", "marie")])
        for name, path in await addresses(running, method="POST"):
            if gone not in path or not name.startswith("console-case-"):
                continue
            fields = {"csrf": sofie.csrf, "version": "3", "text": "Trop tard.", "purpose": "note", "with": into}
            answer = await sofie.client.post(path, data=fields, allow_redirects=False)
            page = await answer.text()
            assert answer.status in (303, 403, 404, 409, 422), (name, answer.status)
            if answer.status == 303:
                assert into in answer.headers["Location"], name
            else:
                assert "Trop tard." in page or into in page, (name, answer.status)
        assert await rows_of(running.house.store, [running.house.cases[key] for key in ("again", "marie")]) == before


@pytest.mark.parametrize("how", ["disabled", "other rights", "other queues", "signed out elsewhere"])
async def test_who_loses_a_right_is_out_of_every_page_and_stream(
    full: tuple[Path, House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Rule S3: at the next click, and of what is open live at its next beat, which is within 20 seconds."""
    assert streams.BEAT_SECONDS <= 20
    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.05)
    async with started(full, tmp_path) as running:
        sofie = await running.sign_in("sofie")
        waiting = running.house.talks["waiting"]
        lives = [
            await sofie.client.get(path)
            for path in (
                "/console/events",
                f"{running.case('late')}/events",
                "/console/conversations/events",
                f"/console/conversations/{waiting}/events",
            )
        ]
        assert [live.status for live in lives] == [200] * 4
        await _lose(running, "sofie", how)
        for live in lives:
            said = await asyncio.wait_for(live.content.read(), 20)
            assert b"event: gone" in said[-60:], (how, live.url.path)
        one = await _one_of_each(running)
        for name, path in one.items():
            if name.startswith("console-signin") or name == "console-language":
                continue
            fields = {"csrf": sofie.csrf, "version": "1", "text": "Mes mots."}
            answer = await sofie.client.post(path, data=fields, allow_redirects=False)
            assert answer.status == 401, (name, answer.status)
            assert "Mes mots." in await answer.text(), name
        for name, path in await addresses(running):
            if not name.startswith("console-signin"):
                answer = await sofie.client.get(path, allow_redirects=False)
                assert "/console/sign-in" in answer.headers.get("Location", ""), (name, answer.status)


async def _lose(running: Running, login: str, how: str) -> None:
    number, now = running.house.users[login], running.clock()
    rights: dict[str, Any] = {"role": "supervisor", "medical": True, "queues": None}
    async with running.house.store.write() as tx:
        if how == "disabled":
            await users.disable(tx, number, actor="system", now=now)
        elif how == "signed out elsewhere":
            await users.end_sessions_of(tx, number)
        else:
            rights |= {"role": "reader"} if how == "other rights" else {"queues": ("triage",)}
            await users.set_rights(tx, number, **rights, actor="system", now=now)
    async with running.house.store.read() as tx:
        assert (await tx.conn.execute(select(users_table.c.id).where(users_table.c.id == number))).scalar() == number
