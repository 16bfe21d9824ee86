"""Commands over the versions of the model: which there are, which one reads, and training one from corrections."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from gateway.commands.persons import By, UnknownPersonError, person, unknown
from gateway.commands.terminal import emit, err, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from gateway.retraining import Retrained

model = typer.Typer(help="The versions of the model: which there are, and which one reads.", no_args_is_help=True)


@model.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
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
    table = Table(Column("version", no_wrap=True), "reads", "made", "by", "corrections", "replaces")
    for one in everything:
        made = "missing here" if one.get("missing") else one.get("made_at", "")[:10] or "with the code"
        row = (made, one.get("made_by", ""), str(one.get("corrections", "")), one.get("replaces", ""))
        table.add_row(one["id"], "yes" if one["id"] == in_use else "", *row)
    out.print(table)


@model.command("use")
def use_model(
    version: Annotated[str, typer.Argument(help="An id from `model list`, or: shipped.")], by: By = ""
) -> None:
    """Let a version read from the next message on; workers change to it without a restart."""
    from gateway.versions import UnknownVersionError, Versions, whole
    from store import model_uses

    async def work(house: House) -> bool:
        if version != model_uses.SHIPPED:
            whole(Versions(house.settings.data / "models").path_of(version), version)
        async with house.store.write() as tx:
            who = await person(tx, by)
            return await model_uses.use(tx, version, author_id=who.id if who else None, now=house.now())

    try:
        changed = with_house(work)
    except UnknownPersonError:
        raise unknown(by) from None
    except UnknownVersionError:
        raise stop("there is no such version in the data folder; see: guichet model list") from None
    except (OSError, ValueError, KeyError):
        raise stop("the files of this version are missing or broken; nothing is changed") from None
    say(f"{version} reads from now on." if changed else f"{version} reads already.")


@model.command("back")
def model_back(by: By = "") -> None:
    """Let the version read again that the present one replaced."""
    from store import model_uses

    async def work(house: House) -> str:
        async with house.store.write() as tx:
            who = await person(tx, by)
            return await model_uses.back(tx, author_id=who.id if who else None, now=house.now())

    try:
        version = with_house(work)
    except UnknownPersonError:
        raise unknown(by) from None
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
                who = await person(tx, by)
            return await retraining.retrain(
                house,
                folder=folder,
                seed=seed,
                by=who.login if who else "command",
                even_if_no_better=even_if_no_better,
                now=house.now(),
                progress=progress,
            )

        return work

    try:
        with err.status("Training…") as status:
            # Where nothing can be written over, each step gets a line.
            found: Retrained = with_house(work_with(status.update if err.is_terminal else say))
    except UnknownPersonError:
        raise unknown(by) from None
    except CorpusError as error:
        raise stop(str(error)) from None
    except retraining.NothingToLearnError:
        raise stop("there are no corrections to learn from") from None
    except UnknownVersionError as error:
        raise stop(
            f"the version in use ({error}) is missing or broken on this machine, or was made for other labels: there is "
            "nothing to compare with; put one in use that can be loaded: guichet model use"
        ) from None
    except retraining.ReplacedMeanwhileError:
        raise stop(
            "another version was put in use while this one was trained, and was not compared with it: the new one is not "
            "kept; train again"
        ) from None
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
    app.add_typer(model, name="model")
