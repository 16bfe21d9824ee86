"""How good the classifier is on labelled messages it never saw: per label, per language, calibration, wrong refusals.

`python -m classifier.evaluate` measures the shipped model on the test part of the shipped corpus. The texts are invented, so
the figures say how the model generalises to other writers and scenarios, not how it does on real post.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from classifier import corpus
from classifier.classification import Classification
from classifier.corpus import Record
from classifier.pipeline import Classifier, load
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, LANGUAGES, Flag

_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Score:
    """One label: how many have it, how many were given it, how many of those rightly."""

    label: str
    wanted: int
    given: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the given which is right; 0 when none was given."""
        return self.right / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        """Share of the wanted which was found; 0 when none was wanted."""
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (self.wanted + self.given) if self.wanted + self.given else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything measured. `macro`: mean F1 of a group's labels which occur. `errors`: mean calibration error by question.
    `by_language`: {language: {question: accuracy}}. `refused`: ids of messages refused by mistake."""

    messages: int
    model: str
    scores: dict[str, tuple[Score, ...]]
    macro: dict[str, float]
    errors: dict[str, float]
    by_language: dict[str, dict[str, float]]
    refused: tuple[str, ...]
    missed_urgent: tuple[str, ...]
    abstained: dict[str, float]
    department_in_three: float

    def as_json(self) -> dict[str, object]:
        """The figures as plain data."""
        return {
            "messages": self.messages,
            "model": self.model,
            "macro_f1": {name: round(value, 4) for name, value in self.macro.items()},
            "labels": {
                score.label: {
                    "wanted": score.wanted,
                    "precision": round(score.precision, 4),
                    "recall": round(score.recall, 4),
                    "f1": round(score.f1, 4),
                }
                for scores in self.scores.values()
                for score in scores
            },
            "calibration_error": {name: round(value, 4) for name, value in self.errors.items()},
            "by_language": self.by_language,
            "wrongly_refused": list(self.refused),
            "missed_urgent": list(self.missed_urgent),
            "abstained": self.abstained,
            "department_in_first_three": round(self.department_in_three, 4),
        }


def evaluate(classifier: Classifier, records: Sequence[Record]) -> Report:
    """Classify the records and compare. The department counts only where there is one."""
    found = classifier.classify([record.message for record in records])
    pairs = list(zip(records, found, strict=True))
    placed = [(record, result) for record, result in pairs if record.department is not None]
    scores = {
        "kind": tuple(_score(label, [(r.kind == label, c.kind == label) for r, c in pairs]) for label in KINDS),
        "flags": tuple(_score(flag, [(flag in r.flags, bool(c.flags[flag])) for r, c in pairs]) for flag in FLAGS),
        "department": tuple(
            _score(name, [(r.department == name, c.department == name) for r, c in pairs]) for name in DEPARTMENTS
        ),
    }
    return Report(
        messages=len(pairs),
        model=classifier.model_id,
        scores=scores,
        macro={name: _mean([s.f1 for s in group if s.wanted]) for name, group in scores.items()},
        errors=_calibration_errors(pairs),
        by_language=_by_language(pairs),
        refused=tuple(
            record.id
            for record, result in pairs
            if any(result.flags[flag] and flag not in record.flags for flag in ("off_scope", "anonymous"))
        ),
        missed_urgent=tuple(r.id for r, c in pairs if "urgent" in r.flags and not c.flags["urgent"]),
        abstained={
            question: round(_mean([float(question in c.abstained) for _, c in pairs]), 4)
            for question in ("kind", "off_scope", "anonymous", "doctor", "department")
        }
        | {"any": round(_mean([float(bool(c.abstained)) for _, c in pairs]), 4)},
        department_in_three=_mean([float(r.department in [name for name, _ in c.departments[:3]]) for r, c in placed]),
    )


def _score(label: str, pairs: Sequence[tuple[bool, bool]]) -> Score:
    return Score(
        label,
        wanted=sum(wanted for wanted, _ in pairs),
        given=sum(given for _, given in pairs),
        right=sum(wanted and given for wanted, given in pairs),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _calibration_errors(pairs: Sequence[tuple[Record, Classification]]) -> dict[str, float]:
    """Expected calibration error in ten bins: of the chosen kind, and of each flag's probability."""
    errors = {
        "kind": expected_error([(max(c.probabilities["kind"].values()), r.kind == c.kind) for r, c in pairs]),
        "department": expected_error(
            [(c.departments[0][1], r.department == c.departments[0][0]) for r, c in pairs if r.department is not None]
        ),
    }
    for flag in FLAGS:
        errors[flag] = expected_error([(c.probability(flag), flag in r.flags) for r, c in pairs])
    return errors


