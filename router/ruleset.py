"""Rule sets as data: the shape of a rule, and everything that can be said against a file before it is used.

A rule is conditions (all / any / none over the fields of `router.fields`) and actions. Order is data: the first rule
that hits and sets something wins; `stop` ends the chain. A set always ends in a rule without conditions that sets a
queue, so that no message is ever left without a place.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import re2
from pydantic import BaseModel, Field, ValidationError, model_validator

from config.departments import NOTIFIABLE
from config.strict_yaml import MAX_BYTES, DataError, in_words, parse_yaml
from config.vocabulary import QUEUES
from router.decision import Priority
from router.fields import FIELDS, Test
from router.problems import Problem

MAX_RULES: Final = 500
MAX_CONDITIONS: Final = 30
MAX_PATTERNS: Final = 100
MAX_PATTERN: Final = 500
# Instructions of RE2 for one pattern: "x{900}" is short to write and long to run.
MAX_PROGRAM: Final = 1_500
MAX_EXAMPLES: Final = 2_000
# "department": by the department that the classifier suggests. "mailbox": by the account the message came by.
RULE_QUEUES: Final[tuple[str, ...]] = (*QUEUES, "department", "mailbox")
# What a member may be told; each has its texts in config/texts.
SITUATIONS: Final[tuple[str, ...]] = (
    "mediation",
    "department",
    "medical",
    "anonymous",
    "off_scope",
    "urgent",
    "triage",
    "compliment",
    "suggestion",
    "question",
)

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
_Words = Annotated[str, Field(min_length=1, max_length=200)]


class RuleError(Exception):
    """A rule set cannot be used. `problems` holds one sentence for each thing that is wrong, with the rule's id."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ConditionSpec(BaseModel, extra="forbid", frozen=True):
    """What one condition asks of one field."""

    field: str
    test: Test
    value: Any


class Actions(BaseModel, extra="forbid", frozen=True):
    """What a rule that hits does. What is left out is left to later rules."""

    queue: str | None = None
    priority: Priority | None = None
    situation: str | None = None
    acknowledge: bool | None = None
    seal: bool = False
    refuse: Literal["anonymous", "off_scope"] | None = None
    notify: tuple[str, ...] = ()
    stop: bool = False


class Rule(BaseModel, extra="forbid", frozen=True):
    """One rule. It hits when all of `all`, at least one of `any` (if there are some) and none of `none` hold."""

    id: _Id
    title: _Words
    why: Annotated[str, Field(max_length=1000)] = ""
    all: Annotated[tuple[ConditionSpec, ...], Field(max_length=MAX_CONDITIONS)] = ()
    any: Annotated[tuple[ConditionSpec, ...], Field(max_length=MAX_CONDITIONS)] = ()
    none: Annotated[tuple[ConditionSpec, ...], Field(max_length=MAX_CONDITIONS)] = ()
    then: Actions

    @property
    def conditions(self) -> tuple[ConditionSpec, ...]:
        """All conditions of the rule, whatever their group."""
        return (*self.all, *self.any, *self.none)


class Example(BaseModel, extra="forbid", frozen=True):
    """Facts in short form (see `router.examples`) and what must become of them. What is left out is not checked."""

    says: _Words
    facts: dict[str, Any]
    queue: str
    situation: str | None = None
    sealed: bool = False
    refused: Literal["", "anonymous", "off_scope"] = ""
    priority: Priority | None = None
    rule: str | None = None


class RuleSet(BaseModel, extra="forbid", frozen=True):
    """An ordered chain of rules with the examples that must hold."""

    version: Annotated[str, Field(min_length=1, max_length=60)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES)]
    examples: Annotated[tuple[Example, ...], Field(max_length=MAX_EXAMPLES)] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields that its rules ask about."""
        return frozenset(spec.field for rule in self.rules for spec in rule.conditions)

    @property
    def asks_words(self) -> bool:
        """Whether a rule asks about what members wrote."""
        return any(name in FIELDS and FIELDS[name].private for name in self.fields)

    @model_validator(mode="before")
    @classmethod
    def _version_is_a_word(cls, data: Any) -> Any:
        # `version: 14` is a number in YAML; people mean the word.
        if isinstance(data, dict) and isinstance(data.get("version"), int | float):
            return {**data, "version": str(data["version"])}
        return data


def load_rules(path: Path) -> RuleSet:
    """Read a rule file. Raises RuleError, in words, when it cannot be read or used."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RuleError([f"{path.name}: larger than 1 MiB"])
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError([f"{path.name}: cannot be read ({type(error).__name__})"]) from None
    return parse_rules(text)


def parse_rules(text: str) -> RuleSet:
    """A rule set from YAML (or JSON, which is YAML). Raises RuleError with every problem that was found."""
    try:
        data = parse_yaml(text, what="rules")
        rules = RuleSet.model_validate(data)
    except DataError as error:
        raise RuleError([str(error)]) from None
    except ValidationError as error:
        if not isinstance(data, dict):
            raise RuleError(["this is no rule set: it needs a version and rules"]) from None
        raise RuleError(_with_rule_ids(data, in_words(error))) from None
    if problems := problems_of(rules):
        raise RuleError(problems)
    return rules


