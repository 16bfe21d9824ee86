"""Replaying past cases under two rule sets: who would move where, and whom it could harm. Nothing is changed or sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from router.deadlines import clocks_for, promised
from router.decide import decide
from router.decision import Decision, Facts
from router.ruleset import RuleSet

Harm = Literal["refused", "leaves mediation", "unsealed", "lost priority", "later date", "not acknowledged"]

_RANK = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


@dataclass(frozen=True, slots=True)
class Change:
    """One case that the new rules treat in another way. `harms`: what its member could lose, the worst first."""

    case: str
    old: Decision
    new: Decision
    harms: tuple[Harm, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """All cases, and what would become of them. `moves` counts (from queue, to queue) of the cases that move;
    `other_text` those that stay and are told something else."""

    cases: int
    moves: Mapping[tuple[str, str], int]
    other_text: int
    changes: tuple[Change, ...]

    @property
    def harmed(self) -> tuple[Change, ...]:
        """The changes that someone must look at first."""
        return tuple(change for change in self.changes if change.harms)


def rehearse(past: Iterable[tuple[str, Facts]], old: RuleSet, new: RuleSet, *, saturdays: bool = False) -> Rehearsal:
    """Decide each past case (its id and its facts) by both sets. Changes come with the harmful ones first."""
    count = 0
    moves: Counter[tuple[str, str]] = Counter()
    other_text = 0
    changes = []
    for case, facts in past:
        count += 1
        before, after = decide(facts, old), decide(facts, new)
        if _outcome(before) == _outcome(after):
            continue
        if before.queue != after.queue:
            moves[before.queue, after.queue] += 1
        elif before.situation != after.situation:
            other_text += 1
        changes.append(Change(case, before, after, _harms(facts, before, after, saturdays=saturdays)))
    changes.sort(key=lambda change: (-len(change.harms), change.case))
    return Rehearsal(count, dict(moves), other_text, tuple(changes))


def _outcome(decision: Decision) -> tuple[object, ...]:
    return (
        decision.queue,
        decision.priority,
        decision.situation,
        decision.acknowledge,
        decision.refused,
        decision.sealed,
        decision.notify,
    )


def _harms(facts: Facts, old: Decision, new: Decision, *, saturdays: bool) -> tuple[Harm, ...]:
    dates = [promised(d, clocks_for(d, facts.received_on, saturdays=saturdays)) for d in (old, new)]
    found: tuple[tuple[Harm, bool], ...] = (
        ("refused", bool(new.refused) and not old.refused),
        ("leaves mediation", old.queue == "mediation" != new.queue),
        ("unsealed", old.sealed and not new.sealed),
        ("lost priority", _RANK[new.priority] > _RANK[old.priority]),
        ("later date", dates[0] is not None and (dates[1] is None or dates[1] > dates[0])),
        ("not acknowledged", old.acknowledge and not new.acknowledge),
    )
    return tuple(harm for harm, is_so in found if is_so)
