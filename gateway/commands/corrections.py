"""Commands over what people corrected of the classifier's labels."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from gateway.commands.persons import By, UnknownPersonError, unknown, viewer
from gateway.commands.terminal import emit, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from store.corrections import Correction

corrections = typer.Typer(help="What people corrected of the classifier's labels.", no_args_is_help=True)
_HIGHEST_ID: Final = 2**63 - 1


@corrections.command("list")
def list_corrections(
    by: By = "", as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False
) -> None:
    """Who corrected what, the latest first. Those of sealed cases are told to who may open them (--by)."""
    from store import corrections as kept

    async def work(house: House) -> tuple[list[Correction], int]:
        async with house.store.read() as tx:
            who = await viewer(tx, by)
            return await kept.listing(tx, who), await kept.hidden(tx, who)

    try:
        found, hidden = with_house(work)
    except UnknownPersonError:
        raise unknown(by) from None
    if as_json:
        for one in found:
            emit(json.dumps(asdict(one), ensure_ascii=False, default=str))
    elif found:
        table = Table("id", "case", "was", "is", "by", "when", "undone")
        for one in found:
            was = _in_words({label: one.said.get(label) for label in one.wanted})
            undone = f"{one.undone_at:%Y-%m-%d %H:%M}" if one.undone_at else ""
            when = f"{one.at:%Y-%m-%d %H:%M}"
            table.add_row(str(one.id), one.reference, was, _in_words(one.wanted), one.author or "command", when, undone)
        out.print(table)
    else:
        say("Nothing is corrected.")
    if hidden:
        say(f"{hidden} more are about sealed cases.")


def _in_words(labels: Any) -> str:
    return ", ".join(
        f"{label} {'yes' if value is True else 'no' if value is False else value or 'none'}"
        for label, value in labels.items()
    )


@corrections.command("add")
def add_correction(
    reference: Annotated[str, typer.Argument(help="The case.")],
    kind: Annotated[str, typer.Option(help="complaint, suggestion, compliment, question or other.")] = "",
    flag: Annotated[list[str] | None, typer.Option("--flag", help="A flag that holds.")] = None,
    no_flag: Annotated[list[str] | None, typer.Option("--no-flag", help="A flag that does not hold.")] = None,
    department: Annotated[str, typer.Option(help="Which it is about, or none.")] = "",
    message: Annotated[
        int | None, typer.Option(help="Which message; the one that opened the case by default.", min=1, max=_HIGHEST_ID)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    by: By = "",
) -> None:
    """Say what is right about a message. The case's own labels change with it; its queue does not."""
    from channels.reference import parse_reference
    from store import corrections as kept
    from store import labels, views

    wanted: dict[str, Any] = {"kind": kind} if kind else {}
    wanted |= dict.fromkeys(flag or (), True) | dict.fromkeys(no_flag or (), False)
    wanted |= {"department": None if department == "none" else department} if department else {}
    if not wanted:
        raise stop("say what is right: --kind, --flag, --no-flag or --department", 2)
    named = parse_reference(reference)

    async def work(house: House) -> int | None:
        async with house.store.write() as tx:
            who = await viewer(tx, by)
            row = await views.case_by_reference(tx, who, named) if named else None
            if row is None or row.locked:
                return None
            return await kept.correct(tx, who, row.id, wanted, now=house.now(), message_id=message, reason=reason)

    try:
        done = with_house(work)
    except UnknownPersonError:
        raise unknown(by) from None
    except labels.WrongLabelsError as error:
        raise stop(str(error), 2) from None
    except kept.NothingToCorrectError:
        raise stop("nothing to correct: it stands so already, or nothing was classified there") from None
    if done is None:
        raise stop("there is no such case, or it is sealed: name somebody who may open it (--by)")
    say(f"Correction {done} is kept.")


@corrections.command("undo")
def undo_correction(
    correction_id: Annotated[int, typer.Argument(help="The id from `corrections list`.", min=1, max=_HIGHEST_ID)],
    by: By = "",
) -> None:
    """Take a correction back. Both stay in the list; nothing is learnt from it any more."""
    from store import corrections as kept

    async def work(house: House) -> None:
        async with house.store.write() as tx:
            await kept.undo(tx, await viewer(tx, by), correction_id, now=house.now())

    try:
        with_house(work)
    except UnknownPersonError:
        raise unknown(by) from None
    except kept.NothingToCorrectError:
        raise stop(f"there is no correction {correction_id} to take back") from None
    say(f"Correction {correction_id} is taken back.")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(corrections, name="corrections")
