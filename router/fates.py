"""What a rule set makes of many cases at once: the same decisions as `router.decide`, column by column and without a trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from config.vocabulary import Department
from router.columns import Columns, cases
from router.decide import situation_in
from router.decision import Priority
from router.ruleset import RuleSet

Sets = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one case. `notify` is who is told, in no order."""

    queue: str
    department: Department | None
    priority: Priority
    situation: str
    acknowledge: bool
    refused: Literal["", "anonymous", "off_scope"]
    sealed: bool
    notify: frozenset[str]
    decided_by: str


@dataclass(frozen=True, slots=True)
class Fates:
    """The cases by what becomes of them: by queue, priority, and so on. `matched`: by rule, all that its conditions hold
    for; `took`: those of them that no earlier rule had stopped; `decided`: those whose queue it set."""

    queue: Sets
    priority: Sets
    situation: Sets
    refused: Sets
    notify: Sets
    acknowledge: int
    sealed: int
    matched: Sets
    took: Sets
    decided: Sets

    def differ(self, other: Fates) -> int:
        """The cases that are treated in another way, whichever rule does it."""
        found = (self.acknowledge ^ other.acknowledge) | (self.sealed ^ other.sealed)
        for name in ("queue", "priority", "situation", "refused", "notify"):
            one: Sets = getattr(self, name)
            two: Sets = getattr(other, name)
            for key in one.keys() | two.keys():
                found |= one.get(key, 0) ^ two.get(key, 0)
        return found


def fates(columns: Columns, rules: RuleSet) -> Fates:
    """Decide all cases by one set."""
    going = columns.everything
    no_queue = no_priority = no_situation = not_said = going
    place: defaultdict[str, int] = defaultdict(int)
    priority: defaultdict[str, int] = defaultdict(int)
    situation: defaultdict[str, int] = defaultdict(int)
    refused: defaultdict[str, int] = defaultdict(int)
    notify: defaultdict[str, int] = defaultdict(int)
    matched, took, decided = {}, {}, {}
    sealed = silent = 0
    for rule in rules.rules:
        then = rule.then
        hit = columns.hits(rule)
        if then.refuse:
            hit &= columns.fit_to_refuse(then.refuse) & ~(priority["urgent"] | situation["urgent"] | sealed)
        matched[rule.id] = hit
        hit &= going
        took[rule.id] = hit
        if then.queue is not None:
            decided[rule.id] = hit & no_queue
            place[then.queue] |= hit & no_queue
            if then.refuse:
                refused[then.refuse] |= hit & no_queue
            no_queue &= ~hit
        if then.priority:
            priority[then.priority] |= hit & no_priority
            no_priority &= ~hit
        if then.situation:
            situation[then.situation] |= hit & no_situation
            no_situation &= ~hit
        if then.acknowledge is not None:
            silent |= 0 if then.acknowledge else hit & not_said
            not_said &= ~hit
        if then.seal:
            sealed |= hit
        for name in then.notify:
            notify[name] |= hit
        if then.stop:
            going &= ~hit
    priority["normal"] |= no_priority
    situation[""] |= no_situation
    queues = _resolved(columns, place, no_queue)
    return Fates(
        queue=queues,
        priority=priority,
        situation=_situations(situation, queues),
        refused=refused,
        notify=notify,
        acknowledge=columns.answerable & ~silent,
        sealed=sealed | queues.get("medical_coordinator", 0),
        matched=matched,
        took=took,
        decided=decided,
    )


def _resolved(columns: Columns, place: Sets, unplaced: int) -> Sets:
    """The queues themselves, where rules said "the mailbox's" or "the department's"."""
    queues: defaultdict[str, int] = defaultdict(int)
    by_department = place.get("department", 0)
    for name, found in place.items():
        if name == "mailbox":
            for queue, there in columns.where("mailbox_queue").items():
                if queue == "department":
                    by_department |= found & there
                else:
                    queues[queue] |= found & there
        elif name != "department":
            queues[name] |= found
    doubted = cases("department" in abstained for abstained in columns.column("abstained_on"))
    for department, there in columns.where("department").items():
        if department == "none":
            doubted |= there
        else:
            queues[department] |= by_department & there & ~doubted
    queues["triage"] |= by_department & doubted
    if unplaced:
        queues[""] = unplaced
    return queues


def _situations(said: Sets, queues: Sets) -> Sets:
    found: defaultdict[str, int] = defaultdict(int)
    for situation, those in said.items():
        for queue, there in queues.items():
            found[situation_in(situation, queue)] |= those & there
    return found
