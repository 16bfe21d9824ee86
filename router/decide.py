"""The decision about one message: the chain of rules, and the promises that no rule file can break.

Those promises are not left to the file, because its author may forget them at two in the morning: a refusal needs a
classifier that was sure and a message that is not urgent; what is sealed stays sealed; nothing is sent when it is
not clear who wrote; and a department which the classifier doubts gets nothing by itself.
"""

from __future__ import annotations

from typing import Final, Literal

from config.vocabulary import DEPARTMENTS
from router.decision import Condition, Decision, Facts, Priority
from router.rules import Reading, evaluate
from router.ruleset import Actions, RuleError, RuleSet, load_rules, parse_rules

__all__ = ["RuleError", "RuleSet", "decide", "load_rules", "parse_rules"]

# Doubts which forbid a refusal. A doubt about the department alone says nothing about whether we may handle it.
_DOUBTS: Final = ("kind", "off_scope", "anonymous", "doctor", "urgent")


class _Outcome:
    """What the rules that hit have set so far; the first one to set something wins, `seal` and `notify` add up."""

    def __init__(self) -> None:
        self.queue = ""
        self.decided_by = ""
        self.priority: Priority | None = None
        self.situation = ""
        self.acknowledge: bool | None = None
        self.sealed = False
        self.refused: Literal["", "anonymous", "off_scope"] = ""
        self.notify: list[str] = []
        self.stopped = False

    def apply(self, rule: str, then: Actions) -> None:
        if then.queue is not None and not self.queue:
            self.queue, self.decided_by = then.queue, rule
            # A refusal belongs to the rule that decides where the case waits; a later one changes nothing.
            self.refused = then.refuse or ""
        self.priority = self.priority or then.priority
        self.situation = self.situation or then.situation or ""
        if self.acknowledge is None:
            self.acknowledge = then.acknowledge
        self.sealed = self.sealed or then.seal
        self.notify += [name for name in then.notify if name not in self.notify]
        self.stopped = then.stop


def decide(facts: Facts, rules: RuleSet) -> Decision:
    """Where the case goes and what its member is told. Rules after the stop are evaluated too, for the trace only."""
    reading = Reading(facts)
    outcome = _Outcome()
    traces = []
    for rule in rules.rules:
        extra = _fit_to_refuse(rule.then.refuse, facts, outcome) if rule.then.refuse else ()
        trace = evaluate(rule, reading, extra)
        traces.append(trace)
        if trace.outcome == "hit" and not outcome.stopped:
            outcome.apply(rule.id, rule.then)
    found = facts.classification
    queue = _resolved(outcome.queue, facts)
    return Decision(
        queue=queue,
        department=found.department,
        priority=outcome.priority or "normal",
        situation=situation_in(outcome.situation, queue),
        acknowledge=outcome.acknowledge is not False and may_answer(facts),
        refused=outcome.refused,
        sealed=outcome.sealed or queue == "medical_coordinator",
        notify=tuple(outcome.notify),
        decided_by=outcome.decided_by,
        rules_version=rules.version,
        trace=tuple(traces),
        language=facts.message.answer_in or found.language,
    )


def _fit_to_refuse(refuse: Literal["anonymous", "off_scope"], facts: Facts, so_far: _Outcome) -> tuple[Condition, ...]:
    """The conditions that every refusal has, written in its rule or not; they show in the trace like any other."""
    found = facts.classification
    doubts = [name for name in found.abstained if name in _DOUBTS]
    sure = bool(found.flags.get(refuse, False))
    urgent = bool(found.flags.get("urgent", False)) or so_far.priority == "urgent" or so_far.situation == "urgent"
    return (
        Condition(refuse, "is", True, sure, sure),
        Condition("abstained_on", "not in", list(_DOUBTS), doubts, not doubts),
        Condition("urgent", "not is", True, urgent, not urgent),
        Condition("sealed", "not is", True, so_far.sealed, not so_far.sealed),
        # Somebody who cannot be told is not refused: nobody would know that nothing happens.
        Condition("sender", "is known", True, may_answer(facts), may_answer(facts)),
    )


def unfit(refuse: Literal["anonymous", "off_scope"], facts: Facts) -> bool:
    """Whether a message may not be refused, whatever the rules before made of it."""
    if not facts.classification.flags.get(refuse, False):
        return True
    return not all(condition.held for condition in _fit_to_refuse(refuse, facts, _Outcome()))


def _resolved(queue: str, facts: Facts) -> str:
    if queue == "mailbox":
        queue = facts.mailbox_queue
    if queue != "department":
        return queue
    found = facts.classification
    if found.department is None or "department" in found.abstained:
        return "triage"
    return found.department


def situation_in(situation: str, queue: str) -> str:
    """The situation the rules set, or the one that goes with the queue.

    Nobody is told that a department has their case while a person still has to find out which, or while others have it.
    """
    if situation and (situation not in ("department", "question") or queue in DEPARTMENTS):
        return situation
    if queue == "medical_coordinator":
        return "medical"
    return "department" if queue in DEPARTMENTS else queue


def may_answer(facts: Facts) -> bool:
    """Whether somebody is there who can be told: a person, of whom it is clear who they are."""
    message = facts.message
    return message.sender is not None and message.robot is None and message.bounce is None
