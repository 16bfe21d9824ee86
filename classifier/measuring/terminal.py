"""The report at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from classifier.measuring import tables
from classifier.measuring.report import Report
from classifier.measuring.tables import Table


def show(report: Report, console: Console) -> None:
    """Print every table; those that were not measured are left out."""
    console.print(
        f"{report.model}, {report.messages} messages: {report.source}", style="bold", markup=False, highlight=False
    )
    for doubt in report.doubts:
        console.print(doubt, style="bold red", markup=False, highlight=False)
    for table in (
        tables.targets(report),
        tables.headlines(report),
        tables.labels(report),
        tables.sure(report),
        tables.confusion(report, "kind"),
        tables.lists(report),
        tables.worst(report),
        tables.habits(report),
        tables.robustness(report),
        tables.baselines(report),
        tables.speed(report),
    ):
        if table.rows and not (table.name == "baselines" and not report.baselines):
            draw(table, console)


def draw(table: Table, console: Console) -> None:
    """Print one table."""
    drawn = Drawn(title=table.title, title_justify="left", caption=table.note or None, caption_justify="left")
    for place, column in enumerate(table.columns):
        # Words stand left, figures right.
        wordy = place == 0 or table.name in ("worst", "lists", "habits")
        drawn.add_column(column, justify="left" if wordy else "right", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(_cell(cell) for cell in row))
    console.print(drawn)


def _cell(cell: str) -> Text:
    style = {"met": "green", "missed": "bold red", "missed in a language": "red"}.get(cell, "")
    return Text(cell, style=style)
