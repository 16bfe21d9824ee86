"""Rules in words, and what differs between two versions of a rule set, for whoever has to say yes to it."""

from __future__ import annotations

from typing import Any, Final

from router.fields import FIELDS
from router.ruleset import Actions, ConditionSpec, Rule, RuleSet

_TESTS: Final[dict[str, str]] = {
    "is": "is",
    "is_not": "is not",
    "at_least": "at least",
    "below": "below",
    "in": "is one of",
    "contains": "contains",
    "matches": "matches",
}


def condition_in_words(condition: ConditionSpec) -> str:
    """One condition: "probability of: urgent distress at least 0.35"."""
    return f"{FIELDS[condition.field].title} {_TESTS[condition.test]} {_value(condition.value)}"


def rule_in_words(rule: Rule) -> str:
    """One rule as a sentence: "If all of …, then queue mediation, stop"."""
    groups = (("all of", rule.all), ("any of", rule.any), ("none of", rule.none))
    asked = [f"{name} ({'; '.join(condition_in_words(c) for c in group)})" for name, group in groups if group]
    return f"{'If ' + ' and '.join(asked) if asked else 'Always'}, then {_actions(rule.then)}"


def differences(old: RuleSet, new: RuleSet) -> list[str]:
    """What changed from `old` to `new`, a sentence each; empty when they decide alike in every case."""
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    found = [f"rule '{name}' is gone: {rule_in_words(rule)}" for name, rule in before.items() if name not in after]
    found += [f"rule '{name}' is new: {rule_in_words(rule)}" for name, rule in after.items() if name not in before]
    for name, rule in after.items():
        if name in before:
            found += [f"rule '{name}': {change}" for change in _changes(before[name], rule)]
    kept_before = [name for name in before if name in after]
    kept_after = [name for name in after if name in before]
    if kept_before != kept_after:
        found.append(f"the order is now {', '.join(kept_after)}; it was {', '.join(kept_before)}")
    return found


def _changes(old: Rule, new: Rule) -> list[str]:
    changes = []
    if old.title != new.title:
        changes.append(f"is called '{new.title}'; it was '{old.title}'")
    for name in ("all", "any", "none"):
        was, now = getattr(old, name), getattr(new, name)
        changes += [f"no longer asks {name} of: {condition_in_words(c)}" for c in was if c not in now]
        changes += [f"now asks {name} of: {condition_in_words(c)}" for c in now if c not in was]
    if old.then != new.then:
        changes.append(f"now does: {_actions(new.then)}; it did: {_actions(old.then)}")
    return changes


def _actions(then: Actions) -> str:
    done = [
        f"{name} {value}"
        for name, value in (
            ("queue", then.queue),
            ("priority", then.priority),
            ("text", then.situation),
            ("refuse as", then.refuse),
            ("tell", ", ".join(then.notify)),
        )
        if value
    ]
    if then.acknowledge is not None:
        done.append("acknowledge" if then.acknowledge else "do not acknowledge")
    done += [word for word, set_ in (("seal", then.seal), ("stop", then.stop)) if set_]
    return ", ".join(done)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
