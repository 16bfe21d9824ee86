"""The command that compares: the register with itself, its audit with the chain, and with its mailboxes, Twilio and Telegram."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import Progress
from rich.table import Table

from gateway.commands.terminal import emit, err, out, say, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from gateway.providers import Asked
    from gateway.reconcile import Report

_MOST_DAYS: Final = 30


def reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Take in the texts that Twilio holds and the register does not, each once."),
    ] = False,
    days: Annotated[
        int, typer.Option(help="Of so many days the mailboxes and Twilio are asked.", min=1, max=_MOST_DAYS)
    ] = 2,
) -> None:
    """Check that every item has exactly one fate, every case its item, every file its content and every entry of the audit its
    link; ask the mailboxes and Twilio what they hold of the last days, and Telegram what waits for its webhook. Who is not
    configured is not asked. Ends with 1 when anything differs, and when one of them could not be asked."""
    from gateway.audit_check import checked
    from gateway.census import ask_mailboxes
    from gateway.door import Door
    from gateway.metrics import Metrics
    from gateway.providers import ask_providers
    from gateway.reconcile import reconcile as compare
    from gateway.room import Room

    async def work(house: House) -> tuple[Report, Asked]:
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("Reading files", total=None)
            report = await compare(
                house.store,
                now=house.now(),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
            bar.update(task, description="Verifying the audit", total=None)
            audit = await checked(
                house, now=house.now(), progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
            report = report.beside(audit.differences)
            bar.update(task, description="Asking the mailboxes", total=None)
            now, settings = house.now(), house.settings
            since = now - timedelta(days=days)
            report = report.beside(await ask_mailboxes(house, since=since, now=now))
            bar.update(task, description="Asking Twilio and Telegram", total=None)
            room = Room(settings.data, settings.min_free_mb * 1024 * 1024, settings.min_free_percent)
            door = Door(house, Metrics(), room)
            asked = await ask_providers(house, since=since, now=now, take_in=door.submit if fetch else None)
            return report.beside(asked.differences), asked

    report, asked = with_house(work)
    if as_json:
        emit(json.dumps(report.as_json() | {"providers": asked.as_json()}))
    else:
        _told(report, asked, fetch=fetch)
    if not report.sound:
        raise typer.Exit(1)


def _told(report: Report, asked: Asked, *, fetch: bool) -> None:
    """Say it in words and a table."""
    table = Table("account", "channel", "deliveries", "items", "fates", "no fate yet")
    for tally in report.tallies:
        fates = ", ".join(f"{name} {count}" for name, count in tally.fates.items())
        table.add_row(tally.account, tally.channel, str(tally.deliveries), str(tally.items), fates, str(tally.open))
    out.print(table)
    say(f"{report.quarantined} in quarantine, {report.waiting} without a fate yet.")
    for one in asked.elsewhere:
        done = "taken in" if one.taken_in else "not in the register"
        emit(f"{one.channel} {one.sid} {one.sent_at:%Y-%m-%d %H:%M:%S} UTC {done}")
    for words in asked.told:
        say(words)
    for difference in report.differences:
        say(f"Differs: {difference}")
    if not fetch and asked.elsewhere:
        say("guichet reconcile --fetch takes them in.")
    say("Sound." if report.sound else "Not sound.")


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(reconcile)
