"""Commands over the routing rules: check a file, compare it, rehearse it on the past, publish it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def _body(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise stop(f"{file.name}: cannot be read ({type(error).__name__})") from None


@rules.command("diff")
def diff_rules(file: File) -> None:
    """Compare a rule file with the rules that decide now."""
    from store import rule_sets

    async def work(house: House) -> rule_sets.Published | None:
        from gateway.house import active_rules

        await active_rules(house)
        async with house.store.read() as tx:
            return await rule_sets.active(tx)

    wanted = _body(file)
    live = with_house(work)
    before = live.body.splitlines() if live else []
    lines = list(
        difflib.unified_diff(
            before,
            wanted.splitlines(),
            f"live {live.version if live else ''}",
            file.name,
            lineterm="",
        )
    )
    for line in lines:
        emit(line)
    if not lines:
        say("No difference.")
    elif live:
        _tell_in_words(live.body, wanted)


def _tell_in_words(live: str, wanted: str) -> None:
    """What the changed lines mean; a file that is not sound has no meaning yet."""
    from router.decide import RuleError, parse_rules
    from router.differences import differences

    try:
        found = differences(parse_rules(live), parse_rules(wanted))
    except RuleError:
        say("The file is not sound; `guichet rules check` says why.")
        return
    for sentence in found or ["In words, nothing decides otherwise."]:
        say(sentence)


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
def publish(
    file: File,
    comment: Annotated[str, typer.Option(help="Why: kept with the version.", prompt=True)],
    by: Annotated[str, typer.Option(help="Login of the supervisor who wrote it; asked for where there are two.")] = "",
    read_by: Annotated[str, typer.Option(help="Login of the supervisor who read it besides; likewise.")] = "",
    accept_harm: Annotated[
        str, typer.Option(help="Why it is right, when the rehearsal finds cases that would be treated worse.")
    ] = "",
) -> None:
    """Make a rule file the one that decides. Its examples must hold, and it is rehearsed on the last 90 days first."""
    from gateway.publishing import Publication, PublishRefusedError, Reasons
    from gateway.publishing import publish as make_live

    wanted = _sound(file)
    body = _body(file)

    async def work(house: House) -> Publication:
        with _progress("Rehearsing") as progress:
            return await make_live(house, wanted, body, Reasons(comment, by, read_by, accept_harm), progress=progress)

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
