"""What the rules' pages need from the house behind them: counting, rehearsing, publishing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router.decision import Condition
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
    """What was asked for is not done. `kind` says why: "problems", "alone", "harm", "worse", "word" …; `harmed` of `cases`."""

    def __init__(self, kind: str, harmed: int = 0, cases: int = 0) -> None:
        super().__init__(kind)
        self.kind, self.harmed, self.cases = kind, harmed, cases


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why one past case goes elsewhere: words of its member in their language, and what the rule that decides found, by the
    live rules and by the others."""

    language: str
    words: str
    before: Sequence[Condition]
    after: Sequence[Condition]


class RuleHouse(Protocol):
    """The house."""

    async def count(self, viewer: Viewer, rules: RuleSet, now: datetime) -> Mapping[str, RuleUse]:
        """What each rule would do with the cases of the last COUNTED_DAYS that the viewer may see."""
        ...

    async def rehearse(self, rules: RuleSet, *, days: int, user_id: int, now: datetime) -> int:
        """Begin a rehearsal against the live rules in the background; its id."""
        ...

    async def grounds(self, viewer: Viewer, cases: Sequence[int], old: RuleSet, new: RuleSet) -> Mapping[int, Grounds]:
        """Why some past cases are decided as they are, by two sets: those that the viewer may see and nobody sealed."""
        ...

    async def example_of(self, viewer: Viewer, case: int) -> Mapping[str, Any] | None:
        """The facts of a past case in short form, for an example; None where the viewer may not see it, or it is sealed."""
        ...

    async def may_publish_alone(self) -> bool:
        """Whether one supervisor is enough: outside production, where there is no other."""
        ...

    async def look_ahead(self, rules: RuleSet, harm: str) -> None:
        """What publishing would find missing, but for who stands for it. Raises NotPublishedError."""
        ...

    async def publish(self, rules: RuleSet, body: str, standing: Standing) -> None:
        """Make the rules live, by the one way that the command takes too. Raises NotPublishedError."""
        ...
