"""Commands over rule files: check one, rehearse it on the past, publish it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from gateway.commands.terminal import err, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from gateway.rehearsal import Rehearsal
    from router.decide import RuleSet

rules = typer.Typer(
    help="The routing rules: read them, check, compare and rehearse a file, publish it, go back to an earlier version.",
    no_args_is_help=True,
)
File = Annotated[Path, typer.Argument(help="A rule file (YAML).", exists=True, dir_okay=False)]
Comment = Annotated[str, typer.Option(help="Why: kept with the version.", prompt=True)]
Author = Annotated[
    str, typer.Option("--by", help="Login of the supervisor who stands for it; asked for where there are two.")
]
Reader = Annotated[str, typer.Option("--read-by", help="Login of the supervisor who read it besides; likewise.")]
AcceptHarm = Annotated[
    str, typer.Option(help="Why it is right, when the rehearsal finds cases that would be treated worse.")
]


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


def _body(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise stop(f"{file.name}: cannot be read ({type(error).__name__})") from None


@rules.command("rehearse")
def rehearse(
    file: File,
    days: Annotated[int, typer.Option(help="How many past days to replay.", min=1, max=3660)] = 90,
) -> None:
    """Replay past cases through a rule file, from the stored messages and classifications. Nothing is changed or sent."""
    from gateway.rehearsal import rehearse as replay

    wanted = _sound(file)

    async def work(house: House) -> Rehearsal:
        with _progress("Replaying") as progress:
            return await replay(house, wanted, days=days, progress=progress)

    _tell(with_house(work))


@contextmanager
def _progress(words: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(found: Rehearsal) -> None:
    say(
        f"{found.replayed} cases replayed, {found.replayed - len(found.moves)} stay as they are, {len(found.moves)} change."
    )
    if found.sealed:
        say(f"{found.sealed} sealed cases were replayed and are counted only.")
    if found.harmed:
        say(f"{found.harmed} would be treated worse. Look at these first.")
    if not found.moves:
        return
    table = Table("case", "from", "to", "rule now", "rule then", "could lose")
    for move in found.moves:
        table.add_row(move.reference, move.before, move.after, move.rule_before, move.rule_after, ", ".join(move.harms))
    out.print(table)


@rules.command("publish")
def publish(file: File, comment: Comment, by: Author = "", read_by: Reader = "", accept_harm: AcceptHarm = "") -> None:
    """Make a rule file the one that decides. Its examples must hold, and it is rehearsed on the last 90 days first."""
    make_live(_sound(file), _body(file), comment, by, read_by, accept_harm)


def make_live(wanted: RuleSet, body: str, comment: str, by: str, read_by: str, accept_harm: str) -> None:
    """Publish by the one way that the console takes too, and say what became of it."""
    from gateway.publishing import Publication, PublishRefusedError, Reasons, publish

    async def work(house: House) -> Publication:
        with _progress("Rehearsing") as progress:
            return await publish(house, wanted, body, Reasons(comment, by, read_by, accept_harm), progress=progress)

    try:
        done = with_house(work)
    except PublishRefusedError as error:
        raise stop(str(error)) from None
    _tell(done.rehearsal)
    if not by or not read_by:
        say("Nobody is named who wrote and who read it; in production both must be.")
    if not done.new:
        say(f"Version {wanted.version} was published before and decides again.")
        return
    say(f"Version {wanted.version} decides from now on.")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(rules, name="rules")