def expected_error(points: Sequence[tuple[float, bool]]) -> float:
    """Mean gap between what was promised and what came true, over bins of equal width, weighted by their size."""
    if not points:
        return 0.0
    promised = np.array([p for p, _ in points])
    true = np.array([float(t) for _, t in points])
    bins = np.minimum((promised * _BINS).astype(int), _BINS - 1)
    gap = 0.0
    for number in range(_BINS):
        inside = bins == number
        if inside.any():
            gap += float(inside.sum()) * abs(float(promised[inside].mean()) - float(true[inside].mean()))
    return gap / len(points)


def _agrees_on(flag: Flag) -> Callable[[Record, Classification], bool]:
    return lambda record, result: (flag in record.flags) == result.flags[flag]


def _by_language(pairs: Sequence[tuple[Record, Classification]]) -> dict[str, dict[str, float]]:
    asked: dict[str, Callable[[Record, Classification], bool]] = {
        "language": lambda r, c: r.language == c.language,
        "kind": lambda r, c: r.kind == c.kind,
        "department": lambda r, c: r.department == c.department,
        **{flag: _agrees_on(flag) for flag in FLAGS},
    }
    result: dict[str, dict[str, float]] = {}
    for language in LANGUAGES:
        of_it = [(r, c) for r, c in pairs if r.language == language]
        if of_it:
            result[language] = {
                name: round(_mean([float(ask(r, c)) for r, c in of_it]), 4) for name, ask in asked.items()
            }
            result[language]["messages"] = len(of_it)
    return result


def show(report: Report, console: Console) -> None:
    """Print the report as tables."""
    table = Table(title=f"{report.model}: {report.messages} messages never trained on")
    for column in ("label", "wanted", "precision", "recall", "F1"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for group, scores in report.scores.items():
        for score in scores:
            table.add_row(
                score.label, str(score.wanted), f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.f1:.3f}"
            )
        table.add_row(f"[bold]{group}, macro F1[/bold]", "", "", "", f"[bold]{report.macro[group]:.3f}[/bold]")
        table.add_section()
    console.print(table)
    languages = Table(title="Share right, by language")
    names = ["messages", "language", "kind", "department", *FLAGS]
    for column in ("", *names):
        languages.add_column(column)
    for language, values in report.by_language.items():
        languages.add_row(language, *(f"{values[name]:g}" for name in names))
    console.print(languages)
    console.print("calibration error:", ", ".join(f"{name} {value:.3f}" for name, value in report.errors.items()))
    console.print("abstained:", ", ".join(f"{name} {value:.3f}" for name, value in report.abstained.items()))
    console.print(f"department among the first three: {report.department_in_three:.3f}")
    console.print(f"refused by mistake ({len(report.refused)}):", ", ".join(report.refused) or "none")
    console.print(f"urgent, missed ({len(report.missed_urgent)}):", ", ".join(report.missed_urgent) or "none")


def main(arguments: Sequence[str]) -> int:
    """`python -m classifier.evaluate [corpus folder]`: the test part, split by the seed in the model."""
    classifier = load()
    folder = Path(arguments[0]) if arguments else corpus.FOLDER
    test = corpus.split(corpus.read(folder), seed=classifier.seed).test
    console = Console()
    show(evaluate(classifier, test), console)
    if classifier.corpus != corpus.fingerprint(folder):
        console.print("[bold]The model learnt from another corpus: it may have seen some of these messages.[/bold]")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
