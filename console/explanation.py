"""Why a case is where it is: the rule that decided, what was found in the member's words, and what nearly happened."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from config.vocabulary import FLAGS
from store.audit import Entry

_MOST_QUOTES: Final = 3
_LONGEST_SENTENCE: Final = 160
_MOST_NEAR: Final = 3
_MOST_DEPARTMENTS: Final = 4
_MOVES: Final = ("case.moved", "case.disagreed", "case.reopened")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `group` and `label` name it, `chance` is its probability, `sure` whether it may decide.
    `quotes` are the words that spoke for it most, `sentence` the sentence that did ("" for a message of one)."""

    number: int
    group: Literal["flag", "kind", "department"]
    label: str
    chance: float
    sure: bool
    quotes: tuple[str, ...]
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """A condition that did not hold."""

    field: str
    test: str
    wanted: Any
    found: Any

    @property
    def numeric(self) -> bool:
        """Whether two probabilities or counts were compared."""
        return isinstance(self.wanted, int | float) and not isinstance(self.wanted, bool) and self.found is not None

    @property
    def negated(self) -> bool:
        """Whether the rule asks that it should not be so."""
        return self.test.startswith("not ") or self.test == "is_not"


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule of the trace, in its order: how it came out ("hit", "near", "miss") and what it missed."""

    position: int
    rule: str
    title: str
    outcome: str
    decided: bool
    missed: tuple[Missed, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """A rule that nearly hit, and what it missed."""

    rule: str
    title: str
    missed: tuple[Missed, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The whole explanation. `position` counts the rules from 1; 0 when the rule is not in the trace."""

    rule: str
    title: str
    position: int
    rules: int
    queue: str
    findings: tuple[Finding, ...]
    unsure: Mapping[str, str]
    near: tuple[Near, ...]
    model: str
    rules_version: str
    # A rule that asks how surely a case is not about us before it refuses found it so.
    off_scope_enough: bool = False

    @property
    def department(self) -> str:
        """The department that was found, surely or not; "" for none."""
        return next((one.label for one in self.findings if one.group == "department"), "")

    @property
    def perhaps_off_scope(self) -> bool:
        """Whether the case is not about us, or the classifier could not tell."""
        return "off_scope" in self.unsure or any(one.label == "off_scope" for one in self.findings)

    @property
    def surely_off_scope(self) -> bool:
        """Whether the case is not about us, without a doubt and as surely as a rule wants it that refuses."""
        return self.off_scope_enough and any(one.label == "off_scope" and one.sure for one in self.findings)

    @property
    def numbers(self) -> Mapping[str, int]:
        """The number of each finding by its label, for the marks in the text."""
        return {finding.label: finding.number for finding in self.findings}


