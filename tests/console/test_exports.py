"""Every table that leaves the house: harmless in a spreadsheet (E1), small counts hidden (E3), in the audit with its filter and
the number of its rows (E5). An export that this test does not know makes it fail."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select, update

from report.figures import Theme
from report.hiding import SMALL
from store import audit, people, schema, texts
from store.audit import Line
from store.schema import cases
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import CANARY, NOW

SUPERVISOR = Viewer(1, "Test", "supervisor", medical=True)
FORMULA = "=HYPERLINK(0)"
MONTH = "2026-11"
# The routes that give tables away, with the act by which the audit knows each.
EXPORTS = {
    "/console/audit/export": "audit.exported",
    "/console/audit/cases/export": "audit.cases_exported",
    "/console/report/export": "report.exported",
}
# The sections of the report in which a count could point at a person.
SPLITS = ("department", "kind", "channel", "language", "refused", "outcomes", "causes", "satisfaction", "clocks")


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    """What people wrote and did begins with what a spreadsheet computes, in every place where an export shows words of theirs."""
    theme = Theme(department="digital", word=FORMULA, count=9, examples=(f"\t{FORMULA}", f"  {FORMULA}"))
    monkeypatch.setattr("report.month.themes", lambda _: (theme,))


async def _audit(browser: Browser, query: str) -> ClientResponse:
    await browser.get("/console/audit")
    return await browser.send(f"/console/audit/export?{query}")


async def _cases(browser: Browser, query: str) -> ClientResponse:
    await browser.get("/console/audit")
    return await browser.send(f"/console/audit/cases/export?{query}")


async def _report(browser: Browser, query: str) -> ClientResponse:
    return await browser.client.get(f"/console/report/export?month={MONTH}&{query}")


async def _rows(answer: ClientResponse) -> list[list[str]]:
    assert answer.status == 200
    return list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"), newline="")))


def _sheets(content: bytes) -> Iterator[list[list[str]]]:
    """The cells of each sheet as a spreadsheet reads them."""
    book = zipfile.ZipFile(io.BytesIO(content))
    for name in sorted(book.namelist()):
        if name.startswith("xl/worksheets/"):
            tree = ElementTree.fromstring(book.read(name))
            assert not [one for one in tree.iter() if one.tag.endswith("}f")], "a formula"
            rows = [row for row in tree.iter() if row.tag.endswith("}row")]
            yield [["".join(cell.itertext()) for cell in row] for row in rows]


async def _recorded(running: Running, act: str) -> list[Line]:
    async with running.house.store.read() as tx:
        return await audit.search(tx, SUPERVISOR, audit.Asked(act=act))


def _is_harmless(cell: str) -> bool:
    return not cell.lstrip(" \t\r\n\x00").startswith(("=", "+", "@")) and not re.match(r"\s*-[^\d\s]", cell)


async def test_no_export_is_unknown_to_this_test(running: Running) -> None:
    found = {route.resource.canonical for route in running.app.router.routes() if route.resource is not None}
    assert {path for path in found if path.startswith("/console/") and "export" in path} == set(EXPORTS)


@pytest.mark.usefixtures("hostile")
async def test_no_cell_of_any_export_is_computed(running: Running) -> None:
    async with running.house.store.write() as tx:
        await audit.write(tx, actor="system", act=FORMULA, at=NOW, detail={FORMULA: f"@{FORMULA}"})
        await audit.write(tx, actor="system", act="case.note", at=NOW, detail={"text": f'x;{FORMULA};"{FORMULA}'})
        await audit.write(tx, actor=f"+{FORMULA}", act="case.note", at=NOW, detail={"text": f"\r{FORMULA}"})
        member = select(cases.c.person_id).where(cases.c.id == running.house.cases["marie"]).scalar_subquery()
        named = {"name": texts.keep(FORMULA, people.NAME)}
        await tx.conn.execute(update(schema.people).where(schema.people.c.id == member).values(**named))
    luc = await running.sign_in("luc")
    tables = [
        await _rows(await _audit(luc, "")),
        await _rows(await _cases(luc, "")),
        await _rows(await _report(luc, "format=csv")),
        await _rows(await _report(luc, "format=csv&section=themes")),
        *_sheets(await (await _report(luc, "format=xlsx")).read()),
    ]
    assert len(tables) > 10
    planted = 0
    for table in tables:
        for row in table:
            for cell in row:
                assert _is_harmless(cell), cell
                planted += FORMULA in cell
    assert planted >= 10
    # Cut at semicolons, as a spreadsheet in Belgium cuts, nothing is computed either.
    for answer in (await _audit(luc, ""), await _cases(luc, ""), await _report(luc, "format=csv")):
        text = (await answer.read()).decode("utf-8-sig")
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
            for cell in row:
                assert _is_harmless(cell.strip('"')), cell


async def test_no_export_of_counts_shows_a_small_one_or_gives_it_back(running: Running) -> None:
    async with running.house.store.write() as tx:
        await tx.conn.execute(update(cases).values(received_at=NOW))
    luc = await running.sign_in("luc")
    long = await _rows(await _report(luc, "format=csv"))
    for _, section, row, column, value in long[1:]:
        if section in SPLITS and value.isdecimal() and column not in ("Share", "Change"):
            assert int(value) == 0 or int(value) >= SMALL, (section, row, column)
    for section in SPLITS:
        head, *rows = await _rows(await _report(luc, f"format=csv&section={section}"))
        if section in ("clocks", "satisfaction"):
            continue
        counts = [row[1] for row in rows if row[0] != "Total"]
        # One hidden count beside a sum is no secret.
        assert sum(not count.isdecimal() for count in counts) != 1, (section, head)


async def test_every_export_is_recorded_with_its_filter_and_its_rows(running: Running) -> None:
    luc = await running.sign_in("luc")
    table = await _rows(await _audit(luc, "act=case.opened"))
    (line,) = await _recorded(running, EXPORTS["/console/audit/export"])
    assert line.actor == f"user:{running.house.users['luc']}"
    assert line.detail == {"rows": len(table) - 1, "filter": {"act": "case.opened"}}
    table = await _rows(await _cases(luc, "act=case.opened&from=2026-11-01"))
    (line,) = await _recorded(running, EXPORTS["/console/audit/cases/export"])
    assert line.detail == {"rows": len(table) - 1, "filter": {"act": "case.opened", "from": "2026-11-01"}}
    one = await _rows(await _report(luc, "format=csv&section=channel"))
    book = list(_sheets(await (await _report(luc, "format=xlsx")).read()))
    whole = await _report(luc, "format=csv")
    assert whole.status == 200
    csv_of_all, xlsx, section = await _recorded(running, EXPORTS["/console/report/export"])
    asked = {"month": MONTH, "format": "csv", "section": "channel", "rows": len(one) - 1}
    assert section.detail == asked
    rows = sum(len(sheet) - 1 for sheet in book)
    assert xlsx.detail == {"month": MONTH, "format": "xlsx", "section": "", "rows": rows}
    assert csv_of_all.detail == {"month": MONTH, "format": "csv", "section": "", "rows": rows}


async def test_what_is_sealed_leaves_with_those_only_who_may_open_it(running: Running) -> None:
    async with running.house.store.write() as tx:
        detail = {"text": CANARY}
        await audit.write(
            tx, actor="system", act="case.department", at=NOW, case_id=running.house.cases["sealed"], detail=detail
        )
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    sealed = running.house.references["sealed"]
    (row,) = [row for row in await _rows(await _cases(luc, "")) if row[0] == sealed]
    assert row[1:3] == ["", "yes"]
    (row,) = [row for row in await _rows(await _cases(sofie, "")) if row[0] == sealed]
    assert row[1:3] == ["Paul Zeisig-Kanarie", "yes"]
    assert CANARY not in await (await _audit(luc, "")).text()
    assert CANARY in await (await _audit(sofie, "")).text()
    for query in ("format=csv", "format=csv&section=department"):
        assert CANARY not in await (await _report(sofie, query)).text()
