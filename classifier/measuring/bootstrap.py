"""How far a figure could be off by the luck of who wrote: percentile bootstrap over whole authors.

One author's messages resemble each other, so resampling messages would promise too much: authors are drawn with
replacement, each with everything they wrote (cluster bootstrap; Field and Welsh, "Bootstrapping clustered data", 2007).
Every figure here is made of sums over messages, so a round is one row of weights and all rounds are one matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from classifier.measuring.labels import Numbers

ROUNDS: Final = 1_000
_TAIL: Final = 2.5


class Estimate(NamedTuple):
    """A figure and its 95 % interval; not a number where nothing could be counted."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        """False when nothing could be counted."""
        return not math.isnan(self.value)


class Resampling:
    """The draws of one set of messages. The same authors and seed give the same draws."""

    def __init__(self, authors: Sequence[str], *, seed: int, rounds: int = ROUNDS) -> None:
        names, self._author_of = np.unique(np.array(authors, dtype=str), return_inverse=True)
        self.authors = len(names)
        drawn = np.random.default_rng(seed).multinomial(
            self.authors, np.full(self.authors, 1 / max(1, self.authors)), size=rounds
        )
        self._times: Numbers = drawn.astype(float) if self.authors else np.zeros((rounds, 0))

    def sums(self, values: Numbers) -> tuple[Numbers, Numbers]:
        """Sums of (n, …) over messages as they are, and in each round (rounds, …)."""
        by_author = np.zeros((self.authors, *values.shape[1:]))
        np.add.at(by_author, self._author_of, values)
        return by_author.sum(axis=0), np.tensordot(self._times, by_author, axes=1)

    def estimate(self, values: Numbers, figure: Callable[[Numbers], Numbers]) -> list[Estimate]:
        """`figure` of the sums of `values`, taken over the last axis of what it returns; one estimate for each entry.

        `figure` gets (…, *values.shape[1:]) and returns (…, entries) or (…,); rounds without an answer are left out.
        """
        once, often = self.sums(values)
        point = np.atleast_1d(figure(once))
        rounds = figure(often).reshape(len(self._times), -1)
        return [interval(float(value), rounds[:, place]) for place, value in enumerate(point)]


def interval(value: float, rounds: Numbers) -> Estimate:
    """The middle 95 % of the rounds around a figure."""
    known = rounds[~np.isnan(rounds)]
    if math.isnan(value) or not len(known):
        return Estimate(value)
    low, high = np.percentile(known, [_TAIL, 100 - _TAIL])
    return Estimate(value, float(low), float(high))