def explained(decision: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> Why | None:
    """The explanation made of the stored decision and classification; None for a case that nobody routed."""
    if not decision:
        return None
    trace = decision.get("trace", ())
    ids = [entry["rule"] for entry in trace]
    decided = decision.get("decided_by", "")
    position = ids.index(decided) + 1 if decided in ids else 0
    return Why(
        rule=decided,
        title=trace[position - 1]["title"] if position else "",
        position=position,
        rules=len(ids),
        queue=decision.get("queue", ""),
        findings=_findings(said or {}),
        unsure=_unsure(said or {}),
        near=_near(trace, decided),
        model=(said or {}).get("model", ""),
        rules_version=decision.get("rules_version", ""),
        off_scope_enough=any(
            (asked["field"], asked["test"]) == ("off_scope_probability", "at_least") and asked["held"]
            for entry in trace
            for asked in entry["conditions"]
        ),
    )


def every_rule(decision: Mapping[str, Any] | None) -> tuple[Ruled, ...]:
    """Every rule that was asked, in its order, with what it missed."""
    decided = (decision or {}).get("decided_by", "")
    return tuple(
        Ruled(number, entry["rule"], entry["title"], entry["outcome"], entry["rule"] == decided, _missed(entry))
        for number, entry in enumerate((decision or {}).get("trace", ()), start=1)
    )


def moves(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The acts that put a case elsewhere than where the rules had put it."""
    return tuple(entry for entry in entries if entry.act in _MOVES)


def chances(said: Mapping[str, Any] | None) -> tuple[tuple[Literal["flag", "kind", "department"], str, float], ...]:
    """(group, label, probability) of everything that the classifier weighed: flags, kinds, then the likeliest departments."""
    given = (said or {}).get("probabilities", {})
    flags: list[tuple[Literal["flag", "kind", "department"], str, float]]
    flags = [("flag", flag, float(given.get(flag, 0.0))) for flag in FLAGS]
    kinds = sorted(given.get("kind", {}).items(), key=lambda one: -one[1])
    ranked = (said or {}).get("departments", ())[:_MOST_DEPARTMENTS]
    return (
        *flags,
        *(("kind", str(kind), float(chance)) for kind, chance in kinds),
        *(("department", str(name), float(chance)) for name, chance in ranked),
    )


def _missed(entry: Mapping[str, Any]) -> tuple[Missed, ...]:
    return tuple(
        Missed(asked["field"], asked["test"], asked["wanted"], asked["found"])
        for asked in entry["conditions"]
        if not asked["held"]
    )


def _unsure(said: Mapping[str, Any]) -> Mapping[str, str]:
    """{question: reason}; the reason is "" in what was kept before there were reasons."""
    return {question: said.get("abstained_because", {}).get(question, "") for question in said.get("abstained_on", ())}


def _findings(said: Mapping[str, Any]) -> tuple[Finding, ...]:
    chances = said.get("probabilities", {})
    unsure = set(said.get("abstained_on", ()))
    found: list[tuple[Literal["flag", "kind", "department"], str, float, bool]] = [
        ("flag", flag, float(chances.get(flag, 0.0)), flag not in unsure) for flag in FLAGS if said.get(flag)
    ]
    if said.get("kind"):
        chance = float(chances.get("kind", {}).get(said["kind"], 0.0))
        found.append(("kind", said["kind"], chance, "kind" not in unsure))
    if said.get("department"):
        ranked = dict(said.get("departments", ()))
        chance = float(ranked.get(said["department"], 0.0))
        found.append(("department", said["department"], chance, "department" not in unsure))
    return tuple(
        Finding(number, group, label, chance, sure, _quotes(said, label), _sentence(said, label))
        for number, (group, label, chance, sure) in enumerate(found, start=1)
    )


def _quotes(said: Mapping[str, Any], label: str) -> tuple[str, ...]:
    words = (str(item["text"]) for item in _evidence(said, label, "words"))
    return tuple(dict.fromkeys(word for word in words if word.strip()))[:_MOST_QUOTES]


def _sentence(said: Mapping[str, Any], label: str) -> str:
    sentence = next((str(item["text"]) for item in _evidence(said, label, "sentence")), "")
    return textwrap.shorten(sentence, _LONGEST_SENTENCE, placeholder=" …")


def _evidence(said: Mapping[str, Any], label: str, part: str) -> Iterator[Mapping[str, Any]]:
    """Evidence of one sort; what was kept before there were sentences is words."""
    return (item for item in said.get("evidence", ()) if item["label"] == label and item.get("part", "words") == part)


def _near(trace: Any, decided: str) -> tuple[Near, ...]:
    """The rules that missed by little, or that only their own exception held back.

    A flag that was simply not found is no near miss, and where its probability was asked too, that says it better.
    """
    near = []
    for entry in trace:
        if entry["outcome"] != "near" or entry["rule"] == decided:
            continue
        telling = tuple(one for one in _missed(entry) if one.numeric or one.negated)
        if telling:
            near.append(Near(entry["rule"], entry["title"], telling))
    return tuple(near[:_MOST_NEAR])
