"""Changing a draft of a rule set: each change gives a new set of the right shape, which need not be sound yet."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

import yaml

from router.fields import FIELDS
from router.ruleset import Actions, ConditionSpec, Example, Rule, RuleSet

_LONGEST_ID: Final = 40


def moved(rules: RuleSet, rule: str, to: int) -> RuleSet:
    """The rule at another place, counted from 0; beyond the ends is at the end."""
    others = [one for one in rules.rules if one.id != rule]
    mine = [one for one in rules.rules if one.id == rule]
    to = min(max(to, 0), len(others))
    return _with(rules, [*others[:to], *mine, *others[to:]])


def without(rules: RuleSet, rule: str) -> RuleSet:
    """The set without a rule; the only one stays."""
    left = [one for one in rules.rules if one.id != rule]
    return _with(rules, left) if left else rules


def changed(rules: RuleSet, rule: Rule) -> RuleSet:
    """The set with this rule in the place of the one of the same id."""
    return _with(rules, [rule if one.id == rule.id else one for one in rules.rules])


def added(rules: RuleSet, title: str) -> tuple[RuleSet, str]:
    """The set with a new rule before the last one, which takes what is left; and the id of the new one."""
    taken = {one.id for one in rules.rules}
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST_ID]
    base = base if base[:1].isalpha() else f"rule_{base}".rstrip("_")
    name = next(one for n in range(1, len(taken) + 2) if (one := base if n == 1 else f"{base}_{n}") not in taken)
    new = Rule(id=name, title=title, then=Actions())
    return _with(rules, [*rules.rules[:-1], new, rules.rules[-1]]), name


def with_example_at(rules: RuleSet, at: int, instead: Example | None) -> RuleSet:
    """The set with another example in a place, or with none there; a place after the last one adds it."""
    left = list(rules.examples)
    left[at : at + 1] = [instead] if instead else []
    return rules.model_copy(update={"examples": tuple(left)})


def first_condition(field: str) -> ConditionSpec:
    """A condition on a field to begin with; a text begins without a word, which has to be given."""
    found = FIELDS[field]
    value: Any = ""
    if found.type == "flag":
        value = True
    elif found.type == "number":
        value = 0.5 if found.probability else 1
    elif found.options:
        value = found.options[0]
    test = "at_least" if found.type == "number" else "contains" if found.type in ("text", "list") else "is"
    return ConditionSpec(field=field, test=test, value=value)  # type: ignore[arg-type]  # one of the tests of its type


def as_file(rules: RuleSet) -> str:
    """The set as a rule file, as people keep it in git."""
    data = rules.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)


def _with(rules: RuleSet, those: list[Rule]) -> RuleSet:
    return rules.model_copy(update={"rules": tuple(those)})
