"""A case that is not for somebody is nowhere for them: not on a page, in a file, a stream, an export or a search, by no id.

Every column of every row that belongs to the hidden cases holds the canary. All routes are asked for with all ids, and every
form of every page is sent with the ids of the hidden cases in place of its own.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from store.schema import cases, metadata
from tests.console.conftest import Browser, Running, started
from tests.console.example_house import CANARY, House
from tests.console.full_house import full, not_typeset
from tests.console.poison import poisoned_of, rows_of
from tests.console.walking import addresses, forms, papers, parts, put, routes

__all__ = ["full", "not_typeset"]
pytestmark = pytest.mark.usefixtures("not_typeset")

# In the words of the sealed case and of no other.
_WORDS = ("Zeisig", "Kanarie", "humilié", "humili", "paul.zeisig@mail.example", "rapport")
_AS_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What forms name by number, and where it stands.
_FIELDS = {
    "outbox": "outbox",
    "recommendation": "recommendations",
    "message": "messages",
    "question": "questions",
    "correction": "corrections",
    "note": "notes",
    "held": "held",
    "change": "rehearsal_changes",
}
# Who may not open sealed cases; Nele may, but has one queue, in which this one is not.
_SHUT_OUT = ("tom", "luc", "fatima", "rik", "admin", "nele")


async def _text(browser: Browser, method: str, path: str, fields: Any = None) -> tuple[int, str]:
    """Status and everything that an answer says, its headers too; of a stream its first parts."""
    data = io.BytesIO(urlencode(fields).encode()) if fields is not None else None
    headers = _AS_FORM if data else {}
    answer = await browser.client.request(method, path, data=data, headers=headers, allow_redirects=False)
    said = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    if answer.content_type == "text/event-stream":
        first = b"".join([await answer.content.readuntil(b"\n\n") for _ in range(2)])
        answer.close()
        return answer.status, said + first.decode()
    content = await answer.read()
    if answer.content_type.endswith("sheet"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return answer.status, said + content.decode("utf-8", "replace")


async def _hidden(running: Running, login: str) -> dict[int, str]:
    """Which cases are not for somebody, by number: the sealed one, and for Nele those of other queues."""
    query = select(cases.c.id, cases.c.reference)
    # What was merged goes on in the other case, and is as open as that one.
    other = (cases.c.queue != "mediation") & cases.c.merged_into.is_(None)
    query = query.where(other if login == "nele" else cases.c.sealed)
    async with running.house.store.read() as tx:
        return {row.id: row.reference for row in await tx.conn.execute(query)}


async def _marked(running: Running, hidden: dict[int, str], login: str) -> str:
    """Put the canary everywhere into hidden cases. Nele may read what is about medical matters and in no queue yet."""
    canary = "Kwikstaart" if login == "nele" else CANARY
    await poisoned_of(running.house.store, hidden.keys(), canary)
    return canary


async def _across(running: Running, hidden: dict[int, str]) -> list[str]:
    """Papers of hidden cases asked for under the reference of a case that is open, and the other way round."""
    found = []
    for name, method, pattern in routes(running):
        own = next((part for part in parts(pattern) if part in ("message", "file")), "")
        if method != "GET" or not own or name.endswith("-events"):
            continue
        open_case = running.house.references["late"]
        found += [
            put(pattern, {"reference": open_case, own: number, "page": "1"})
            for reference, number in (await papers(running))[own]
            if reference in hidden.values()
        ]
    return found


@pytest.mark.parametrize("login", _SHUT_OUT)
async def test_what_is_not_for_somebody_is_on_no_page_of_theirs(
    full: tuple[Path, House], tmp_path: Path, login: str
) -> None:
    async with started(full, tmp_path) as running:
        hidden = await _hidden(running, login)
        assert running.house.references["sealed"] in hidden.values()
        canary = await _marked(running, hidden, login)
        browser = await running.sign_in(login)
        paths = [path for _, path in await addresses(running)]
        paths += [*await _across(running, hidden), *(f"/console/search?q={word}" for word in _WORDS)]
        for path in paths:
            status, text = await _text(browser, "GET", path)
            assert status < 500, path
            said = re.sub(r'value="[^"]*"|“[^”]*”', "", text) if "/search?q=" in path else text
            assert canary not in said, (path, said[max(0, said.find(canary) - 300) :][:600])
            if login in ("admin", "nele") and "/case/" not in path:
                shown = [reference for reference in hidden.values() if reference in said]
                assert not shown, (path, shown)


def _handles(login: str) -> bool:
    """Whether somebody has forms in which a case, a message or a question stands."""
    return login in ("tom", "luc", "nele")


@pytest.mark.parametrize("login", _SHUT_OUT)
async def test_no_id_of_a_hidden_case_does_anything(full: tuple[Path, House], tmp_path: Path, login: str) -> None:
    """In addresses: refused. In the fields of forms that somebody has before them: nothing of the hidden case changes."""
    async with started(full, tmp_path) as running:
        hidden = await _hidden(running, login)
        canary = await _marked(running, hidden, login)
        browser = await running.sign_in(login)
        before = await rows_of(running.house.store, hidden.keys())
        for name, path in await addresses(running, method="POST"):
            if name.startswith("console-case-") and any(reference in path for reference in hidden.values()):
                fields = {"csrf": browser.csrf, "version": "1", "text": "x", "reason": "handling", "purpose": "note"}
                status, text = await _text(browser, "POST", path, fields)
                assert status in (403, 404), (path, status)
                assert canary not in text, path
        sent = await _with_their_ids(running, browser, hidden)
        assert sent or not _handles(login)
        for path, fields in sent:
            running.clock.forward(seconds=2)
            status, text = await _text(browser, "POST", path, fields)
            assert status < 500, (path, fields)
            assert canary not in text, (path, fields)
        assert await rows_of(running.house.store, hidden.keys()) == before


async def _with_their_ids(
    running: Running, browser: Browser, hidden: dict[int, str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every form that somebody has before them, with each id that is an id of the hidden cases in place of its own."""
    theirs = await _ids_of(running, hidden)
    made: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    seen: set[str] = set()
    for name, path in await addresses(running):
        if name in seen or name.endswith(("-events", "-export")):
            continue
        answer = await browser.client.get(path, allow_redirects=False)
        if answer.status != 200 or answer.content_type != "text/html":
            answer.close()
            continue
        seen |= {name} if name not in ("console-case", "console-held") else set()
        for form in forms(await answer.text(), path):
            for field, _ in form.fields:
                for number in theirs.get(field, ()):
                    key = f"{re.sub(r'PM-[0-9-]+', '', form.action)} {field} {number}"
                    made[key] = (form.action, form.filled("x", **{field: number}))
    return list(made.values())


