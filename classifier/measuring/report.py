"""Everything that was measured of one classifier on one set of messages, in one frozen value; and the same as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classifier.corpus import Record
from classifier.measuring import calibration, mistakes, scores, targets
from classifier.measuring.bootstrap import Estimate
from classifier.measuring.calibration import Bin, Point
from classifier.measuring.labels import QUESTIONS, Given, truth
from classifier.measuring.mistakes import Confusion, Habit, Mistake
from classifier.measuring.robustness import Loss
from classifier.measuring.scores import ALL, Part, Score
from classifier.measuring.speed import Speed
from classifier.measuring.targets import Target
from config.vocabulary import FLAGS, LANGUAGES


@dataclass(frozen=True, slots=True)
class Report:
    """`parts`: all messages and each language. `errors`: calibration error by question. `refused`: ids of members refused
    wrongly by machine alone; `decided`: of those it would have refused had no doubt stopped it. `missed_urgent`: ids. `losses`,
    `speed` and `baselines` are empty where they were not measured; a baseline has its named figures."""

    model: str
    source: str
    seed: int
    messages: int
    parts: Mapping[str, Part]
    confusions: Mapping[str, Confusion]
    reliability: Mapping[str, tuple[Bin, ...]]
    errors: Mapping[str, float]
    curves: Mapping[str, tuple[Point, ...]]
    refused: tuple[str, ...]
    decided: tuple[str, ...]
    missed_urgent: tuple[str, ...]
    worst: tuple[Mistake, ...]
    habits: tuple[Habit, ...]
    losses: tuple[Loss, ...] = ()
    speed: Speed | None = None
    baselines: Mapping[str, Part] | None = None
    doubts: tuple[str, ...] = ()

    @property
    def all(self) -> Part:
        """All messages together."""
        return self.parts[ALL]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that occur."""
        return tuple(language for language in LANGUAGES if language in self.parts)

    @property
    def scores(self) -> Mapping[str, tuple[Score, ...]]:
        """{group: scores of its labels} over all messages."""
        return self.all.scores

    @property
    def macro(self) -> dict[str, float]:
        """{group: mean F1 of its labels that occur}."""
        return {group: self.all.figures[f"{group}_macro_f1"].value for group in self.all.scores}

    @property
    def by_language(self) -> dict[str, dict[str, float]]:
        """{language: {question: share of messages decided rightly}}."""
        asked = ("language", "kind", "department", *FLAGS)
        return {name: {ask: self.parts[name].figures[ask].value for ask in asked} for name in self.languages}

    @property
    def abstained(self) -> dict[str, float]:
        """{question: share of messages on which the classifier was not sure}, and "any"."""
        doubts = {question: self.all.figures[f"abstained_{question}"].value for question in QUESTIONS}
        return doubts | {"any": 1 - self.all.figures["coverage"].value}

    @property
    def department_in_three(self) -> float:
        """Share of messages whose department is among the first three."""
        return self.all.figures["department_top_3"].value

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every aim and whether it is met."""
        return targets.judge(self.parts, self.errors, self.losses)

    def as_json(self) -> dict[str, Any]:
        """The figures as plain data, without texts; what could not be counted is null."""
        told = {
            "model": self.model,
            "source": self.source,
            "seed": self.seed,
            "messages": self.messages,
            "doubts": list(self.doubts),
            "parts": {name: _part(part) for name, part in self.parts.items()},
            "calibration_error": dict(self.errors),
            "reliability": {name: [one._asdict() for one in found] for name, found in self.reliability.items()},
            "curves": {name: [one._asdict() for one in found] for name, found in self.curves.items()},
            "confusions": {name: found._asdict() for name, found in self.confusions.items()},
            "wrongly_refused": list(self.refused),
            "refused_by_decision": list(self.decided),
            "missed_urgent": list(self.missed_urgent),
            "worst": [{k: v for k, v in one._asdict().items() if k != "text"} for one in self.worst],
            "errors_in_common": [one._asdict() for one in self.habits],
            "robustness": [one._asdict() for one in self.losses],
            "speed": asdict(self.speed) if self.speed else None,
            "baselines": {name: _part(part) for name, part in (self.baselines or {}).items()},
            "targets": [
                {"aim": one.aim.name, "wanted": one.aim.wanted, "at_most": one.aim.at_most}
                | {"value": one.value, "weakest": one.weakest, "weakest_value": one.weakest_value}
                | {"met": one.met, "met_everywhere": one.met_everywhere}
                for one in self.targets
            ],
        }
        plain: dict[str, Any] = _rounded(told)
        return plain


def of(model: str, source: str, records: Sequence[Record], found: Given, *, seed: int) -> Report:
    """Compare the records' labels with what was given. Raises `ValueError` without any record."""
    if not records:
        raise ValueError("there is no message to measure on")
    known = truth(records)
    automatic, decided = scores.refused(known, found)
    urgent = FLAGS.index("urgent")
    missed = known.flags[:, urgent] & ~found.labels.flags[:, urgent]
    reliability = {name: calibration.bins(*promised) for name, promised in calibration.promises(known, found).items()}
    return Report(
        model=model,
        source=source,
        seed=seed,
        messages=len(records),
        parts=scores.parts(records, known, found, seed=seed),
        confusions=mistakes.confusions(known, found),
        reliability=reliability,
        errors={name: calibration.error_of(found_bins) for name, found_bins in reliability.items()},
        curves=calibration.curves(known, found),
        refused=_ids(records, automatic.tolist()),
        decided=_ids(records, decided.tolist()),
        missed_urgent=_ids(records, missed.tolist()),
        worst=mistakes.worst(records, known, found),
        habits=mistakes.in_common(records, known, found),
    )


def _ids(records: Sequence[Record], chosen: Sequence[bool]) -> tuple[str, ...]:
    return tuple(record.id for record, yes in zip(records, chosen, strict=True) if yes)


def _part(part: Part) -> dict[str, Any]:
    return {
        "messages": part.messages,
        "authors": part.authors,
        "figures": {name: _estimate(figure) for name, figure in part.figures.items()},
        "labels": {
            score.label: {"wanted": score.wanted, "given": score.given, "right": score.right}
            | {
                name: _estimate(figure)
                for name, figure in zip(("precision", "recall", "f1"), score.spread, strict=True)
            }
            for group in part.scores.values()
            for score in group
        },
    }


def _estimate(figure: Estimate) -> dict[str, float]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
