"""The command that makes the search index anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.progress import Progress

from gateway.commands.terminal import err, say, with_house

if TYPE_CHECKING:
    from gateway.house import House


def reindex() -> None:
    """Make what search finds anew from the register: after a restore without the index, after the secret was replaced, and when
    people say that a case is not found. The house may go on running."""
    from store.reindex import everything

    async def work(house: House) -> int:
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("Indexing cases", total=None)
            return await everything(
                house.store, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )

    say(f"{with_house(work)} cases indexed.")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reindex)