async def _ids_of(running: Running, hidden: dict[int, str]) -> dict[str, list[str]]:
    """By the name of a field: the ids of hidden cases that somebody could put there."""
    numbers: dict[str, list[str]] = {}
    async with running.house.store.read() as tx:
        for field, table in _FIELDS.items():
            columns = metadata.tables[table].c
            query = select(columns.id).where(columns.case_id.in_(hidden)).order_by(columns.id)
            numbers[field] = [str(row.id) for row in await tx.conn.execute(query)][:3]
    references = list(hidden.values())[:3]
    return numbers | dict.fromkeys(("with", "goes_on", "gone", "add"), references)


async def test_who_may_open_it_finds_the_canary_there(full: tuple[Path, House], tmp_path: Path) -> None:
    """The other tests would see it."""
    async with started(full, tmp_path) as running:
        await poisoned_of(running.house.store, [running.house.cases["sealed"]], CANARY)
        anne = await running.sign_in("anne")
        await anne.post(f"{running.case('sealed')}/open", reason="handling")
        said = {name for name, path in await addresses(running) if CANARY in (await _text(anne, "GET", path))[1]}
        case = {f"console-case{part}" for part in ("", "-why", "-file", "-original", "-document", "-pdf")}
        assert said >= {*case, "console-all", "console-held"}


async def test_a_search_for_their_words_counts_as_one_for_nothing(full: tuple[Path, House], tmp_path: Path) -> None:
    async with started(full, tmp_path) as running:
        tom = await running.sign_in("tom")
        empty = re.sub("Xyzzy", "", await tom.get("/console/search?q=Xyzzy"))
        for word in ("Zeisig", "Kanarie", "humilié"):
            assert re.sub(word, "", await tom.get(f"/console/search?q={word}")) == empty
