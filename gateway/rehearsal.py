"""The rehearsal: past cases decided by the live rules and by others, from the stored messages and classifications.

Nothing is changed and nothing is sent, and no clock counts but that of the messages themselves. Cases are read and decided
some at a time, beside the event loop, so that a page which is asked for meanwhile does not wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.house import House, active_rules
from router import deadlines, rehearsal
from router.decide import RuleSet
from router.decision import Facts
from router.rehearsal import Change, Harm
from store import past
from store.past import Past


@dataclass(frozen=True, slots=True)
class Move:
    """A case that would be treated in another way; `harms` says what its member could lose, the worst first."""

    reference: str
    before: str
    after: str
    rule_before: str
    rule_after: str
    harms: tuple[Harm, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be different, harm first. Sealed cases are counted and never named: `sealed` of them were replayed, and
    `harmed` counts them too."""

    replayed: int
    sealed: int
    harmed: int
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the cases, replayed. `found` names each change by its place in `cases`."""

    cases: Sequence[Past]
    found: rehearsal.Rehearsal

    def case_of(self, change: Change) -> Past:
        """The case of a change."""
        return self.cases[int(change.case)]

    def without_changes(self) -> rehearsal.Rehearsal:
        """The sums alone."""
        return replace(self.found, changes=())

    def touches_a_sealed_case(self, change: Change) -> bool:
        """Whether the case is sealed, or would be by either set."""
        return self.case_of(change).sealed or change.old.sealed or change.new.sealed


async def rehearse(
    house: House,
    rules: RuleSet,
    *,
    days: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Rehearsal:
    """Replay what came in during so many days under the live rules and under these."""
    live, now = await active_rules(house), house.now()
    since = now - timedelta(days=days)
    total = await past.count(house.store, since, now)
    replayed = harmed = sealed = 0
    named: list[tuple[int, Move]] = []
    async for part in replayed_parts(house, live, rules, since, now):
        replayed += part.found.cases
        harmed += len(part.found.harmed)
        sealed += sum(case.sealed for case in part.cases)
        for change in part.found.changes:
            if not part.touches_a_sealed_case(change):
                named.append((-len(change.harms), _move(part.case_of(change).reference, change)))
            elif not part.case_of(change).sealed:
                sealed += 1
        progress(replayed, total)
    named.sort(key=lambda each: each[0])
    return Rehearsal(replayed, sealed, harmed, tuple(move for _, move in named))


async def replayed_parts(
    house: House, live: RuleSet, rules: RuleSet, since: datetime, until: datetime
) -> AsyncIterator[Part]:
    """The cases of a period, decided by both sets, some at a time in the order in which they came."""
    saturdays = house.settings.saturdays_are_working_days

    def replay(some: Sequence[Past]) -> rehearsal.Rehearsal:
        facts = ((str(at), facts_of(house, case)) for at, case in enumerate(some))
        return rehearsal.rehearse(facts, live, rules, saturdays=saturdays)

    async for some in past.parts(house.store, since, until, words=live.asks_words or rules.asks_words):
        yield Part(some, await asyncio.to_thread(replay, some))


def facts_of(house: House, case: Past) -> Facts:
    """What the rules were asked about when the case was opened."""
    message = case.message()
    day = deadlines.received_day(message.received_at)
    return Facts(message, case.classification(), house.default_queue(message.account), day, case.earlier)


def _move(reference: str, change: Change) -> Move:
    old, new = change.old, change.new
    return Move(reference, old.queue, new.queue, old.decided_by, new.decided_by, change.harms)
