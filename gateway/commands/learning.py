"""Commands for learning from people: corrections, and the versions of the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from gateway.commands.terminal import emit, err, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from gateway.retraining import Retrained
    from store.corrections import Correction
    from store.database import Tx
    from store.users import User
    from store.viewer import Viewer

corrections = typer.Typer(help="What people corrected of the classifier's labels.", no_args_is_help=True)
model = typer.Typer(help="The versions of the model: which there are, and which one reads.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Login of who does it; with their rights on sealed cases.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
_HIGHEST_ID = 2**63 - 1


class _UnknownPersonError(Exception):
    """Nobody signs in so."""


async def _person(tx: Tx, login: str) -> User | None:
    from store import users

    if not login:
        return None
    found = await users.by_login(tx, login)
    if found is None or found.disabled:
        raise _UnknownPersonError
    return found


async def _viewer(tx: Tx, login: str) -> Viewer:
    """Whoever is named, with their rights; otherwise the command, which sees nothing that is sealed."""
    from store.viewer import Viewer

    found = await _person(tx, login)
    if found is None:
        return Viewer(0, "command", "supervisor")
    return Viewer(found.id, found.name, found.role, found.medical)


@corrections.command("list")
def list_corrections(by: By = "", as_json: AsJson = False) -> None:
    """Who corrected what, the latest first. Those of sealed cases are told to who may open them (--by)."""
    from store import corrections as kept

    async def work(house: House) -> tuple[list[Correction], int]:
        async with house.store.read() as tx:
            viewer = await _viewer(tx, by)
            return await kept.listing(tx, viewer), await kept.hidden(tx, viewer)

    try:
        found, hidden = with_house(work)
    except _UnknownPersonError:
        raise stop(f"there is no user {by}") from None
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
            viewer = await _viewer(tx, by)
            row = await views.case_by_reference(tx, viewer, named) if named else None
            if row is None or row.locked:
                return None
            return await kept.correct(tx, viewer, row.id, wanted, now=house.now(), message_id=message, reason=reason)

    try:
        done = with_house(work)
    except _UnknownPersonError:
        raise stop(f"there is no user {by}") from None
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
            await kept.undo(tx, await _viewer(tx, by), correction_id, now=house.now())

    try:
        with_house(work)
    except _UnknownPersonError:
        raise stop(f"there is no user {by}") from None
    except kept.NothingToCorrectError:
        raise stop(f"there is no correction {correction_id} to take back") from None
    say(f"Correction {correction_id} is taken back.")


@model.command("list")
def list_models(as_json: AsJson = False) -> None:
    """The shipped model and every version in the data folder; the one that reads is marked."""
    from gateway.versions import Versions
    from store import model_uses

    async def work(house: House) -> tuple[str, list[dict[str, Any]]]:
        async with house.store.read() as tx:
            in_use = await model_uses.in_use(tx)
        return in_use, [asdict(about) for about in Versions(house.settings.data / "models").listing()]

    in_use, found = with_house(work)
    everything: list[dict[str, Any]] = [{"id": model_uses.SHIPPED}, *found]
    if in_use not in [one["id"] for one in everything]:
        everything.append({"id": in_use, "missing": True})
    if as_json:
        for one in everything:
            emit(json.dumps(one | {"in_use": one["id"] == in_use}, ensure_ascii=False))
        return
    table = Table("version", "reads", "made", "by", "corrections", "replaces")
    for one in everything:
        made = "not on this machine" if one.get("missing") else one.get("made_at", "with the code")
        row = (made, one.get("made_by", ""), str(one.get("corrections", "")), one.get("replaces", ""))
        table.add_row(one["id"], "yes" if one["id"] == in_use else "", *row)
    out.print(table)


@model.command("use")
def use_model(
    version: Annotated[str, typer.Argument(help="An id from `model list`, or: shipped.")], by: By = ""
) -> None:
    """Let a version read from the next message on; workers change to it without a restart."""
    from gateway.versions import UnknownVersionError, Versions
    from store import model_uses

    async def work(house: House) -> bool:
        if version != model_uses.SHIPPED:
            _readable(Versions(house.settings.data / "models").path_of(version), version)
        async with house.store.write() as tx:
            person = await _person(tx, by)
            return await model_uses.use(tx, version, author_id=person.id if person else None, now=house.now())

    try:
        changed = with_house(work)
    except _UnknownPersonError:
        raise stop(f"there is no user {by}") from None
    except UnknownVersionError:
        raise stop("there is no such version in the data folder; see: guichet model list") from None
    except (OSError, ValueError, KeyError):
        raise stop("the files of this version are missing or broken; nothing is changed") from None
    say(f"{version} reads from now on." if changed else f"{version} reads already.")


def _readable(path: Path, version: str) -> None:
    """Whether the files are whole. Raises `OSError`, `ValueError`, `KeyError`."""
    from zipfile import BadZipFile

    from classifier import heads

    try:
        learnt = heads.from_disk(path / "guichet_heads")
    except BadZipFile:
        raise ValueError(version) from None
    if not (path / "config.cfg").is_file() or not learnt.digest.startswith(version.rpartition("-")[2]):
        raise ValueError(version)


@model.command("back")
def model_back(by: By = "") -> None:
    """Let the version read again that the present one replaced."""
    from store import model_uses

    async def work(house: House) -> str:
        async with house.store.write() as tx:
            person = await _person(tx, by)
            return await model_uses.back(tx, author_id=person.id if person else None, now=house.now())

    try:
        version = with_house(work)
    except _UnknownPersonError:
        raise stop(f"there is no user {by}") from None
    except model_uses.NoWayBackError:
        raise stop("no other version was in use before") from None
    say(f"{version} reads from now on.")


def retrain(folder: Path, seed: int | None, by: str, *, even_if_no_better: bool) -> None:
    """`guichet train --with-corrections`: train, compare, say it, and keep the version if the rule allows."""
    from classifier.corpus import CorpusError
    from gateway import retraining
    from gateway.versions import UnknownVersionError

    def work_with(progress: Callable[[str], None]) -> Callable[[House], Any]:
        async def work(house: House) -> Retrained:
            async with house.store.read() as tx:
                person = await _person(tx, by)
            return await retraining.retrain(
                house,
                folder=folder,
                seed=seed,
                by=person.login if person else "command",
                even_if_no_better=even_if_no_better,
                now=house.now(),
                progress=progress,
            )

        return work

    try:
        with err.status("Training…") as status:
            found: Retrained = with_house(work_with(status.update))
    except _UnknownPersonError:
        raise stop(f"there is no user {by}") from None
    except CorpusError as error:
        raise stop(str(error)) from None
    except retraining.NothingToLearnError:
        raise stop("there are no corrections to learn from") from None
    except UnknownVersionError:
        raise stop("the version in use is not whole on this machine: there is nothing to compare with") from None
    _tell(found)


def _tell(found: Retrained) -> None:
    for part in found.compared:
        table = Table("", "old", "new", "difference, 99 of 100", "", title=f"{part.part}: {part.messages} messages")
        for line in part.headlines:
            word = "better" if line.better else "worse" if line.worse else ""
            span = f"{line.low:+.3f} to {line.high:+.3f}"
            table.add_row(line.name, f"{line.old:.3f}", f"{line.new:.3f}", span, word)
        out.print(table)
    say(f"Learnt from {len(found.lessons.learning)} corrections; {len(found.lessons.kept_out)} were kept out.")
    for reason in found.verdict.reasons:
        say(f"- {reason}")
    if not found.verdict.accepted:
        raise stop(f"the new model does not replace {found.replaces}, and is not kept")
    say(f"Kept as {found.id}; let it read with: guichet model use {found.id}")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(corrections, name="corrections")
    app.add_typer(model, name="model")
