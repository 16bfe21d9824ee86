"""Teach the network (`network.py`) from lessons: all heads at once, in numpy, the same bytes from the same lessons and seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier import network
from classifier.encoder import Encoder
from classifier.features import FACTS, Floats, Ints
from classifier.heads import COLUMNS, HEADS, SLICES, sigmoid, softmax
from classifier.lessons import Lesson, facts_of
from classifier.network import Adam, Parameters, Pass

Progress = Callable[[str], None]
# Batches between two words on how far it is: some ten seconds.
_TELL_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Schooling:
    """How the network is taught. Most values are usual ones, which were not searched for.

    `kept`: share of the pieces that a text keeps while it is learnt from: the network must not hang on any one of them.
    `damaged`: share of the lessons given as somebody in a hurry types them. `saying`: what a saying weighs beside a message.
    `flags`: what the five flags weigh beside kind and department. `averaged`: what the running mean of the layers keeps of
    itself at each step; the mean is what is shipped (Polyak and Juditsky, "Acceleration of stochastic approximation by
    averaging", 1992).
    """

    rounds: int = 5
    batch: int = 24
    rate_encoder: float = 5e-4
    rate_top: float = 1e-3
    decay: float = 0.01
    dropout: float = 0.3
    kept: float = 0.9
    damaged: float = 0.2
    saying: float = 1.0
    flags: float = 2.0
    smoothing: float = 0.03
    averaged: float = 0.999


USUAL: Final = Schooling()


def teach(
    lessons: Sequence[Lesson], encoder: Encoder, *, seed: int, schooling: Schooling = USUAL, progress: Progress
) -> Parameters:
    """The layers of the encoder and of the top after learning, rounded as they will be stored."""
    rng = np.random.default_rng(seed)
    parameters = encoder.parameters() | network.new_top(len(FACTS), len(COLUMNS), rng)
    rates = {name: schooling.rate_top if name in network.TOP else schooling.rate_encoder for name in parameters}
    mover = Adam(parameters, rates, decay=schooling.decay)
    facts, targets = facts_of(lessons), targets_of(lessons)
    weights = np.array([1.0 if lesson.author else schooling.saying for lesson in lessons], dtype=np.float32)
    mean = {name: value.copy() for name, value in parameters.items()}
    steps = schooling.rounds * -(-len(lessons) // schooling.batch)
    step = 0
    for number in range(schooling.rounds):
        losses: list[float] = []
        order = rng.permutation(len(lessons))
        for start in range(0, len(order), schooling.batch):
            rows = order[start : start + schooling.batch]
            given = network.batch([_some(encoder, lessons[row], schooling, rng) for row in rows], facts[rows])
            passed = Pass(parameters, given, dropout=schooling.dropout, rng=rng)
            loss, slope = loss_of(passed.logits, targets[rows], weights[rows], schooling)
            mover.step(passed.back(slope), _share(step, steps))
            losses.append(loss)
            step += 1
            # Young means forget faster, else they would remember how all began.
            share = np.float32(1 - min(schooling.averaged, (1 + step) / (10 + step)))
            for name, value in parameters.items():
                mean[name] += share * (value - mean[name])
            if step % _TELL_EVERY == 0:
                progress(f"network, {step / steps:.0%} of {schooling.rounds} rounds")
        progress(f"network, round {number + 1} of {schooling.rounds}: loss {np.mean(losses):.3f}")
    return {name: value.astype(np.float16).astype(np.float32) for name, value in mean.items()}


def _some(encoder: Encoder, lesson: Lesson, schooling: Schooling, rng: np.random.Generator) -> Floats:
    pieces = lesson.damaged if rng.random() < schooling.damaged else lesson.pieces
    embedded = encoder.embedded(pieces)
    embedded *= (rng.random((len(pieces), 1), dtype=np.float32) < schooling.kept).astype(np.float32)
    return embedded


def _share(step: int, steps: int) -> float:
    """A slow start over a tenth of the steps, then down to nothing."""
    return min(1.0, (step + 1) / (0.1 * steps)) * (1 - step / steps)


def targets_of(lessons: Sequence[Lesson]) -> Ints:
    """(lessons, heads): the class number of each head in the order of `HEADS`, -1 where it is not known."""
    return np.array([[lesson.targets.get(head, -1) for head in HEADS] for lesson in lessons], dtype=np.int64)


def loss_of(logits: Floats, targets: Ints, weights: Floats, schooling: Schooling) -> tuple[float, Floats]:
    """Cross-entropy of all heads, each over the lessons that know it, and its slope by the logits."""
    slope = np.zeros_like(logits)
    total = 0.0
    for place, (head, labels) in enumerate(HEADS.items()):
        known = targets[:, place] >= 0
        if not known.any():
            continue
        rows, classes = np.flatnonzero(known), targets[known, place]
        weight = weights[rows] / weights.sum()
        mine = logits[rows, SLICES[head]]
        if len(labels) > 1:
            wanted = np.full((len(rows), len(labels)), schooling.smoothing / len(labels), dtype=np.float32)
            wanted[np.arange(len(rows)), classes] += 1 - schooling.smoothing
            said = softmax(mine)
            total -= float((weight[:, None] * wanted * np.log(said + 1e-9)).sum())
            slope[rows, SLICES[head]] = (said - wanted) * weight[:, None]
        else:
            share = schooling.flags / 5
            said = sigmoid(mine[:, 0])
            yes = classes.astype(np.float32)
            total -= share * float((weight * (yes * np.log(said + 1e-9) + (1 - yes) * np.log(1 - said + 1e-9))).sum())
            slope[rows, SLICES[head].start] = share * weight * (said - yes)
    return total, slope


def logits_of(parameters: Parameters, lessons: Sequence[Lesson], encoder: Encoder) -> Floats:
    """(lessons, columns): what the taught network says."""
    facts = facts_of(lessons)
    out = np.empty((len(lessons), len(COLUMNS)), dtype=np.float32)
    for start in range(0, len(lessons), 32):
        rows = slice(start, start + 32)
        given = network.batch([encoder.embedded(lesson.pieces) for lesson in lessons[rows]], facts[rows])
        out[rows] = Pass(parameters, given).logits
    return out
