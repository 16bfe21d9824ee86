"""The command over the audit: whether it is what was written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from gateway.commands.terminal import emit, err, say, with_house

if TYPE_CHECKING:
    from gateway.audit_check import Verified
    from gateway.house import House

audit = typer.Typer(help="The audit, and the chain that shows whether somebody changed it.", no_args_is_help=True)


@audit.command("verify")
def verify(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Believe the last head that was kept before this day, and look at what came after it only.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Hold every entry of the audit against its link, and the chain against the heads kept in the data folder. Ends with 1 when
    anything was changed, taken away or cut off, or waits for its link for more than 15 minutes."""
    from gateway import audit_check

    async def work(house: House) -> Verified:
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("Verifying the audit", total=None)

            def tell(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            if since is None:
                return await audit_check.checked(house, now=house.now(), progress=tell)
            return await audit_check.verify(
                house.store, house.settings.data, now=house.now(), since=since.date(), progress=tell
            )

    found = with_house(work)
    if as_json:
        emit(json.dumps(_as_json(found)))
    else:
        _tell(found)
    if not found.sound:
        raise typer.Exit(1)


def _as_json(found: Verified) -> dict[str, object]:
    return {
        "sound": found.sound,
        "differences": list(found.differences),
        "from": found.begun,
        "to": found.end.position,
        "digest": found.end.digest.hex(),
        "last_head": str(found.known) if found.known else None,
        "without_link": found.unlinked.count,
    }


def _tell(found: Verified) -> None:
    if found.end.position > found.begun:
        say(f"Links {found.begun + 1} to {found.end.position} were looked at.")
    else:
        say(f"The chain after link {found.begun} was looked at: nothing came since.")
    say(f"The chain ends with {found.end.digest.hex()}.")
    say(f"The last head kept in the data folder is: {found.known}." if found.known else "No head was kept yet.")
    if found.unlinked.count:
        say(f"Entries that wait for their link: {found.unlinked.count}.")
    for difference in found.differences:
        say(f"Differs: {difference}")
    say("Sound." if found.sound else "Not sound.")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(audit, name="audit")