@lru_cache(maxsize=2 * MAX_PATTERNS)
def compiled(pattern: str) -> Any:
    """A pattern of a rule, compiled by RE2 (linear time) over UTF-8 bytes, case ignored. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


def problems_of(rules: RuleSet) -> list[str]:
    """What keeps a rule set of the right shape from being used at all: fields, values, queues and texts that do not exist,
    and an end that leaves a message without a place. The sentences are `router.problems.Problem`s."""
    problems: list[str] = []
    ids = [rule.id for rule in rules.rules]
    problems += [f"rule '{name}': this id is used twice" for name in sorted({i for i in ids if ids.count(i) > 1})]
    patterns = [c for rule in rules.rules for c in rule.conditions if c.test == "matches"]
    if len(patterns) > MAX_PATTERNS:
        problems.append(f"{len(patterns)} patterns; at most {MAX_PATTERNS} in one set")
    for rule in rules.rules:
        problems += _problems_of(rule)
    last = rules.rules[-1]
    if last.conditions or last.then.queue is None:
        sentence = f"rule '{last.id}': the last rule must have no conditions and set a queue, so that nothing is lost"
        problems.append(Problem(sentence, "no_end", last.id))
    for example in rules.examples:
        if example.rule is not None and example.rule not in ids:
            sentence = f"example '{example.says}': there is no rule '{example.rule}'"
            problems.append(Problem(sentence, "example_rule", says=example.says, rule_name=example.rule))
        if example.queue not in QUEUES:
            problems.append(f"example '{example.says}': there is no queue '{example.queue}'")
        if example.situation is not None and example.situation not in SITUATIONS:
            problems.append(f"example '{example.says}': there is no situation '{example.situation}'")
    return problems


def _problems_of(rule: Rule) -> list[str]:
    then = rule.then

    def about(sentence: str, kind: str = "", **values: str) -> str:
        return Problem(f"rule '{rule.id}': {sentence}", kind, rule.id, **values)

    problems = [
        about(problem, "wrong_value", field=condition.field)
        for condition in rule.conditions
        if (problem := _wrong_with(condition))
    ]
    if then.queue is not None and then.queue not in RULE_QUEUES:
        problems.append(about(f"there is no queue '{then.queue}'", "no_queue", queue=then.queue))
    if then.situation is not None and then.situation not in SITUATIONS:
        problems.append(about(f"there is no text for the situation '{then.situation}'"))
    problems += [
        about(f"'{name}' cannot be notified: only the people of a queue or a role can, never an address")
        for name in then.notify
        if name not in NOTIFIABLE
    ]
    if then.refuse is not None and then.situation != then.refuse:
        problems.append(about(f"a refusal must tell the member why: situation must be '{then.refuse}'", "refusal_text"))
    if then.refuse is None and then.situation in ("anonymous", "off_scope"):
        sentence = f"the situation '{then.situation}' is a refusal and needs 'refuse: {then.situation}'"
        problems.append(about(sentence, "text_refuses"))
    if then.refuse is not None and then.queue is None:
        problems.append(about("a refusal must name the queue where a person finds it", "refusal_queue"))
    if then == Actions():
        problems.append(about("it does nothing", "idle"))
    return problems


def _wrong_with(condition: ConditionSpec) -> str:
    field = FIELDS.get(condition.field)
    if field is None:
        return f"there is no field '{condition.field}'"
    if condition.test not in field.tests:
        return f"'{field.name}' cannot be compared by '{condition.test}', only by {', '.join(field.tests)}"
    value = condition.value
    if condition.test == "in":
        if not isinstance(value, list) or not value:
            return f"'{field.name}' in: needs a list of values"
        return next((problem for item in value if (problem := _wrong_value(field.name, item))), "")
    if condition.test == "matches":
        return _wrong_pattern(value)
    return _wrong_value(field.name, value)


def _wrong_value(name: str, value: Any) -> str:
    field = FIELDS[name]
    if field.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"'{name}' is compared with a number"
        return f"'{name}' is between 0 and 1" if field.probability and not 0 <= value <= 1 else ""
    if field.type == "flag":
        return "" if isinstance(value, bool) else f"'{name}' is compared with true or false"
    if not isinstance(value, str) or not value:
        return f"'{name}' is compared with a word"
    return f"'{value}' is not a value of '{name}'" if field.options and value not in field.options else ""


def _wrong_pattern(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_PATTERN:
        return f"a pattern has 1 to {MAX_PATTERN} characters"
    try:
        program = compiled(value).programsize
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        return f"the pattern cannot be used ({reason})"
    return "the pattern is too large: repeat less" if program > MAX_PROGRAM else ""


def _with_rule_ids(data: Any, lines: list[str]) -> list[str]:
    # "rules.3.then.queue: …" becomes "rule 'x': then.queue: …": people know rules by id, not by number.
    named = []
    for line in lines:
        if line.startswith("rules: must hold at least") and data.get("rules"):
            # Rules that are wrong are not counted as rules; each is named by its own line.
            continue
        part = line.split(".", 2)
        if len(part) == 3 and part[0] == "rules" and part[1].isdigit():
            try:
                rule = data["rules"][int(part[1])]["id"]
            except (KeyError, IndexError, TypeError):
                rule = f"number {int(part[1]) + 1}"
            named.append(f"rule '{rule}': {part[2]}")
        else:
            named.append(line)
    return named
