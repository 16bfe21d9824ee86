"""What people do with a request for access in the tests: begun, chosen, handed over, approved, fetched."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels.form.case_contract import Package
from gateway.case_door import CaseDoor
from store import access_requests, audit
from store.schema import access_requests as request_table
from store.schema import outbox as outbox_table
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_access import furnish_access, timed_house
from tests.console.example_house import PASSWORD

EVERYBODY = Viewer(0, "", "supervisor", medical=True)
BROWSER = "a browser's own secret"


@pytest.fixture
async def asking(running: Running) -> Running:
    """The house in which Marie has two cases and her husband one from the same address."""
    await furnish_access(running.house)
    return running


@pytest.fixture
def door(running: Running, tmp_path: Path) -> CaseDoor:
    return CaseDoor(timed_house(running.house.store, tmp_path, running.clock))


async def begin(browser: Browser, running: Running, key: str = "marie", **fields: str) -> str:
    """Begin an answer; its address."""
    await browser.get(running.case(key))
    given = {"name": "Marie Dubois", "identity": "address", "asked_on": "2026-11-24", **fields}
    answer = await browser.send(f"{running.case(key)}/access", **given)
    browser.page = await answer.text()
    assert answer.status == 200, browser.page[:1500]
    return answer.url.path


async def decide(browser: Browser, path: str, running: Running, key: str, do: str) -> str:
    """Put a case in, or leave it out."""
    await browser.get(path)
    return await browser.post(f"{path}/case", case=str(running.house.cases[key]), do=do)


async def leave_the_rest(browser: Browser, path: str) -> None:
    """Leave out every case about which nobody has said anything."""
    open_one = r'To be decided</span></h2>.*?name="case" value="(\d+)"'
    while found := re.search(open_one, browser.page, re.DOTALL):
        await browser.post(f"{path}/case", case=found.group(1), do="leave")


async def handed_over(running: Running, browser: Browser, key: str = "marie", **fields: str) -> str:
    """An answer with all that is Marie's, with the second reader."""
    path = await begin(browser, running, key, **fields)
    await leave_the_rest(browser, path)
    await browser.post(f"{path}/send")
    assert "Handed over" in browser.page
    return path


async def approved(browser: Browser, path: str) -> str:
    """Approve what stands on the page, with a password."""
    await browser.get(path)
    fields = dict(re.findall(r'name="(hash|version)" value="([^"]*)"', browser.page))
    return await browser.post(f"{path}/approve", proof=PASSWORD, **fields)


async def kept(running: Running) -> list[access_requests.Request]:
    async with running.house.store.read() as tx:
        return await access_requests.listed(tx, EVERYBODY)


async def archive_of(running: Running, number: int) -> bytes:
    async with running.house.store.read() as tx:
        return bytes(
            (await tx.conn.execute(select(request_table.c.archive).where(request_table.c.id == number))).scalar_one()
        )


def unpacked(content: bytes) -> tuple[str, dict[str, Any]]:
    """The page and the data of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        page, data = sorted(archive.namelist())
        assert page.endswith(".html")
        return unescape(archive.read(page).decode()).replace("\u00a0", " "), json.loads(archive.read(data))


async def told(running: Running, key: str) -> str:
    """The token of the link in what the member was told last."""
    async with running.house.store.read() as tx:
        rows = await tx.conn.execute(select(outbox_table.c.key, outbox_table.c.body).order_by(outbox_table.c.id))
        body = next(bytes(row.body).decode() for row in reversed(rows.all()) if row.key.startswith(key))
    found = re.search(r"/c/([A-Za-z0-9_-]{16,64})", body)
    assert found, body
    return found.group(1)


async def code_of(running: Running, door: CaseDoor, token: str) -> str:
    assert await door.send_code(token, "access", BROWSER) == "sent"
    async with running.house.store.read() as tx:
        rows = (
            await tx.conn.execute(select(outbox_table.c.key, outbox_table.c.body).order_by(outbox_table.c.id))
        ).all()
    body = next(bytes(row.body).decode() for row in reversed(rows) if row.key.startswith("code-"))
    found = re.search(r"\\n(\d{6})\\n", body)
    assert found, body
    return found.group(1)


async def fetched(running: Running, door: CaseDoor, token: str) -> bytes:
    given = await door.fetch_access(token, BROWSER, await code_of(running, door, token))
    assert isinstance(given, Package)
    return given.file.read()


async def entries(running: Running, key: str) -> list[audit.Entry]:
    async with running.house.store.read() as tx:
        return await audit.of_case(tx, running.house.cases[key])


def drawn(page: str) -> str:
    """What will be read, of everything on the page."""
    return "".join(re.findall(r'<div class="access-read".*?</article>', page, re.DOTALL))
