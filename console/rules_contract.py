"""What the rules' pages need from the house behind them: counting, rehearsing, publishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from router.rehearsal import RuleUse
from router.ruleset import RuleSet
from store.viewer import Viewer

# Live counts are of so many days.
COUNTED_DAYS = 90


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands for new rules and what they say: ids of two supervisors, the comment, and why harm is right."""

    author_id: int
    reader_id: int | None
    comment: str
    harm: str


class NotPublishedError(Exception):
    """The rules may not become live. `kind` says why: "problems", "alone", "harm", "worse", "version"; `harmed` of `cases`."""

    def __init__(self, kind: str, harmed: int = 0, cases: int = 0) -> None:
        super().__init__(kind)
        self.kind, self.harmed, self.cases = kind, harmed, cases


class RuleHouse(Protocol):
    """The house."""

    async def count(self, viewer: Viewer, rules: RuleSet, now: datetime) -> Mapping[str, RuleUse]:
        """What each rule would do with the cases of the last COUNTED_DAYS that the viewer may see."""
        ...

    async def rehearse(self, base: str, rules: RuleSet, *, days: int, user_id: int, now: datetime) -> int:
        """Begin a rehearsal against the live rules in the background; its id."""
        ...

    async def may_publish_alone(self) -> bool:
        """Whether one supervisor is enough: outside production, where there is no other."""
        ...

    async def publish(self, rules: RuleSet, body: str, standing: Standing) -> None:
        """Make the rules live, by the one way that the command takes too. Raises NotPublishedError."""
        ...
