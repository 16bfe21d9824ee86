"""What is wrong with a draft, in the words of a colleague's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console import rule_words, shipped_rules
from console.words import Words
from router.check import check
from router.problems import Problem
from router.ruleset import Actions, RuleSet, problems_of


def all_problems(rules: RuleSet) -> list[str]:
    """Everything that is wrong with a draft. One that cannot be used at all is not checked any further."""
    return problems_of(rules) or check(rules)


def failing_examples(problems: Iterable[str]) -> Sequence[str]:
    """What the examples say that do not route as stated, each once."""
    failing = (one.values["says"] for one in problems if isinstance(one, Problem) and one.kind == "example")
    return list(dict.fromkeys(failing))


def in_words(problem: str, rules: RuleSet, t: Words) -> tuple[str, str]:
    """A problem in the words of a language, and the rule that it is about ("" for none)."""
    if not isinstance(problem, Problem) or not problem.kind:
        return problem, ""
    titles = {rule.id: shipped_rules.title(rule, t) for rule in rules.rules}
    words = t[f"problem.{problem.kind}"].replace("{rule}", titles.get(problem.rule, problem.rule))
    for name, value in problem.values.items():
        if name == "other":
            said = titles.get(value, value)
        elif name == "field":
            said = t.of("field", value)
        elif name == "says":
            said = shipped_rules.says(value, t)
        elif name in ("mine", "theirs"):
            said = _done(problem.values["what"], value, t)
        else:
            said = value
        words = words.replace(f"{{{name}}}", said)
    return words, problem.rule


def _done(what: str, value: str, t: Words) -> str:
    """One thing that a rule does: "priority: high"."""
    return rule_words.actions(Actions.model_validate({what: value}), t)[0]
