"""Evaluating rules: each against the same facts, with what was asked, what was found, and how nearly it hit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

from config.vocabulary import FLAGS
from router.decision import Condition, Facts, RuleTrace
from router.fields import FIELDS
from router.ruleset import ConditionSpec, Rule, compiled

# A probability that missed by no more than this nearly held.
NEAR: Final = 0.15
# Half is where a flag turns: under that by more than NEAR, the classifier was sure of the contrary.
_TURN: Final = 0.5
# Of a member's own words, a trace keeps only so many characters of what matched.
_SHOWN: Final = 80


class Readable(Protocol):
    """What conditions are asked of: the value of a field, and of a text also without regard to case and as bytes."""

    def value(self, name: str) -> Any:
        """The value of a field."""
        ...

    def folded(self, name: str) -> str:
        """A text field without regard to case."""
        ...

    def encoded(self, name: str) -> bytes:
        """A text field as RE2 reads it."""
        ...


class Reading:
    """The facts as rules see them: each field is read once, each text folded and encoded once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._values: dict[str, Any] = {}
        self._folded: dict[str, str] = {}
        self._encoded: dict[str, bytes] = {}

    def value(self, name: str) -> Any:
        """The value of a field."""
        if name not in self._values:
            self._values[name] = FIELDS[name].read(self._facts)
        return self._values[name]

    def folded(self, name: str) -> str:
        """A text field without regard to case."""
        if name not in self._folded:
            self._folded[name] = str(self.value(name)).casefold()
        return self._folded[name]

    def encoded(self, name: str) -> bytes:
        """A text field as RE2 reads it; lone surrogates become question marks."""
        if name not in self._encoded:
            self._encoded[name] = str(self.value(name)).encode("utf-8", "replace")
        return self._encoded[name]


class _Tested(NamedTuple):
    """A condition as evaluated, in the sense of its group: `fine` is False when it kept the rule from hitting.

    `close`: a probability that missed by little. `far`: the classifier was sure that it is not so.
    """

    condition: Condition
    fine: bool
    close: bool
    far: bool = False


def evaluate(rule: Rule, reading: Reading, extra: Sequence[Condition] = ()) -> RuleTrace:
    """One rule against the facts. `extra` are conditions that the house adds itself (see `router.decide`).

    The outcome is "near" when exactly one of several conditions was missed, or when all that were missed are
    probabilities within NEAR of what was asked. What the classifier was sure not to be is not missed by little: an
    ordinary complaint is not nearly an anonymous one.
    """
    must = [_tested(spec, reading, wanted=True) for spec in rule.all]
    must += [_tested(spec, reading, wanted=False) for spec in rule.none]
    must += [_Tested(condition, condition.held, False) for condition in extra]
    either = [_tested(spec, reading, wanted=True) for spec in rule.any]
    missed = [test for test in must if not test.fine]
    misses = len(missed)
    close = all(test.close for test in missed)
    far = any(test.far for test in missed)
    if either and not any(test.fine for test in either):
        misses += 1
        close = close and any(test.close for test in either)
    outcome: Literal["hit", "near", "miss"] = "miss"
    if not misses:
        outcome = "hit"
    elif close or (misses == 1 and not far and len(must) + bool(either) > 1):
        outcome = "near"
    return RuleTrace(rule.id, rule.title, outcome, tuple(test.condition for test in (*must, *either)))


def _tested(spec: ConditionSpec, reading: Reading, *, wanted: bool) -> _Tested:
    held, found = holds(spec, reading)
    if isinstance(found, float):
        found = round(found, 4)
    test = spec.test if wanted else f"not {spec.test}"
    fine = held == wanted
    close = not fine and FIELDS[spec.field].probability and abs(found - spec.value) <= NEAR
    far = not fine and wanted and _surely_not(spec, reading)
    return _Tested(Condition(spec.field, test, spec.value, found, fine), fine, close, far)


def _surely_not(spec: ConditionSpec, reading: Reading) -> bool:
    """Whether a label was asked for which the classifier gave little chance."""
    if spec.test not in ("is", "in"):
        return False
    if spec.field == "kind":
        kinds = spec.value if spec.test == "in" else [spec.value]
        chance = sum(reading.value(f"{kind}_probability") for kind in kinds)
    elif spec.field in FLAGS and spec.value is True:
        chance = reading.value(f"{spec.field}_probability")
    else:
        return False
    return bool(chance < _TURN - NEAR)


def holds(spec: ConditionSpec, reading: Readable) -> tuple[bool, Any]:
    """Whether the comparison holds, and what was found: of private text only the words that matched."""
    field = FIELDS[spec.field]
    if field.type == "text":
        held, words = _text_holds(spec, reading)
        return held, words[:_SHOWN] if field.private else reading.value(spec.field)
    found = reading.value(spec.field)
    if field.type == "list":
        wanted = spec.value if spec.test == "in" else [spec.value]
        return any(item in found for item in wanted), found
    if spec.test == "in":
        return found in spec.value, found
    if spec.test == "at_least":
        return found >= spec.value, found
    if spec.test == "below":
        return found < spec.value, found
    return (found == spec.value) == (spec.test == "is"), found


def _text_holds(spec: ConditionSpec, reading: Readable) -> tuple[bool, str]:
    if spec.test == "matches":
        match = compiled(spec.value).search(reading.encoded(spec.field))
        return (True, match.group().decode("utf-8", "replace")) if match else (False, "")
    text = reading.folded(spec.field)
    if spec.test == "contains":
        return (True, spec.value) if spec.value.casefold() in text else (False, "")
    wanted = spec.value if spec.test == "in" else [spec.value]
    equal = next((word for word in wanted if word.casefold() == text), None)
    return (equal is None) == (spec.test == "is_not"), equal or ""
