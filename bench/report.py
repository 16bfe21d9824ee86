"""How benchmarks print."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

Row = Sequence[str]
_out = Console(width=140)


def say(words: str) -> None:
    """One line."""
    _out.print(words, highlight=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """A table."""
    drawn = Table(*columns, title=title, title_justify="left")
    for row in rows:
        drawn.add_row(*row)
    _out.print(drawn)
