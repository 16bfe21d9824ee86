"""Whether probabilities keep their promise, and what sureness buys: reliability, calibration error, coverage curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from classifier.measuring.labels import NONE, Bools, Given, Labels, Numbers
from config.vocabulary import FLAGS

BINS: Final = 10
# A curve is drawn through at most so many points.
_POINTS: Final = 60


class Bin(NamedTuple):
    """Messages whose probability lies in one tenth: how many, what was promised on average, what share came true."""

    low: float
    messages: int
    promised: float
    true: float


class Point(NamedTuple):
    """What is right (`precision`) among the `coverage` share of messages at `threshold` or more."""

    threshold: float
    coverage: float
    precision: float


def promises(truth: Labels, found: Given) -> dict[str, tuple[Numbers, Bools]]:
    """For each question (probability, whether it came true): of the decided kind, of the first department where the
    message has one, and of each flag."""
    placed = truth.department != NONE
    first = found.ranked[:, 0]
    said: dict[str, tuple[Numbers, Bools]] = {
        "kind": (found.kind_p, found.labels.kind == truth.kind),
        "department": (found.places.max(axis=1)[placed], (first == truth.department)[placed]),
    }
    for place, flag in enumerate(FLAGS):
        said[flag] = (found.flags_p[:, place], truth.flags[:, place])
    return said


def bins(promised: Numbers, came_true: Bools) -> tuple[Bin, ...]:
    """Ten bins of equal width; those without a message are left out."""
    places = np.minimum((promised * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(number / BINS, int(inside.sum()), float(promised[inside].mean()), float(came_true[inside].mean()))
        for number in range(BINS)
        if (inside := places == number).any()
    )


def error_of(found: Sequence[Bin]) -> float:
    """Expected calibration error: the mean gap between promise and truth, each bin weighted by its messages."""
    total = sum(one.messages for one in found)
    return sum(one.messages * abs(one.promised - one.true) for one in found) / total if total else 0.0


def expected_error(points: Sequence[tuple[float, bool]]) -> float:
    """The same of (probability, whether it came true)."""
    return error_of(bins(np.array([p for p, _ in points], dtype=float), np.array([t for _, t in points], dtype=bool)))


def curves(truth: Labels, found: Given) -> dict[str, tuple[Point, ...]]:
    """What is right among the surest messages, as more are let in. For off_scope the coverage is the share of all messages
    off scope that are found, because that is what a lower threshold buys."""
    said = promises(truth, found)
    drawn = {name: curve(*said[name]) for name in ("department", "kind")}
    promised, came_true = said["off_scope"]
    drawn["off_scope"] = curve(promised, came_true, of=int(came_true.sum()), counted=came_true)
    return drawn


def curve(
    promised: Numbers, came_true: Bools, *, of: int | None = None, counted: Bools | None = None
) -> tuple[Point, ...]:
    """Points from the surest to the least sure, one for each different probability, thinned to sixty."""
    if not len(promised):
        return ()
    order = np.argsort(-promised, kind="stable")
    right = np.cumsum(came_true[order])
    covered = np.cumsum(counted[order]) if counted is not None else np.arange(1, len(order) + 1)
    values = promised[order]
    last = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    if counted is not None:
        # Beyond the last one that is counted, a lower threshold only costs.
        last = last[: int(np.searchsorted(covered[last], covered[-1])) + 1]
    if len(last) > _POINTS:
        last = last[np.unique(np.linspace(0, len(last) - 1, _POINTS).astype(int))]
    whole = of if of is not None else len(order)
    return tuple(
        Point(float(values[at]), float(covered[at]) / max(1, whole), float(right[at]) / (int(at) + 1)) for at in last
    )
