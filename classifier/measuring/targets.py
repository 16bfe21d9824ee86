"""What the classifier is meant to reach, and whether it does: over everything, and in the language where it is weakest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from classifier.measuring.robustness import Loss, words_of
from classifier.measuring.scores import ALL, Part
from config.vocabulary import LANGUAGES

# With fewer messages that count for a figure, one more or less decides it: a language is not judged by so few.
LEAST: Final = 10


class Aim(NamedTuple):
    """One aim: a share that is wanted at least, or at most."""

    name: str
    wanted: float
    at_most: bool = False

    def met_by(self, value: float) -> bool:
        """Whether a figure reaches it, to the last place that is printed."""
        return value <= self.wanted + 5e-5 if self.at_most else value >= self.wanted - 5e-5


@dataclass(frozen=True, slots=True)
class Target:
    """An aim and what was found. `weakest` is the language furthest from it, "" where no language has messages enough to
    tell or the aim is not about languages; `met` and `met_everywhere` say whether all and whether the weakest reach it."""

    aim: Aim
    value: float
    weakest: str
    weakest_value: float
    met: bool
    met_everywhere: bool


_FIGURES: Final[tuple[tuple[Aim, str], ...]] = (
    (Aim("department, first", 0.88), "department_top_1"),
    (Aim("department, among the first three", 0.97), "department_top_3"),
    (Aim("kind, macro F1", 0.92), "kind_macro_f1"),
    (Aim("language", 0.985), "language"),
)
_SCORES: Final[tuple[tuple[Aim, str], ...]] = (
    (Aim("anonymous, F1", 0.90), "anonymous"),
    (Aim("off_scope, F1", 0.92), "off_scope"),
    (Aim("doctor, F1", 0.93), "doctor"),
    (Aim("urgent, F1", 0.85), "urgent"),
    (Aim("second_line, F1", 0.85), "second_line"),
)
_RECALL_URGENT: Final = Aim("urgent, recall", 0.92)
_REFUSED: Final = Aim("wrongly refused, share of messages in scope", 0.003, at_most=True)
_COVERAGE: Final = Aim("coverage: no doubt on any question", 0.80)
_SURE: Final = Aim("right among decisions at 0.9 or more", 0.90)
_CALIBRATED: Final = 0.04
_APART: Final = 0.04
_ROBUST: Final = 3.0


def judge(parts: Mapping[str, Part], errors: Mapping[str, float], losses: tuple[Loss, ...] = ()) -> tuple[Target, ...]:
    """Every aim against what was measured; those on robustness only where that was measured."""
    return (*_by_language(parts), *_overall(parts, errors), *(_robust(loss) for loss in losses))


def _by_language(parts: Mapping[str, Part]) -> Iterator[Target]:
    for aim, name in _FIGURES:
        yield _target(aim, parts, lambda part, name=name: part.figures[name].value)  # type: ignore[misc]  # a default
    for aim, label in _SCORES:
        yield _target(aim, parts, lambda part, label=label: part.score(label).f1, label)  # type: ignore[misc]  # as above
    yield _target(_RECALL_URGENT, parts, lambda part: part.score("urgent").recall, "urgent")
    for aim, name in ((_REFUSED, "wrongly_refused"), (_COVERAGE, "coverage"), (_SURE, "sure")):
        yield _target(aim, parts, lambda part, name=name: part.figures[name].value)  # type: ignore[misc]  # as above


def _target(aim: Aim, parts: Mapping[str, Part], value_of: Callable[[Part], float], label: str = "") -> Target:
    value = value_of(parts[ALL])
    known: dict[str, float] = {
        name: value_of(part)
        for name, part in parts.items()
        if name in LANGUAGES and (part.score(label).wanted if label else part.messages) >= LEAST
    }
    known = {name: found for name, found in known.items() if not math.isnan(found)}
    worst = (max if aim.at_most else min)(known, key=lambda name: known[name], default="")
    worst_value = known.get(worst, value)
    return Target(aim, value, worst, worst_value, aim.met_by(value), aim.met_by(worst_value))


def _overall(parts: Mapping[str, Part], errors: Mapping[str, float]) -> Iterator[Target]:
    for question in ("kind", "department"):
        yield _alone(Aim(f"calibration error, {question}", _CALIBRATED, at_most=True), errors[question])
    for name, figure in (
        ("department, first", "department_top_1"),
        ("kind, macro F1", "kind_macro_f1"),
        ("right among decisions at 0.9 or more", "sure"),
    ):
        whole = parts[ALL].figures[figure].value
        behind: dict[str, float] = {
            language: whole - part.figures[figure].value
            for language, part in parts.items()
            if language in LANGUAGES and part.messages >= LEAST and part.figures[figure].known
        }
        worst = max(behind, key=lambda language: behind[language], default="")
        gap = max(0.0, behind.get(worst, 0.0))
        aim = Aim(f"{name}: weakest language behind all", _APART, at_most=True)
        yield Target(aim, gap, worst, gap, aim.met_by(gap), aim.met_by(gap))


def _robust(loss: Loss) -> Target:
    figure = max(loss.points, key=lambda name: loss.points[name])
    aim = Aim(f"{loss.damage}: most lost on any figure ({words_of(figure)})", _ROBUST / 100, at_most=True)
    return _alone(aim, max(0.0, loss.points[figure] / 100))


def _alone(aim: Aim, value: float) -> Target:
    return Target(aim, value, "", value, aim.met_by(value), aim.met_by(value))
