"""Many past cases as columns: each condition is asked of all of them at once, and once however many rules ask it.

A set of cases is one integer with a byte for each case, 1 for those in it: and, or and not over a hundred thousand cases
then take microseconds. What a condition means is `router.rules.holds` alone, asked once for each distinct value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import compress, repeat
from typing import Any, Final

from router.decide import may_answer, unfit
from router.decision import Facts
from router.fields import FIELDS
from router.rules import holds
from router.ruleset import ConditionSpec, Rule, RuleSet

# What the promises of the house ask, whatever the rules do.
_ALWAYS: Final = ("department", "abstained_on", "mailbox_queue", "urgent", "anonymous", "off_scope")
_NUMBERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "at_least": operator.ge,
    "below": operator.lt,
    "is": operator.eq,
    "is_not": operator.ne,
}


class _OneValue:
    """A value of one field, as conditions read it; a text is folded and encoded once."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self._folded: str | None = None
        self._encoded: bytes | None = None

    def value(self, name: str) -> Any:  # noqa: ARG002 (the readings of whole facts ask by name)
        """The value."""
        return self._value

    def folded(self, name: str) -> str:  # noqa: ARG002 (as above)
        """Without regard to case."""
        if self._folded is None:
            self._folded = str(self._value).casefold()
        return self._folded

    def encoded(self, name: str) -> bytes:  # noqa: ARG002 (as above)
        """As RE2 reads it."""
        if self._encoded is None:
            self._encoded = str(self._value).encode("utf-8", "replace")
        return self._encoded


class Columns:
    """Cases by column: the fields that the given rule sets ask, some `more`, and what the house asks itself. The facts are
    gone through once and not kept, so that they may be made one at a time."""

    def __init__(self, facts: Iterable[Facts], sets: Iterable[RuleSet], more: Iterable[str] = ()) -> None:
        asked = {*more, *(name for rules in sets for name in rules.fields)}
        received: list[date] = []
        answerable, fit_anonymous, fit_off_scope = bytearray(), bytearray(), bytearray()
        self._columns: dict[str, list[Any]] = {name: [] for name in {*asked, *_ALWAYS}}
        readers = [(FIELDS[name].read, column.append) for name, column in self._columns.items()]
        for one in facts:
            received.append(one.received_on)
            answerable.append(may_answer(one))
            fit_anonymous.append(not unfit("anonymous", one))
            fit_off_scope.append(not unfit("off_scope", one))
            for read, keep in readers:
                keep(read(one))
        self.received: Sequence[date] = received
        self.size = len(received)
        self.everything = cases(repeat(True, self.size))
        self.answerable = cases(answerable)
        self._fit = {"anonymous": cases(fit_anonymous), "off_scope": cases(fit_off_scope)}
        self._distinct: dict[str, Mapping[Any, _OneValue]] = {}
        self._held: dict[tuple[str, str, str], int] = {}

    def knows(self, rules: RuleSet) -> bool:
        """Whether every field that a set asks is here."""
        return rules.fields <= self._columns.keys()

    def column(self, name: str) -> Sequence[Any]:
        """The values of a field, by case."""
        return self._columns[name]

    def fit_to_refuse(self, refuse: str) -> int:
        """The cases that may be refused, as far as no earlier rule says otherwise."""
        return self._fit[refuse]

    def where(self, name: str) -> Mapping[Any, int]:
        """The cases by the value of a field."""
        column = self._columns[name]
        return {value: cases(map(operator.eq, column, repeat(value))) for value in dict.fromkeys(column)}

    def hits(self, rule: Rule) -> int:
        """The cases that a rule's own conditions hold for."""
        found = self.everything
        for spec in rule.all:
            found &= self.held(spec)
        for spec in rule.none:
            found &= ~self.held(spec)
        if rule.any:
            either = 0
            for spec in rule.any:
                either |= self.held(spec)
            found &= either
        return found

    def held(self, spec: ConditionSpec) -> int:
        """The cases that a condition holds for."""
        key = (spec.field, spec.test, repr(spec.value))
        if key not in self._held:
            self._held[key] = self._asked(spec)
        return self._held[key]

    def _asked(self, spec: ConditionSpec) -> int:
        column = self._columns[spec.field]
        kind = FIELDS[spec.field].type
        if kind == "number":
            return cases(map(_NUMBERS[spec.test], column, repeat(spec.value)))
        keys: Sequence[Any] = [tuple(value) for value in column] if kind == "list" else column
        if spec.field not in self._distinct:
            self._distinct[spec.field] = {key: _OneValue(key) for key in dict.fromkeys(keys)}
        answers = {key: holds(spec, one)[0] for key, one in self._distinct[spec.field].items()}
        return cases(map(answers.__getitem__, keys))


def cases(flags: Iterable[int]) -> int:
    """A set of cases from one flag for each."""
    return int.from_bytes(bytes(flags), "little")


def positions(found: int, size: int) -> list[int]:
    """The cases of a set by their place."""
    return list(compress(range(size), found.to_bytes(size, "little")))
