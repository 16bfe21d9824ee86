"""What routing decides about a case, and why: enough to explain it years later without running anything again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal

from channels.message import InboundMessage
from classifier.classification import Classification
from config.vocabulary import Department, Language

Priority = Literal["urgent", "high", "normal", "low"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything rules may ask about. `mailbox_queue` is the default queue of the account it came by: "mediation", or
    "department" to go by department. `earlier_cases` counts the sender's earlier cases."""

    message: InboundMessage
    classification: Classification
    mailbox_queue: str = "department"
    received_on: date = date.min
    earlier_cases: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as evaluated: what was asked, what was found, whether it held."""

    field: str
    test: str
    wanted: Any
    found: Any
    held: bool


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule as evaluated. `outcome`: "hit", "near" (missed by one condition, or by little), "miss"."""

    rule: str
    title: str
    outcome: Literal["hit", "near", "miss"]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the case goes and what its member is told.

    `situation` picks the acknowledgement ("mediation", "department", "medical", "anonymous", "off_scope", "urgent",
    "triage", "compliment", "suggestion", "question"). `refused` names why the case is not handled ("anonymous",
    "off_scope"), else "". `decided_by` is the id of the rule that set the queue. `sealed`: only those who may see medical
    matters.
    """

    queue: str
    department: Department | None
    priority: Priority
    situation: str
    acknowledge: bool
    refused: Literal["", "anonymous", "off_scope"]
    sealed: bool
    notify: tuple[str, ...]
    decided_by: str
    rules_version: str
    trace: tuple[RuleTrace, ...]
    language: Language = "fr"

    def as_json(self) -> dict[str, Any]:
        """What the register keeps: the decision and every rule with what it asked and found."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        # dataclasses.asdict would copy every value in depth; a decision has a few hundred of them, and all are frozen.
        plain["trace"] = [
            {
                "rule": rule.rule,
                "title": rule.title,
                "outcome": rule.outcome,
                "conditions": [
                    {"field": c.field, "test": c.test, "wanted": c.wanted, "found": c.found, "held": c.held}
                    for c in rule.conditions
                ],
            }
            for rule in self.trace
        ]
        return plain
