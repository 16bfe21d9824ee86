"""What is wrong with a readable rule set: examples that do not hold, rules that never decide, contradictions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from router.acknowledgement import missing_texts
from router.decide import decide
from router.decision import Decision
from router.examples import facts_from
from router.fields import FIELDS, MAX_TEXT
from router.problems import Problem
from router.ruleset import ConditionSpec, Example, Rule, RuleSet, compiled

# All patterns of a set together, on the longest text that rules read.
MAX_SECONDS: Final = 0.050
# What the first rule that says it settles; sealing and telling add up.
_FIRST_WINS: Final = ("queue", "priority", "situation", "acknowledge")


def check(rules: RuleSet, clock: Callable[[], float] = time.process_time) -> list[str]:
    """Every problem in a sentence, with the rule's id or the example's words; empty when the set may be published.

    `clock` measures how long the patterns take, in seconds.
    """
    problems = list(_too_slow(rules.rules, clock))
    for rule in rules.rules:
        problems += _contradictions(rule)
    problems += _never_reached(rules.rules)
    problems += [Problem(sentence, "no_text", text=sentence) for sentence in missing_texts()]
    for example in rules.examples:
        problems += [
            Problem(f"example '{example.says}': {problem}", "example", says=example.says)
            for problem in failures(example, rules)
        ]
    return problems


def failures(example: Example, rules: RuleSet) -> list[str]:
    """In what the decision differs from what the example states; empty when it holds."""
    try:
        facts = facts_from(example.facts)
    except ValueError as error:
        return [f"its facts cannot be read ({error})"]
    decision = decide(facts, rules)
    return [
        f"{what} should be '{wanted}' and is '{found}' (decided by rule '{decision.decided_by}')"
        for what, wanted, found in unlike(example, decision)
    ]


def unlike(example: Example, decision: Decision) -> list[tuple[str, Any, Any]]:
    """What an example states and a decision has otherwise: what it is, as stated, as decided."""
    stated = {
        "queue": (example.queue, decision.queue),
        "situation": (example.situation, decision.situation),
        "sealed": (example.sealed, decision.sealed),
        "refused": (example.refused, decision.refused),
        "priority": (example.priority, decision.priority),
        "rule": (example.rule, decision.decided_by),
    }
    return [(what, wanted, found) for what, (wanted, found) in stated.items() if wanted is not None and wanted != found]


def _too_slow(rules: tuple[Rule, ...], clock: Callable[[], float]) -> Iterable[str]:
    """RE2 has no bad patterns, yet some are twenty times slower than others; these are found by trying."""
    taken: list[tuple[float, str]] = []
    for rule in rules:
        for condition in rule.conditions:
            if condition.test != "matches":
                continue
            # Letters of the pattern itself keep it hoping the longest.
            letters = "".join(sorted({sign for sign in condition.value if sign.isalnum()})) + " é"
            probe = "".join(random.Random(1).choices(letters, k=MAX_TEXT)).encode()  # noqa: S311  # No secret.
            pattern = compiled(condition.value)
            start = clock()
            pattern.search(probe)
            taken.append((clock() - start, rule.id))
    total = sum(seconds for seconds, _ in taken)
    if total > MAX_SECONDS:
        slowest = max(taken)[1]
        sentence = f"the patterns take {total * 1000:.0f} ms on a long text, most of it here; at most 50"
        yield Problem(f"rule '{slowest}': {sentence}", "slow", slowest)


def _never_reached(rules: tuple[Rule, ...]) -> Iterable[str]:
    for index, rule in enumerate(rules):
        for earlier in rules[:index]:
            if not _covers(earlier, rule):
                continue
            if earlier.then.stop:
                yield Problem(
                    f"rule '{rule.id}': is never reached, '{earlier.id}' stops everything that it would take",
                    "never_reached" if earlier.conditions else "always_true",
                    rule.id,
                    other=earlier.id,
                )
                break
            if contrary := list(_contrary(rule, earlier)):
                yield from contrary
                break
            if earlier.then.queue is not None and rule.then.queue is not None:
                yield Problem(
                    f"rule '{rule.id}': its queue is never used, '{earlier.id}' has set one before",
                    "unused_queue",
                    rule.id,
                    other=earlier.id,
                )
                break


def _contrary(rule: Rule, earlier: Rule) -> Iterable[str]:
    """What a rule says otherwise than an earlier one that takes all of its messages: it never counts, since the first one to
    say something wins."""
    for what in _FIRST_WINS:
        said, before = getattr(rule.then, what), getattr(earlier.then, what)
        if said is None or before is None or said == before:
            continue
        yield Problem(
            f"rule '{rule.id}': says {what} '{said}', yet '{earlier.id}', which takes the same messages before, says '{before}'",
            "contrary",
            rule.id,
            other=earlier.id,
            what=what,
            mine=str(said),
            theirs=str(before),
        )


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether each message that `later` takes is taken by `earlier` too, as far as the conditions themselves say so.

    A refusing rule has conditions of the house besides its own, so it covers nothing for certain.
    """
    if earlier.then.refuse:
        return False
    if not all(any(_implies(given, asked) for given in later.all) for asked in earlier.all):
        return False
    if not all(asked in later.none for asked in earlier.none):
        return False
    if not earlier.any:
        return True
    given_any = later.any
    return any(_implies(given, asked) for given in later.all for asked in earlier.any) or (
        bool(given_any) and all(any(_implies(given, asked) for asked in earlier.any) for given in given_any)
    )


