"""The monthly report on its way out of the house: as approved, else as the register says now, and in the audit."""

from __future__ import annotations

from datetime import date

from console.report_files import File, Format, Signed, made, signed
from console.words import ConsoleLanguage
from gateway.house import House
from report import kept
from report.figures import Report
from report.month import HOUSE
from router.deadlines import received_day
from store import audit


async def current(house: House, first: date) -> tuple[Report, Signed]:
    """The report of a month, and what people said of it."""
    found = await kept.current(house.store, HOUSE, first, today=received_day(house.now()))
    return found.report, signed(found)


async def export(house: House, first: date, format_: Format, language: ConsoleLanguage) -> File:
    """The report as a file. Raises PdfError when no PDF could be made."""
    report, signed = await current(house, first)
    file = await made(report, format_, language, signed, now=house.now())
    await note_export(house, first, format_, file.rows)
    return file


async def note_export(house: House, first: date, format_: str, rows: int) -> None:
    """Keep in the audit what was taken out (rule E5)."""
    detail = {"month": f"{first:%Y-%m}", "format": format_, "rows": rows}
    async with house.store.write() as tx:
        await audit.write(tx, actor="command", act="report.exported", at=house.now(), detail=detail)
