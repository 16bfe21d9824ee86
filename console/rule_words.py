"""Rules in the words of a colleague's language: conditions, what is done, and what differs between two versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from config.vocabulary import QUEUES, ROLES
from console.shipped_rules import named, title, why
from console.words import Words
from router.decision import Condition, Decision
from router.fields import FIELDS, Field
from router.ruleset import Actions, ConditionSpec, Rule, RuleSet

Group = Literal["all", "any", "none"]
GROUPS: Final[tuple[Group, ...]] = ("all", "any", "none")
# The group of words that the values of a field belong to.
_VALUES: Final = {"kind": "kind", "language": "language", "channel": "channel", "abstained_on": "question"}
# What was found is said beside what was asked while it is no longer than this: a message's text is not.
_LONGEST: Final = 60
_EQUAL: Final = ("is", "in")
_OF_QUEUES: Final = ("mailbox_queue", "department")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One rule as it is read. `asked` holds each group that asks something, with its conditions in words; `refuses`: it
    needs a sure classifier, a clear sender and a second reader."""

    id: str
    number: int
    title: str
    why: str
    asked: Sequence[tuple[Group, Sequence[str]]]
    done: Sequence[str]
    refuses: bool
    seals: bool


def sentences(rules: Iterable[Rule], t: Words) -> list[Sentence]:
    """Every rule of a set, in its order, numbered from 1."""
    return [sentence(rule, number, t) for number, rule in enumerate(rules, start=1)]


def sentence(rule: Rule, number: int, t: Words) -> Sentence:
    """One rule as it is read."""
    groups = ((group, getattr(rule, group)) for group in GROUPS)
    return Sentence(
        id=rule.id,
        number=number,
        title=title(rule, t),
        why=why(rule, t),
        asked=[(group, [condition(spec, t) for spec in specs]) for group, specs in groups if specs],
        done=actions(rule.then, t),
        refuses=rule.then.refuse is not None,
        seals=rule.then.seal,
    )


def deciding(decision: Decision, t: Words) -> str:
    """What the rule is called that decided; "" where none did."""
    titles = {entry.rule: entry.title for entry in decision.trace}
    return named(decision.decided_by, titles.get(decision.decided_by, ""), t)


def condition(spec: ConditionSpec, t: Words) -> str:
    """One condition: "chance of urgent distress: at least 35 %". A field that we do not know shows as it is."""
    field = FIELDS.get(spec.field)
    if field is None:
        return f"{spec.field} {spec.test} {spec.value}"
    return t["rules.asked"].replace("{field}", field_name(field, t)).replace("{asked}", _asked(field, spec, t))


def unmet(field: str, test: str, wanted: Any, found: Any, t: Words) -> str:
    """A condition that did not hold, as it was kept with the decision: what was asked and, unless that says it, what was found.

    `test` begins with "not " where the rule asks that it should not be so.
    """
    asked = condition(ConditionSpec.model_construct(field=field, test=test.removeprefix("not "), value=wanted), t)
    if test.startswith("not "):
        return t["why.unwanted"].replace("{condition}", asked)
    known = FIELDS.get(field)
    if known is None or known.type == "flag" or found is None or (isinstance(found, str) and len(found) > _LONGEST):
        return t["why.asked"].replace("{condition}", asked)
    several = found if isinstance(found, list | tuple) else [found]
    said = ", ".join(value(known, one, t) for one in several if one != "") or t["why.nothing"]
    return t["why.asked_found"].replace("{condition}", asked).replace("{found}", said)


def field_name(field: Field, t: Words) -> str:
    """What a field is called where a rule asks about it."""
    name = t.of("field", field.name)
    return t["rules.chance_of"].replace("{field}", name) if field.probability else name


def _asked(field: Field, spec: ConditionSpec, t: Words) -> str:
    if field.type == "flag":
        return t["rules.yes" if (spec.value is True) == (spec.test == "is") else "rules.no"]
    values = spec.value if isinstance(spec.value, list) else [spec.value]
    said = f" {t['rules.or']} ".join(value(field, one, t) for one in values)
    if spec.test in _EQUAL or field.type == "list":
        # What follows the colon is the value itself: a verb could agree with no field, and a list has its own.
        return said or "…"
    return t.of("rules.test", spec.test).replace("{value}", said or "…")


def value(field: Field, one: Any, t: Words) -> str:
    """A value of a field in words; a probability in per cent."""
    if field.probability and isinstance(one, int | float):
        return percent(one, t)
    if field.name in _OF_QUEUES:
        return t.of("rules.place", str(one), otherwise=t.queue(str(one)))
    if field.name in _VALUES:
        return t.of(_VALUES[field.name], str(one))
    return t.quoted(str(one)) if field.type == "text" and one else str(one)


