"""Commands over the routing rules: check a file, compare it, rehearse it on the past, publish it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from gateway.commands.terminal import emit, err, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from gateway.rehearsal import Rehearsal
    from router.decide import RuleSet

rules = typer.Typer(help="The routing rules: check, compare, rehearse and publish.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A rule file (YAML).", exists=True, dir_okay=False)]


@rules.command("check")
def check_rules(file: File) -> None:
    """Say what is wrong with a rule file, its examples included. Ends with 1 when anything is."""
    sound = _sound(file)
    say(f"{file.name}: {len(sound.rules)} rules, {len(sound.examples)} examples route as stated.")


def _sound(file: Path) -> RuleSet:
    from router.check import check
    from router.decide import RuleError, load_rules

    try:
        loaded = load_rules(file)
    except RuleError as error:
        raise stop(str(error)) from None
    problems = check(loaded)
    for problem in problems:
        say(problem)
    if problems:
        raise stop(f"{file.name} is not fit to be published")
    return loaded


@rules.command("diff")
def diff_rules(file: File) -> None:
    """Compare a rule file with the rules that decide now."""
    from store import rule_sets

    async def work(house: House) -> rule_sets.Published | None:
        from gateway.house import active_rules

        await active_rules(house)
        async with house.store.read() as tx:
            return await rule_sets.active(tx)

    live = with_house(work)
    before = live.body.splitlines() if live else []
    lines = list(
        difflib.unified_diff(
            before,
            file.read_text(encoding="utf-8").splitlines(),
            f"live {live.version if live else ''}",
            file.name,
            lineterm="",
        )
    )
    for line in lines:
        emit(line)
    if not lines:
        say("No difference.")


@rules.command("rehearse")
def rehearse(
    file: File,
    days: Annotated[int, typer.Option(help="How many past days to replay.", min=1, max=3660)] = 90,
) -> None:
    """Replay past cases through a rule file, from the stored messages and classifications. Nothing is changed or sent."""
    from gateway.rehearsal import rehearse as replay

    wanted = _sound(file)

    async def work(house: House) -> Rehearsal:
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("Replaying", total=None)
            return await replay(
                house, wanted, days=days, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )

    found = with_house(work)
    say(f"{found.replayed} cases replayed, {found.replayed - len(found.moves)} stay, {len(found.moves)} move.")
    if found.sealed:
        say(f"{found.sealed} sealed cases were replayed and are counted only.")
    if not found.moves:
        return
    table = Table("case", "from", "to", "rule now", "rule then")
    for move in found.moves:
        table.add_row(move.reference, move.before, move.after, move.rule_before, move.rule_after)
    out.print(table)


@rules.command("publish")
def publish(
    file: File,
    comment: Annotated[str, typer.Option(help="Why: kept with the version.", prompt=True)],
) -> None:
    """Make a rule file the one that decides. Its examples must hold."""
    from gateway.publishing import publish as make_live

    wanted = _sound(file)
    body = file.read_text(encoding="utf-8")

    async def work(house: House) -> bool:
        async with house.store.write() as tx:
            return await make_live(tx, wanted, body, comment=comment, author_id=None, now=house.now())

    if not with_house(work):
        say(f"Version {wanted.version} was published before and decides again.")
        return
    say(f"Version {wanted.version} decides from now on.")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(rules, name="rules")
