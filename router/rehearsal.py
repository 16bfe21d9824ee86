"""Replaying past cases under two rule sets: who would move where, and whom it could harm. Nothing is changed or sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal, cast

from config.vocabulary import Department
from router.columns import Columns, positions
from router.deadlines import clocks_for, promised
from router.decision import Facts, Priority
from router.fates import Fates, Outcome, Sets, fates
from router.ruleset import RuleSet

Harm = Literal["refused", "leaves mediation", "unsealed", "lost priority", "later date", "not acknowledged"]

_RANK: Final = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
# The worst first; by them changes are put in order.
HARMS: Final[tuple[Harm, ...]] = (
    "refused",
    "leaves mediation",
    "unsealed",
    "lost priority",
    "later date",
    "not acknowledged",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One case that the new rules treat in another way. `harms`: what its member could lose, the worst first."""

    case: str
    old: Outcome
    new: Outcome
    harms: tuple[Harm, ...]


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What the new rules made of the cases: how many matched a rule, how many no earlier rule had stopped, and the queue of
    how many it set."""

    matched: int = 0
    took: int = 0
    decided: int = 0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """All cases, and what would become of them. `moves` counts (from queue, to queue) of the cases that move; `other_text`
    those that stay and are told something else; `load` is (before, after) by queue; `use` what each new rule did; `changed` and
    `harmed_cases` count the changes, and `harms` how many cases could lose what, also where the changes are left out."""

    cases: int = 0
    moves: Mapping[tuple[str, str], int] = field(default_factory=dict)
    other_text: int = 0
    changes: tuple[Change, ...] = ()
    load: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    use: Mapping[str, RuleUse] = field(default_factory=dict)
    changed: int = 0
    harmed_cases: int = 0
    harms: Mapping[str, int] = field(default_factory=dict)

    @property
    def harmed(self) -> tuple[Change, ...]:
        """The changes that someone must look at first."""
        return tuple(change for change in self.changes if change.harms)

    def with_more(self, more: Rehearsal) -> Rehearsal:
        """Both together, as if their cases had been replayed at once."""
        load = {
            queue: tuple(map(sum, zip(self.load.get(queue, (0, 0)), more.load.get(queue, (0, 0)), strict=True)))
            for queue in {**self.load, **more.load}
        }
        nothing = RuleUse()
        use = {}
        for rule in {**self.use, **more.use}:
            one, two = self.use.get(rule, nothing), more.use.get(rule, nothing)
            use[rule] = RuleUse(one.matched + two.matched, one.took + two.took, one.decided + two.decided)
        return Rehearsal(
            self.cases + more.cases,
            dict(Counter(self.moves) + Counter(more.moves)),
            self.other_text + more.other_text,
            tuple(sorted((*self.changes, *more.changes), key=_worst_first)),
            cast(Mapping[str, tuple[int, int]], load),
            use,
            self.changed + more.changed,
            self.harmed_cases + more.harmed_cases,
            dict(Counter(self.harms) + Counter(more.harms)),
        )


def rehearse(past: Iterable[tuple[str, Facts]], old: RuleSet, new: RuleSet, *, saturdays: bool = False) -> Rehearsal:
    """Decide each past case (its id and its facts) by both sets. Changes come with the harmful ones first."""
    names: list[str] = []

    def each() -> Iterator[Facts]:
        for name, facts in past:
            names.append(name)
            yield facts

    columns = Columns(each(), (old, new))
    before, after = fates(columns, old), fates(columns, new)
    moves: Counter[tuple[str, str]] = Counter()
    other_text = 0
    changes = []
    differing = positions(before.differ(after), columns.size)
    for at, one, two in zip(
        differing, outcomes(columns, before, differing), outcomes(columns, after, differing), strict=True
    ):
        if one.queue != two.queue:
            moves[one.queue, two.queue] += 1
        elif one.situation != two.situation:
            other_text += 1
        changes.append(Change(names[at], one, two, _harms(columns.received[at], one, two, saturdays=saturdays)))
    return Rehearsal(
        columns.size,
        dict(moves),
        other_text,
        tuple(sorted(changes, key=_worst_first)),
        _load(before, after),
        use_of(after),
        len(changes),
        sum(bool(change.harms) for change in changes),
        dict(Counter(harm for change in changes for harm in change.harms)),
    )


def use_of(found: Fates) -> Mapping[str, RuleUse]:
    """How many cases each rule of a set matched, took and decided."""
    return {
        rule: RuleUse(those.bit_count(), found.took[rule].bit_count(), found.decided.get(rule, 0).bit_count())
        for rule, those in found.matched.items()
    }


def _worst_first(change: Change) -> tuple[int, int, str]:
    worst = HARMS.index(change.harms[0]) if change.harms else len(HARMS)
    return worst, -len(change.harms), change.case


def _load(before: Fates, after: Fates) -> Mapping[str, tuple[int, int]]:
    return {
        queue: (before.queue.get(queue, 0).bit_count(), after.queue.get(queue, 0).bit_count())
        for queue in {**before.queue, **after.queue}
    }


def outcomes(columns: Columns, found: Fates, wanted: Sequence[int]) -> list[Outcome]:
    """What becomes of some cases, one by one."""
    size, departments = columns.size, columns.column("department")
    queue, priority = _by_case(found.queue, size), _by_case(found.priority, size)
    situation, refused = _by_case(found.situation, size), _by_case(found.refused, size)
    decided = _by_case(found.decided, size)
    acknowledge, sealed = found.acknowledge.to_bytes(size, "little"), found.sealed.to_bytes(size, "little")
    told = {name: those.to_bytes(size, "little") for name, those in found.notify.items()}
    return [
        Outcome(
            queue[at],
            cast("Department | None", None if departments[at] == "none" else departments[at]),
            cast(Priority, priority[at]),
            situation[at],
            bool(acknowledge[at]),
            cast(Any, refused[at]),
            bool(sealed[at]),
            frozenset(name for name, those in told.items() if those[at]),
            decided[at],
        )
        for at in wanted
    ]


def _by_case(sets: Sets, size: int) -> list[str]:
    column = [""] * size
    for value, those in sets.items():
        for at in positions(those, size):
            column[at] = value
    return column


def _harms(received: date, old: Outcome, new: Outcome, *, saturdays: bool) -> tuple[Harm, ...]:
    before, after = (
        _promised(one.queue, one.department, one.situation, one.refused, received, saturdays) for one in (old, new)
    )
    found: tuple[tuple[Harm, bool], ...] = (
        ("refused", bool(new.refused) and not old.refused),
        ("leaves mediation", old.queue == "mediation" != new.queue),
        ("unsealed", old.sealed and not new.sealed),
        ("lost priority", _RANK[new.priority] > _RANK[old.priority]),
        ("later date", before is not None and (after is None or after > before)),
        ("not acknowledged", old.acknowledge and not new.acknowledge),
    )
    return tuple(harm for harm, is_so in found if is_so)


@dataclass(frozen=True, slots=True)
class _Placed:
    """What the clocks need to know of a case."""

    queue: str
    department: Department | None
    situation: str
    refused: str


@lru_cache(maxsize=20_000)
def _promised(
    queue: str, department: Department | None, situation: str, refused: str, received: date, saturdays: bool
) -> date | None:
    """The date that a member is told. Thousands of cases of one day share one, and counting working days takes a while."""
    placed = _Placed(queue, department, situation, refused)
    return promised(placed, clocks_for(placed, received, saturdays=saturdays))
