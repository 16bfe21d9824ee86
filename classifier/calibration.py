"""Set temperatures and thresholds on messages that no weight learnt from.

Temperatures: Guo et al., "On Calibration of Modern Neural Networks" (2017). Thresholds: by what an error costs, and where a
precision is promised, by the lower end of an interval (Wilson, 1927) and not by what a few points happen to show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from classifier import heads
from classifier.decide import ruled
from classifier.features import Floats
from classifier.heads import HEADS, SLICES, Calibration, Thresholds
from classifier.lessons import Lesson
from config.vocabulary import FLAGS

# To refuse a member by mistake is the worst error: this precision is wanted of off_scope and anonymous, by the lower end
# of its one-sided 90 % Wilson interval. Where the points do not show it: the best they show, if fair, or the constant.
_REFUSAL_PRECISION: Final = 0.97
_REFUSAL_FAIR, _REFUSAL_NEARLY = 0.88, 0.01
_REFUSAL_LEAST, _REFUSAL_DEFAULT, _REFUSAL_NEVER = 0.9, 0.95, 1.01
_REFUSAL_POINTS: Final = 20
_WILSON_Z: Final = 1.2816
# To overlook distress costs most after a wrong refusal: so many of those in distress must be found here, that a few less in
# other people's messages are still enough.
_URGENT_RECALL: Final = 0.95


def fuse(head: str, by_words: Floats, by_meaning: Floats, lessons: Sequence[Lesson]) -> Calibration:
    """The two weights (and for a flag the shift) which make what is true of the lessons most likely."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # noqa: PLC0415 - training only

    rows = np.array([row for row, lesson in enumerate(lessons) if head in lesson.targets], dtype=np.int64)
    classes = np.array([lessons[row].targets[head] for row in rows], dtype=np.int64)
    one = by_words[rows][:, SLICES[head]].astype(np.float64)
    two = by_meaning[rows][:, SLICES[head]].astype(np.float64)
    several = len(HEADS[head]) > 1

    def loss(parameters: Any) -> float:
        weight_one, weight_two = np.exp(parameters[:2])
        logits = one * weight_one + two * weight_two
        if several:
            logits = logits - logits.max(axis=1, keepdims=True)
            likely = logits[np.arange(len(rows)), classes] - np.log(np.exp(logits).sum(axis=1))
            fit = -float(likely.mean()) if len(rows) else 0.0
        else:
            signed = np.where(classes == 1, 1.0, -1.0) * (logits[:, 0] + parameters[2])
            fit = float(np.logaddexp(0, -signed).mean()) if len(rows) else 0.0
        # A light pull towards even weights keeps a head with few examples from extremes.
        return fit + 0.002 * float(np.square(parameters).sum())

    start = np.array([math.log(0.5), math.log(0.5), 0.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-4, 2), (-4, 2), (-4, 4)])
    weight_one, weight_two = np.exp(found.x[:2])
    return Calibration(
        by_words=round(float(weight_one), 5),
        by_meaning=round(float(weight_two), 5),
        shift=0.0 if several else round(float(found.x[2]), 5),
    )


def thresholds(
    by_words: Floats, by_meaning: Floats, calibration: Mapping[str, Calibration], lessons: Sequence[Lesson]
) -> Thresholds:
    """Where probabilities, rules included, become decisions, and where the classifier abstains."""
    told = [lesson for lesson in lessons if lesson.targets]
    rows = [row for row, lesson in enumerate(lessons) if lesson.targets]
    learnt = {flag: _probabilities(flag, by_words[rows], by_meaning[rows], calibration[flag]) for flag in FLAGS}
    final = [
        ruled({flag: float(learnt[flag][row]) for flag in FLAGS}, lesson.message, lesson.reading)
        for row, lesson in enumerate(told)
    ]
    sure: dict[str, float] = {}
    doubt: dict[str, tuple[float, float]] = {}
    for flag in FLAGS:
        p = np.array([probabilities[flag] for probabilities in final], dtype=np.float32)
        truth = np.array([lesson.targets[flag] == 1 for lesson in told], dtype=bool)
        if flag in ("off_scope", "anonymous"):
            # From where it is told to the certainty that a refusal needs, a person looks.
            sure[flag] = best(p, truth, beta=1.0, low=0.4, high=0.6)
            doubt[flag] = (sure[flag], max(sure[flag], precise(p, truth)))
        elif flag == "urgent":
            sure[flag] = recalling(p, truth, least=_URGENT_RECALL)
        elif flag == "doctor":
            # To miss a doctor's case costs more than one look too many.
            sure[flag] = best(p, truth, beta=1.25, low=0.2, high=0.6)
            doubt[flag] = (round(sure[flag] * 0.6, 3), 0.5)
        else:
            sure[flag] = best(p, truth, beta=1.0, low=0.3, high=0.6)
    return Thresholds(sure=sure, doubt=doubt, kind_least=0.45, department_least=0.4)


def _probabilities(flag: str, by_words: Floats, by_meaning: Floats, fused: Calibration) -> Floats:
    column = SLICES[flag].start
    logits = by_words[:, column] * fused.by_words + by_meaning[:, column] * fused.by_meaning + fused.shift
    return heads.sigmoid(logits.astype(np.float32))


def precise(p: Floats, truth: Any) -> float:
    """The smallest threshold that shows the precision a refusal needs. Failing that the smallest of those that show nearly
    the best there is, if that is fair, or else the constant."""
    order = np.argsort(-p, kind="stable")
    right = np.cumsum(truth[order])
    shown = [
        (float(p[row]), wilson_lower(int(right[count - 1]), count))
        for count, row in enumerate(order, start=1)
        if p[row] >= _REFUSAL_LEAST
    ]
    highest = max((lower for _, lower in shown), default=0.0)
    enough = _REFUSAL_PRECISION if highest >= _REFUSAL_PRECISION else highest - _REFUSAL_NEARLY
    if highest < _REFUSAL_FAIR:
        # Too few points show nothing either way; many that show no precision show that nobody may be refused by it.
        return _REFUSAL_DEFAULT if len(shown) < _REFUSAL_POINTS else _REFUSAL_NEVER
    return round(min(threshold for threshold, lower in shown if lower >= enough), 3)


def wilson_lower(hits: int, count: int) -> float:
    """Lower end of the one-sided 90 % Wilson interval of a share."""
    if count == 0:
        return 0.0
    share, z2 = hits / count, _WILSON_Z**2
    middle = share + z2 / (2 * count)
    spread = _WILSON_Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return (middle - spread) / (1 + z2 / count)


def best(p: Floats, truth: Any, *, beta: float, low: float, high: float) -> float:
    """The threshold between `low` and `high` with the best F-beta; the lowest of equals."""
    highest, found = -1.0, low
    for threshold in _steps(low, high):
        yes = p >= threshold
        hits = float((yes & truth).sum())
        score = (1 + beta**2) * hits / max(1.0, beta**2 * float(truth.sum()) + float(yes.sum()))
        if score > highest + 1e-9:
            highest, found = score, threshold
    return round(found, 3)


def recalling(p: Floats, truth: Any, *, least: float, low: float = 0.1, high: float = 0.5) -> float:
    """The highest threshold between `low` and `high` at which `least` of the true ones are found; `low` if there is none."""
    wanted = float(truth.sum())
    enough = [threshold for threshold in _steps(low, high) if float((p[truth] >= threshold).sum()) >= least * wanted]
    return round(max(enough, default=low), 3)


def _steps(low: float, high: float) -> list[float]:
    return [low + step * 0.01 for step in range(round((high - low) / 0.01) + 1)]
