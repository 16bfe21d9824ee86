"""The form of one rule: what was chosen there, as a rule of the right shape, which need not be sound yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.departments import NOTIFIABLE
from console import shipped_rules
from console.rule_words import GROUPS
from router.editing import first_condition
from router.fields import FIELDS
from router.ruleset import MAX_CONDITIONS, RULE_QUEUES, SITUATIONS, Actions, ConditionSpec, Rule

PRIORITIES: Final = ("urgent", "high", "normal", "low")
REFUSALS: Final = ("anonymous", "off_scope")


def goes_on(form: Mapping[str, str]) -> bool:
    """Whether the form was sent to add or take out a condition, and its author goes on with the same rule."""
    return "more" in form or any(name.endswith("-out") for name in form)


def rule_from(form: Mapping[str, str], rule: Rule) -> Rule:
    """The rule as the form has it. Conditions keep their field; one is added for `add-<group>`, and one to be taken out is
    gone. A name and a reason that were left alone stay as they are kept: the form shows them translated."""
    groups: dict[str, tuple[ConditionSpec, ...]] = {}
    for group in GROUPS:
        specs = [
            _condition(form, f"{group}-{at}", spec)
            for at, spec in enumerate(getattr(rule, group))
            if f"{group}-{at}-out" not in form
        ]
        field = form.get(f"add-{group}", "")
        if field in FIELDS and len(specs) < MAX_CONDITIONS:
            specs.append(first_condition(field))
        groups[group] = tuple(specs)
    title = " ".join(form.get("title", "").split())[:200]
    title = shipped_rules.kept_title(title, rule) if title else rule.title
    # A form sends its line breaks in another way than they are kept.
    why = shipped_rules.kept_why(form.get("why", "").replace("\r\n", "\n")[:1000], rule)
    return rule.model_copy(update={**groups, "title": title, "why": why, "then": _actions(form)})


def _condition(form: Mapping[str, str], name: str, spec: ConditionSpec) -> ConditionSpec:
    field = FIELDS.get(spec.field)
    if field is None or (f"{name}-test" not in form and f"{name}-value" not in form):
        return spec
    test = form.get(f"{name}-test", spec.test)
    test = test if test in field.tests else spec.test
    given = form.get(f"{name}-value", "").strip()[:500]
    value: Any = given
    if field.type == "flag":
        value = given == "yes"
    elif field.type == "number":
        value = _number(given, field.probability)
    elif test == "in" and field.options and spec.test == "in":
        ticked = [one for one in field.options if f"{name}-one-{one}" in form]
        # In the order that they had, so that looking at a rule does not change it.
        value = sorted(ticked, key=lambda one: spec.value.index(one) if one in spec.value else len(field.options))
    elif test == "in":
        value = [word for one in given.split(",") if (word := one.strip())]
    elif field.options and spec.test == "in":
        # Asked for one of several until now: the first of those that are ticked.
        value = next((one for one in field.options if f"{name}-one-{one}" in form), "")
    return ConditionSpec(field=spec.field, test=test, value=value)


def _number(given: str, probability: bool) -> float | int | str:
    """A number as people type it; a probability is typed in per cent. What is none stays, and is said to be wrong."""
    try:
        number = float(given.replace("%", "").replace(",", ".").strip())
    except ValueError:
        return given
    if probability:
        return round(number / 100, 4)
    return int(number) if number.is_integer() and abs(number) < 1e9 else given


def _actions(form: Mapping[str, str]) -> Actions:
    said = {"yes": True, "no": False}
    return Actions(
        queue=_of(form, "queue", RULE_QUEUES),
        priority=_of(form, "priority", PRIORITIES),  # type: ignore[arg-type]  # of the closed list
        situation=_of(form, "situation", SITUATIONS),
        acknowledge=said.get(form.get("acknowledge", "")),
        seal="seal" in form,
        refuse=_of(form, "refuse", REFUSALS),  # type: ignore[arg-type]  # of the closed list
        notify=tuple(name for name in NOTIFIABLE if f"tell-{name}" in form),
        stop="stop" in form,
    )


def _of(form: Mapping[str, str], name: str, known: tuple[str, ...]) -> str | None:
    return form.get(name) if form.get(name) in known else None