def percent(one: float, t: Words) -> str:
    """A probability as people say it."""
    return f"{round(one * 100, 2):g}\u00a0%".replace(".", "." if t.language == "en" else ",")


def found(one: Condition, t: Words) -> str:
    """What a rule found in a case: "chance of “second line”: 74 %"."""
    field = FIELDS.get(one.field)
    if field is None:
        return one.field
    if field.type == "flag":
        said = t["rules.yes" if one.found else "rules.no"]
    elif field.type == "list":
        said = ", ".join(value(field, each, t) for each in one.found)
    else:
        said = value(field, one.found, t)
    return t["rules.asked"].replace("{field}", field_name(field, t)).replace("{asked}", said)


def actions(then: Actions, t: Words) -> list[str]:
    """What a rule does, each thing in words, in the order of their weight."""
    done = []
    if then.refuse:
        done.append(t[f"rules.refuse.{then.refuse}"])
    if then.seal:
        done.append(t["rules.seal"])
    if then.queue:
        place = t.of("rules.place", then.queue, otherwise=t.queue(then.queue))
        done.append(t["rules.queue"].replace("{queue}", place))
    if then.priority:
        done.append(t["rules.priority"].replace("{priority}", t.of("rules.priorities", then.priority)))
    if then.situation:
        done.append(t["rules.text"].replace("{text}", t.of("situation", then.situation)))
    if then.acknowledge is not None:
        done.append(t["rules.acknowledge" if then.acknowledge else "rules.silent"])
    if then.notify:
        done.append(t["rules.tell"].replace("{who}", ", ".join(told(name, t) for name in then.notify)))
    if then.stop:
        done.append(t["rules.stop"])
    return done


def told(name: str, t: Words) -> str:
    """Who is told of a case: the people of a queue, or of a role."""
    return t.queue(name) if name in QUEUES else t.of("role", name) if name in ROLES else name


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed about one rule. `what`: "new", "gone", "changed" or "moved"; `lines` says it in words."""

    rule: str
    what: Literal["new", "gone", "changed", "moved"]
    title: str
    lines: Sequence[str]


def differences(old: RuleSet, new: RuleSet, t: Words) -> list[Difference]:
    """What changed from one version to another; empty when they decide alike in every case."""
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    found = [
        Difference(name, "gone", title(rule, t), actions(rule.then, t))
        for name, rule in before.items()
        if name not in after
    ]
    for name, rule in after.items():
        if name not in before:
            asked = [condition(spec, t) for spec in rule.conditions]
            found.append(Difference(name, "new", title(rule, t), [*asked, *actions(rule.then, t)]))
        elif lines := _changes(before[name], rule, t):
            found.append(Difference(name, "changed", title(rule, t), lines))
    return found + _moved(old, new, t)


def _changes(old: Rule, new: Rule, t: Words) -> list[str]:
    lines = []
    if old.title != new.title:
        lines.append(t["rules.was_called"].replace("{title}", title(old, t)))
    for group in GROUPS:
        was, now = getattr(old, group), getattr(new, group)
        name = t[f"rules.group.{group}"]
        for specs, others, key in ((was, now, "rules.no_longer"), (now, was, "rules.now_asks")):
            lines += [
                t[key].replace("{group}", name).replace("{condition}", condition(spec, t))
                for spec in specs
                if spec not in others
            ]
    did, does = actions(old.then, t), actions(new.then, t)
    lines += [t["rules.no_longer_does"].replace("{action}", one) for one in did if one not in does]
    lines += [t["rules.now_does"].replace("{action}", one) for one in does if one not in did]
    return lines


def _moved(old: RuleSet, new: RuleSet, t: Words) -> list[Difference]:
    """The rules that were taken to another place. Those which only made room for them are not named: what is left when the
    fewest possible are set aside stands in the order of before."""
    before = {rule.id: at for at, rule in enumerate(old.rules, start=1)}
    both = [(at, rule) for at, rule in enumerate(new.rules, start=1) if rule.id in before]
    stay = _longest_rising([before[rule.id] for _, rule in both])
    return [
        Difference(
            rule.id,
            "moved",
            title(rule, t),
            [t["rules.was_number"].replace("{old}", str(before[rule.id])).replace("{new}", str(at))],
        )
        for at, rule in both
        if before[rule.id] not in stay
    ]


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The numbers of a longest part that rises from left to right; each number stands there once."""
    best: list[list[int]] = []
    for number in numbers:
        below: list[list[int]] = [[], *(chain for chain in best if chain[-1] < number)]
        best.append([*max(below, key=len), number])
    longest: list[int] = max([[], *best], key=len)
    return set(longest)
