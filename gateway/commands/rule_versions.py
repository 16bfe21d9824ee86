"""Commands over the versions of the rules: read one, list them, compare two, go back to one."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from gateway.commands.rules import AcceptHarm, Author, Comment, Reader, make_live, rules
from gateway.commands.terminal import emit, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from router.decide import RuleSet
    from store.rule_sets import Publication, Published

_LIVE: Final = "live"
# A file in git and a version in the register are given in the same place; what is a file is read as one.
OneOf = Annotated[str, typer.Argument(help="A rule file, a version, or “live” for the rules that decide now.")]
Version = Annotated[str, typer.Argument(help="A version; see `guichet rules history`.")]


def show(
    version: Annotated[str, typer.Argument(help="A version; the rules that decide now if left out.")] = _LIVE,
    *,
    file: Annotated[bool, typer.Option("--file", help="As a rule file, to be kept in git or changed.")] = False,
) -> None:
    """Read a version of the rules, a sentence for each rule in its order."""
    from router.differences import rule_in_words

    kept = _kept(version)
    if file:
        emit(kept.body.rstrip("\n"))
        return
    found = _readable(kept)
    say(f"Version {kept.version}{', which decides now' if kept.active else ''}. {kept.comment}")
    for number, rule in enumerate(found.rules, start=1):
        emit(f"{number:>3}  {rule.id}: {rule.title}")
        emit(f"     {rule_in_words(rule)}.")
    say(f"{len(found.examples)} examples must hold.")


def history() -> None:
    """List when which version became the one that decides: by whom, why, and what its rehearsal found. The latest first."""
    from store import rule_sets

    async def work(house: House) -> tuple[list[Publication], dict[str, str]]:
        await _first_rules(house)
        async with house.store.read() as tx:
            comments = {one.version: one.comment for one in await rule_sets.history(tx)}
            return await rule_sets.publications(tx), comments

    published, comments = with_house(work)
    # The name of a version is what `return` and `show` are given: however narrow the terminal, it stands on one line.
    name = Column("version", no_wrap=True)
    table = Table("when (UTC)", name, "by", "read by", "why", "changed", "worse", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for one in published:
        why = (one.comment or "decides again") if one.again else comments.get(one.version, "")
        why += f" (harm accepted: {one.harm})" if one.harm else ""
        found = [str(one.rehearsed.get(name, "")) for name in ("moved", "harmed")]
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", one.version, one.author or "-", one.reader, why, *found)
    out.print(table)


def diff(
    first: OneOf,
    second: Annotated[
        str, typer.Argument(help="Another one. If left out, the first is compared with the rules that decide now.")
    ] = "",
) -> None:
    """Compare two versions, or files: by line and in words. Of one alone: what it changes about the rules that decide now."""
    old_name, new_name = (first, second) if second else (_LIVE, first)
    (old_title, old), (new_title, new) = _text_of(old_name), _text_of(new_name)
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), old_title, new_title, lineterm=""))
    for line in lines:
        emit(line)
    if not lines:
        say("No difference.")
        return
    _tell_in_words(old, new)


def go_back(
    version: Version, comment: Comment, by: Author = "", read_by: Reader = "", accept_harm: AcceptHarm = ""
) -> None:
    """Let an earlier version decide again, as it was. Its examples must hold, and it is rehearsed on the last 90 days first."""
    kept = _kept(version)
    if kept.active:
        raise stop(f"version {kept.version} decides now")
    make_live(_readable(kept), kept.body, comment, by, read_by, accept_harm)


def _kept(version: str) -> Published:
    from store import rule_sets

    async def work(house: House) -> Published | None:
        await _first_rules(house)
        async with house.store.read() as tx:
            return await (rule_sets.active(tx) if version == _LIVE else rule_sets.of_version(tx, version))

    found = with_house(work)
    if found is None:
        raise stop(f"there is no version “{version}”; `guichet rules history` lists them")
    return found


async def _first_rules(house: House) -> None:
    """A house that never ran has no version yet: the shipped rules become its first."""
    from gateway.house import active_rules

    await active_rules(house)


def _readable(kept: Published) -> RuleSet:
    from router.decide import RuleError, parse_rules

    try:
        return parse_rules(kept.body)
    except RuleError:
        raise stop(f"version {kept.version} was written for an earlier Guichet and cannot be read any more") from None


def _text_of(name: str) -> tuple[str, str]:
    """What is compared: its name and its text."""
    path = Path(name)
    if path.is_file():
        try:
            return path.name, path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise stop(f"{path.name}: cannot be read ({type(error).__name__})") from None
    if name != _LIVE and path.suffix in (".yaml", ".yml", ".json"):
        raise stop(f"there is no file {name}")
    kept = _kept(name)
    return f"{_LIVE} {kept.version}" if kept.active else f"version {kept.version}", kept.body


def _tell_in_words(old: str, new: str) -> None:
    """What the changed lines mean; a file that is not sound has no meaning yet."""
    from router.decide import RuleError, parse_rules
    from router.differences import differences

    try:
        found = differences(parse_rules(old), parse_rules(new))
    except RuleError:
        say("One of them is not sound; `guichet rules check` says why.")
        return
    for sentence in found or ["In words, nothing decides otherwise."]:
        say(sentence)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file, beside those over rule files."""
    del app
    for name, command in (("show", show), ("history", history), ("diff", diff), ("return", go_back)):
        rules.command(name)(command)
