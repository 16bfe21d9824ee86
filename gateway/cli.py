"""The one command, `guichet`. Each command imports what it needs, so that `--help` is quick and small tools stay small."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import typer

from config.settings import SettingsError
from gateway.commands import (
    access,
    auditing,
    corrections,
    indexing,
    models,
    reconciling,
    register,
    reporting,
    rule_versions,
    rules,
    running,
    telegram,
    tools,
)
from gateway.commands.terminal import err, say

app = typer.Typer(
    help="Guichet: the intake gateway of a complaints service. Start with `guichet run`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for commands in (
    running,
    tools,
    register,
    access,
    reporting,
    reconciling,
    auditing,
    indexing,
    rules,
    rule_versions,
    corrections,
    models,
    telegram,
):
    commands.add_to(app)


def main() -> None:
    """Run the command; what is wrong is said in one line. A traceback would repeat what was being worked on."""
    try:
        app()
    except SettingsError as error:
        err.print("[bold red]Settings:[/] ", end="")
        say(str(error))
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 (a fault of ours: its class and place are what may be shown of it)
        place = traceback.extract_tb(error.__traceback__)[-1]
        err.print("[bold red]Error:[/] ", end="")
        say(
            f"unexpected {type(error).__name__} at {Path(place.filename).name}:{place.lineno}; this is a fault of guichet"
        )
        sys.exit(70)


if __name__ == "__main__":
    main()
