"""The monthly report to take along: PDF, XLSX, CSV. Small counts are hidden in all of them (rule E3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, get_args

from channels.web.pages import environment, straightened
from console.pages import HERE, Say
from console.report_sections import Section, sections
from console.report_writing import Cell, month_name
from console.words import ConsoleLanguage, Words, catalogue
from console.workbook import Sheet, Value, as_csv, as_xlsx
from report.figures import Report, following
from report.kept import Current
from router.deadlines import received_day
from router.pdf import make_pdf

Format = Literal["pdf", "xlsx", "csv"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
TYPES: Final[dict[Format, str]] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_STYLE: Final = Path(HERE / "paper" / "report.css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Signed:
    """What people said of a report: the sentences, and who approved it on which day. Nobody for a draft."""

    sentences: str = ""
    name: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file to take along. `rows` is how many it holds, for the audit."""

    name: str
    type: str
    content: bytes
    rows: int


def signed(found: Current) -> Signed:
    """What people said of a report, for its files."""
    kept = found.kept
    if kept.approved_at is None:
        return Signed(kept.sentences)
    return Signed(kept.sentences, kept.approved_by, received_day(kept.approved_at))


async def made(
    report: Report, format_: Format, language: ConsoleLanguage, signed: Signed, *, now: datetime, only: str = ""
) -> File:
    """The report as a file, all of it or the one section with this id. Raises PdfError when no PDF could be made, and KeyError
    for a section that does not exist."""
    words = catalogue()[language]
    found = sections(report, words, leaving=True)
    if only:
        found = [{one.id: one for one in found}[only]]
    rows = sum(len(one.rows) for one in found)
    if format_ == "pdf":
        content = await make_pdf(paper(report, found, language, signed, now=now))
    elif format_ == "xlsx":
        content = as_xlsx([_sheet(one, words) for one in found])
    elif only:
        content = as_csv(found[0].head, [[_value(cell) for cell in row] for row in found[0].rows])
    else:
        content = as_csv(("month", "section", "row", "column", "value"), _long(report, found))
    name = f"report-{report.first:%Y-%m}{f'-{only}' if only else ''}.{format_}"
    return File(name, TYPES[format_], content, rows)


def paper(report: Report, found: Sequence[Section], language: ConsoleLanguage, signed: Signed, *, now: datetime) -> str:
    """The report as one HTML document for the typesetter, without any outside resource."""
    words = catalogue()[language]
    template = environment(HERE / "paper", finalize=straightened).get_template("report.html")
    return template.render(
        t=words,
        language=language,
        report=report,
        sections=found,
        signed=signed,
        month=month_name(report.first, words),
        following=following(report.first),
        say=Say(language, now, saturdays=False),
        style=_STYLE,
    )


def plain(first: date, found: Sequence[Section]) -> str:
    """The sections as JSON: {"month", "sections": [{"id", "answer", "head", "rows"}, …]}."""
    listed = [
        {
            "id": one.id,
            "answer": one.answer,
            "head": one.head,
            "rows": [[_value(cell) for cell in row] for row in one.rows],
        }
        for one in found
    ]
    return json.dumps({"month": f"{first:%Y-%m}", "sections": listed}, ensure_ascii=False)


def _sheet(one: Section, words: Words) -> Sheet:
    return Sheet(words[f"report.sheet.{one.id}"], one.head, [[_value(cell) for cell in row] for row in one.rows])


def _long(report: Report, found: Sequence[Section]) -> list[list[Value]]:
    """Every figure on a line of its own, for whoever counts on with them."""
    return [
        [f"{report.first:%Y-%m}", one.id, row[0].text, name, _value(cell)]
        for one in found
        for row in one.rows
        for name, cell in zip(one.head[1:], row[1:], strict=True)
    ]


def _value(cell: Cell) -> Value:
    return cell.text if cell.value is None else cell.value
