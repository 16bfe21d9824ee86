"""The command of the monthly report."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.table import Table

from gateway.commands.terminal import emit, out, say, stop, with_house

if TYPE_CHECKING:
    from console.report_files import File
    from gateway.house import House
    from report.figures import Report

_FORMATS = ("text", "json", "pdf", "xlsx", "csv")


def report(
    month: Annotated[str, typer.Option(help="The month, such as 2026-11; this one by default.")] = "",
    format_: Annotated[str, typer.Option("--format", help=", ".join(_FORMATS))] = "text",
    to: Annotated[Path | None, typer.Option("--out", help="The file to write; standard output by default.")] = None,
    language: Annotated[str, typer.Option(help="fr, nl or en.")] = "fr",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """The report of a month to the Executive Committee: as approved, else as the register says now. Small counts are hidden,
    and each report that is taken out is in the audit."""
    from console.words import ConsoleLanguage

    format_ = "json" if as_json else format_
    if format_ not in _FORMATS:
        raise stop(f"'{format_}' is not a format; use one of {', '.join(_FORMATS)}", 2)
    if language not in get_args(ConsoleLanguage):
        raise stop(
            f"'{language}' is not a language of the report; use one of {', '.join(get_args(ConsoleLanguage))}", 2
        )
    first = _first(month)
    if format_ in ("pdf", "xlsx") and to is None and sys.stdout.isatty():
        raise stop("name a file with --out, or send the output into one", 2)
    if format_ in ("text", "json"):
        _tell(first, format_, language)
        return
    file = _file(first, format_, language)
    if to is None:
        sys.stdout.buffer.write(file.content)
        return
    try:
        to.write_bytes(file.content)
    except OSError as error:
        raise stop(f"{to} cannot be written: {error.strerror}") from None
    say(f"{to}: {file.rows} rows.")


def _first(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01") if month else date.today().replace(day=1)  # noqa: DTZ011 (the operator's own month)
    except ValueError:
        raise stop(f"'{month}' is not a month; write it like 2026-11", 2) from None
    if not 2000 <= first.year < 3000:
        raise stop(f"there is nothing to report of the year {first.year}", 2)
    return first


def _tell(first: date, format_: str, language: str) -> None:
    from console.report_files import plain
    from console.report_sections import sections
    from console.words import catalogue
    from gateway.reporting import current, note_export

    async def work(house: House) -> Report:
        report, _ = await current(house, first)
        await note_export(house, first, format_, sum(len(one.rows) for one in sections(report, words, leaving=True)))
        return report

    words = catalogue()[language]  # type: ignore[index]  # checked above against the closed list
    found = sections(with_house(work), words, leaving=True)
    if format_ == "json":
        emit(plain(first, found))
        return
    for one in found:
        table = Table(*one.head, title=one.answer, title_justify="left")
        for row in one.rows:
            table.add_row(*(cell.text for cell in row))
        out.print(table, markup=False)


def _file(first: date, format_: str, language: str) -> File:
    from gateway.reporting import export
    from router.pdf import PdfError

    async def work(house: House) -> File:
        return await export(house, first, format_, language)  # type: ignore[arg-type]  # both checked against closed lists

    try:
        return with_house(work)
    except PdfError as error:
        raise stop(str(error)) from None


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(report)
