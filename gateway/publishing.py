"""Publishing rules: the one way by which a rule set becomes the one that decides, for console and command alike.

Its examples must hold, it is rehearsed on past cases, a second person has read it, and whoever publishes what could harm a
member says why it is right. What was found and who stood for it is kept in the audit. What decided until just now comes back on
one supervisor's word: it is nothing new, and an emergency finds nobody to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.house import House
from gateway.rehearsal import Rehearsal, rehearse
from router.check import check
from router.decide import RuleSet
from store import rule_returns, rule_sets, users
from store.database import Tx

REHEARSED_DAYS: Final = 90


class PublishRefusedError(Exception):
    """The set may not become live; the words say what is missing."""


class AloneError(PublishRefusedError):
    """Two supervisors have to stand for it."""


class VersionError(PublishRefusedError):
    """The version was published before with other rules."""


class HarmError(PublishRefusedError):
    """`harmed` of `cases` past cases would be treated worse, and nobody said why that is right."""

    def __init__(self, harmed: int, cases: int) -> None:
        super().__init__(
            f"{harmed} of {cases} past cases would be treated worse; look at them first (rehearse), then "
            "mend the rules or say why it is right"
        )
        self.harmed, self.cases = harmed, cases


@dataclass(frozen=True, slots=True)
class Reasons:
    """What those who publish say. `author` and `reader` are logins of two supervisors; `harm` is why it is right that
    members could lose something by it, where the rehearsal says so."""

    comment: str
    author: str = ""
    reader: str = ""
    harm: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """`new`: this version was never live before. `rehearsal`: what it changes."""

    new: bool
    rehearsal: Rehearsal


async def publish(
    house: House,
    rules: RuleSet,
    body: str,
    reasons: Reasons,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Publication:
    """Make the set live. Raises PublishRefusedError, and changes nothing then."""
    _sound(rules)
    async with house.store.read() as tx:
        author = await _supervisor(tx, reasons.author)
        reader = await _supervisor(tx, reasons.reader)
        alone = await may_publish_alone(tx, house)
        undone = rules.version == await rule_returns.at_once(tx, now=house.now())
    if author is not None and author == reader:
        raise AloneError("the second reader is another person than the author")
    by_one = not alone and reader is None
    if not alone and (author is None or (by_one and not undone)):
        raise AloneError(
            "one supervisor stands for this return: name them"
            if undone
            else "two supervisors stand for new rules: name their author and a second reader"
        )
    found = await rehearse(house, rules, days=REHEARSED_DAYS, progress=progress)
    if not undone:
        _explained(found, reasons.harm)
    sums = {"cases": found.replayed, "moved": len(found.moves), "harmed": found.harmed}
    async with house.store.write() as tx:
        if by_one and rules.version != await rule_returns.at_once(tx, now=house.now()):
            raise AloneError("other rules were published meanwhile: two supervisors stand for this return")
        try:
            new = await rule_sets.publish(
                tx,
                version=rules.version,
                body=body,
                comment=reasons.comment,
                author_id=author,
                reader_id=reader,
                rehearsed=sums,
                harm=reasons.harm.strip(),
                now=house.now(),
            )
        except rule_sets.VersionTakenError:
            raise VersionError(
                f"version {rules.version} was published before with other rules: give this one a version of its own"
            ) from None
    return Publication(new, found)


async def look_ahead(house: House, rules: RuleSet, harm: str) -> None:
    """What publishing would find missing, but for who stands for it. Raises PublishRefusedError."""
    _sound(rules)
    _explained(await rehearse(house, rules, days=REHEARSED_DAYS), harm)


def _sound(rules: RuleSet) -> None:
    if problems := check(rules):
        raise PublishRefusedError("; ".join(problems))


def _explained(found: Rehearsal, harm: str) -> None:
    if found.harmed and not harm.strip():
        raise HarmError(found.harmed, found.replayed)


async def may_publish_alone(tx: Tx, house: House) -> bool:
    """Whoever tries Guichet out alone may; where there is a second supervisor, or should be, both stand for it."""
    supervisors = [user for user in await users.listing(tx) if user.role == "supervisor" and not user.disabled]
    return not house.settings.production and len(supervisors) < 2


async def _supervisor(tx: Tx, login: str) -> int | None:
    """The id of the supervisor with this login; None when no login was given."""
    if not login:
        return None
    user = await users.by_login(tx, login)
    if user is None or user.disabled or user.role != "supervisor":
        raise PublishRefusedError(f"{login} is no supervisor of this house")
    return user.id