def _implies(given: ConditionSpec, asked: ConditionSpec) -> bool:
    if given == asked:
        return True
    if given.field != asked.field:
        return False
    match given.test, asked.test:
        case "at_least", "at_least":
            implied = given.value >= asked.value
        case "below", "below":
            implied = given.value <= asked.value
        case "is", "in":
            implied = given.value in asked.value
        case "in", "in":
            implied = set(given.value) <= set(asked.value)
        case "contains", "in":
            # Of a list; a text has no such meaning, where "contains" is about a part and "in" about the whole.
            implied = FIELDS[given.field].type == "list" and given.value in asked.value
        case "is", "is_not":
            implied = given.value != asked.value
        case _:
            implied = False
    return bool(implied)


def _contradictions(rule: Rule) -> Iterable[str]:
    def about(sentence: str, kind: str, **values: str) -> str:
        return Problem(f"rule '{rule.id}': {sentence}", kind, rule.id, **values)

    for position, one in enumerate(rule.all):
        for other in rule.all[position + 1 :]:
            if one.field == other.field and _exclude(one, other):
                sentence = f"'{one.field}' cannot be both {_said(one)} and {_said(other)}"
                yield about(sentence, "contradiction", field=one.field)
        if one in rule.none:
            sentence = f"asks '{one.field}' {_said(one)} and forbids it as well"
            yield about(sentence, "contradiction", field=one.field)
    if rule.then.situation == "mediation" and rule.then.queue not in (None, "mediation"):
        yield about(
            f"promises the 21 working days of Mediation, but the case waits in '{rule.then.queue}'", "false_promise"
        )
    if rule.then.situation == "medical" and not rule.then.seal:
        yield about("tells the member that only authorised people can read it, and does not seal it", "not_sealed")


def _exclude(one: ConditionSpec, other: ConditionSpec) -> bool:
    for first, second in ((one, other), (other, one)):
        tests = (first.test, second.test)
        if tests == ("is", "is"):
            return bool(first.value != second.value)
        if tests == ("is", "is_not"):
            return bool(first.value == second.value)
        if tests == ("is", "in") and FIELDS[first.field].type != "list":
            return first.value not in second.value
        if tests == ("at_least", "below"):
            return bool(first.value >= second.value)
    return False


def _said(condition: ConditionSpec) -> str:
    return f"{condition.test} {condition.value}"
