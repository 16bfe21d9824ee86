"""The commands that run processes."""

from __future__ import annotations

import asyncio
import gc
import sys

import typer

from gateway.commands.terminal import say, settings_for, stop


def _run(*parts: str) -> None:
    # Nothing of what is loaded now will ever be garbage: looking for it would take a fifth of the start.
    gc.disable()
    from gateway import processes
    from store.database import UnsafeDatabaseError
    from store.migrate import SchemaTooNewError

    settings = settings_for(process=True)
    # The children of this process need nothing of the script that started it; without this each would import the whole
    # command again before its first job.
    sys.modules["__main__"].__file__ = None

    def ready(url: str) -> None:
        if "web" in parts:
            say(f"Guichet is at {url}")

    try:
        asyncio.run(processes.run(settings, parts, on_ready=ready))
    except (UnsafeDatabaseError, SchemaTooNewError) as error:
        raise stop(str(error), 2) from None
    except OSError as error:
        raise stop(f"cannot start: {error.strerror or error}", 2) from None


def run() -> None:
    """Everything in one process, with SQLite in the data folder. For one machine, and to try Guichet."""
    _run("web", "mail", "worker", "clock")


def web() -> None:
    """The public site, the API and the console. Needs DATABASE_URL."""
    _run("web")


def mail() -> None:
    """Fetch mailboxes by IMAP and take mail by LMTP. Needs DATABASE_URL."""
    _run("mail")


def worker() -> None:
    """Read, classify, route and record what came in, and send what is to go out. Needs DATABASE_URL."""
    _run("worker")


def clock() -> None:
    """Reminders, escalation, reconciliation, tidying. Needs DATABASE_URL."""
    _run("clock")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    for command in (run, web, mail, worker, clock):
        app.command()(command)
