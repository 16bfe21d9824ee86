"""What all commands share: settings, the two consoles, an open store, and how they end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from rich.console import Console

from config.settings import Settings, load
from gateway import logs

Answer = TypeVar("Answer")

out = Console()
err = Console(stderr=True)


def settings_for(*, process: bool = False) -> Settings:
    """The settings, with logging set up: a process tells what it does, a command only what is wrong."""
    settings = load()
    level = ("DEBUG" if settings.debug else "INFO") if process else "WARNING"
    logs.configure(json_lines=settings.production or not sys.stderr.isatty(), level=level)
    return settings


def say(words: str) -> None:
    """One line for the person at the terminal, on stderr so that output can be piped."""
    err.print(words, markup=False, highlight=False)


def stop(words: str, code: int = 1) -> typer.Exit:
    """Say what is wrong and give the exit to raise."""
    err.print("[bold red]Error:[/] ", end="")
    say(words)
    return typer.Exit(code)


def emit(line: str) -> None:
    """One line of the command's product, on stdout."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def with_house(work: Callable[..., Awaitable[Answer]]) -> Answer:
    """Run `work(house)` on the opened store. Other processes may be using it at the same time."""
    from channels.contract import StoreUnavailableError
    from gateway.house import build
    from store.database import UnsafeDatabaseError
    from store.migrate import SchemaTooNewError

    settings = settings_for()

    async def run() -> Answer:
        house = build(settings, name="command")
        try:
            await house.store.open()
            return await work(house)
        finally:
            await house.close()

    try:
        return asyncio.run(run())
    except StoreUnavailableError:
        raise stop("the database cannot be reached", 2) from None
    except (UnsafeDatabaseError, SchemaTooNewError) as error:
        raise stop(str(error), 2) from None
