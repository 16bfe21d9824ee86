"""Precision, recall and F1 of every label, and the shares that sum a classifier up, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from classifier.corpus import Record
from classifier.measuring.bootstrap import Estimate, Resampling
from classifier.measuring.labels import GROUPS, NONE, QUESTIONS, Bools, Given, Labels, Numbers
from config.vocabulary import FLAGS, LANGUAGES

ALL: Final = "all"
SURE: Final = 0.9
_OFF_SCOPE, _ANONYMOUS, _URGENT = FLAGS.index("off_scope"), FLAGS.index("anonymous"), FLAGS.index("urgent")
# A refusal goes out by itself only where none of these is in doubt and nobody is in danger; otherwise a person decides.
_STOPS_REFUSAL: Final = tuple(QUESTIONS.index(name) for name in ("kind", "off_scope", "anonymous", "doctor"))


@dataclass(frozen=True, slots=True)
class Score:
    """One label: how many have it, how many were given it, how many of those rightly. `spread` holds the estimates of
    precision, recall and F1 where intervals were computed."""

    label: str
    wanted: int
    given: int
    right: int
    spread: tuple[Estimate, ...] = field(default=(), compare=False)

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
class Part:
    """All messages, or those of one language: the scores of each group of labels, and named figures (`figures_of`)."""

    name: str
    messages: int
    authors: int
    scores: Mapping[str, tuple[Score, ...]]
    figures: Mapping[str, Estimate]

    def score(self, label: str) -> Score:
        """The score of one label."""
        return next(score for scores in self.scores.values() for score in scores if score.label == label)


def parts(records: Sequence[Record], truth: Labels, found: Given, *, seed: int) -> dict[str, Part]:
    """All messages together, then each language that occurs."""
    authors = np.array([record.author for record in records], dtype=str)
    measured = {ALL: _part(ALL, authors, truth, found, seed)}
    for place, language in enumerate(LANGUAGES):
        rows = truth.language == place
        if rows.any():
            measured[language] = _part(language, authors[rows], truth.take(rows), found.take(rows), seed)
    return measured


def _part(name: str, authors: Numbers, truth: Labels, found: Given, seed: int) -> Part:
    draws = Resampling(authors.tolist(), seed=seed)
    figures = figures_of(truth, found, draws)
    scores: dict[str, tuple[Score, ...]] = {}
    for group in GROUPS:
        scores[group], figures[f"{group}_macro_f1"] = score_group(group, truth, found.labels, draws)
    return Part(name, len(authors), draws.authors, scores, figures)


def score_group(group: str, truth: Labels, found: Labels, draws: Resampling) -> tuple[tuple[Score, ...], Estimate]:
    """The scores of a group's labels, and the mean F1 of those which occur."""
    has, got = truth.yes(group), found.yes(group)
    # (n, labels, 3): whether the label is wanted, given, both.
    counts = np.stack([has, got, has & got], axis=2).astype(float)
    occurs = counts[:, :, 0].any(axis=0)
    total, _ = draws.sums(counts)
    spread = [draws.estimate(counts, measure) for measure in (_precision, _recall, _f1)]
    scores = tuple(
        Score(label, int(wanted), int(given), int(right), tuple(kind[place] for kind in spread))
        for place, (label, (wanted, given, right)) in enumerate(zip(GROUPS[group], total.tolist(), strict=True))
    )
    macro = draws.estimate(counts, lambda sums: _macro(sums[..., occurs, :]))[0]
    return scores, macro


def _precision(sums: Numbers) -> Numbers:
    return _ratio(sums[..., 2], sums[..., 1])


def _recall(sums: Numbers) -> Numbers:
    return _ratio(sums[..., 2], sums[..., 0])


def _f1(sums: Numbers) -> Numbers:
    return _ratio(2 * sums[..., 2], sums[..., 0] + sums[..., 1])


def _macro(sums: Numbers) -> Numbers:
    # A round that drew nobody with a label says nothing about that label: the mean goes over the others.
    each = np.where(sums[..., 0] > 0, _f1(sums), np.nan)
    return _ratio(np.nansum(each, axis=-1), (~np.isnan(each)).sum(axis=-1))


def _ratio(above: Numbers, below: Numbers) -> Numbers:
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0))


def figures_of(truth: Labels, found: Given, draws: Resampling) -> dict[str, Estimate]:
    """Named shares: how many of what was counted hold.

    `department_top_1`, `department_top_3`: over messages that have a department, by the ranking. `language`, `kind`,
    `department`, and each flag: share of messages on which the decision is right. `wrongly_refused`: see `refused`,
    over the messages in scope; `refused_by_decision`: the same before doubts stop a refusal. `coverage`: messages with no
    doubt at all. `sure`: decisions right among those at 0.9 or more (`sure_decisions`).
    """
    counted = shares(truth, found)
    return {
        name: draws.estimate(np.stack(pair, axis=1), lambda sums: _ratio(sums[..., 0], sums[..., 1]))[0]
        for name, pair in counted.items()
    }


def shares(truth: Labels, found: Given) -> dict[str, tuple[Numbers, Numbers]]:
    """For each figure how often it holds in each message, and how often it could."""
    every = np.ones(len(truth.kind))
    placed = truth.department != NONE
    ranks = found.ranked
    in_scope = ~truth.flags[:, _OFF_SCOPE]
    automatic, decided = refused(truth, found)
    counted: dict[str, tuple[Numbers, Numbers]] = {
        "department_top_1": _count(placed & (ranks[:, 0] == truth.department), placed),
        "department_top_3": _count(placed & (ranks[:, :3] == truth.department[:, None]).any(axis=1), placed),
        "language": _count(found.labels.language == truth.language, every),
        "kind": _count(found.labels.kind == truth.kind, every),
        "department": _count(found.labels.department == truth.department, every),
        "wrongly_refused": _count(automatic, in_scope),
        "refused_by_decision": _count(decided, in_scope),
        "coverage": _count(~found.abstained.any(axis=1), every),
    }
    for place, flag in enumerate(FLAGS):
        counted[flag] = _count(found.labels.flags[:, place] == truth.flags[:, place], every)
    for place, question in enumerate(QUESTIONS):
        counted[f"abstained_{question}"] = _count(found.abstained[:, place], every)
    sure = sure_decisions(truth, found)
    for question, (right, of) in sure.items():
        counted[f"sure_{question}"] = _count(right, of)
    counted["sure"] = (
        np.sum([right for right, _ in sure.values()], axis=0, dtype=float),
        np.sum([of for _, of in sure.values()], axis=0, dtype=float),
    )
    return counted


def _count(holds: Bools | np.bool_, of: Bools | Numbers) -> tuple[Numbers, Numbers]:
    return np.asarray(holds, dtype=float), np.asarray(of, dtype=float)


def refused(truth: Labels, found: Given) -> tuple[Bools, Bools]:
    """(refused wrongly and with no person in between, decided wrongly as to be refused) for each message.

    Wrongly: in scope, but taken for off scope; or named, but taken for anonymous. What is really off scope is no member's
    loss, whatever the reason that was given.
    """
    in_scope = ~truth.flags[:, _OFF_SCOPE]
    taken = found.labels.flags
    mistaken = taken[:, _OFF_SCOPE] | (taken[:, _ANONYMOUS] & ~truth.flags[:, _ANONYMOUS])
    decided = in_scope & mistaken
    doubtful = found.abstained[:, list(_STOPS_REFUSAL)].any(axis=1) | taken[:, _URGENT]
    return decided & ~doubtful, decided


def sure_decisions(truth: Labels, found: Given) -> dict[str, tuple[Bools, Bools]]:
    """For each question: (right, decided at 0.9 or more). A flag is decided where it was given; a department where there
    is one, and it counts as wrong for a message that has none."""
    first = found.ranked[:, 0]
    placed = (found.labels.department != NONE) & (found.places.max(axis=1) >= SURE)
    kinds = found.kind_p >= SURE
    sure = {
        "kind": (kinds & (found.labels.kind == truth.kind), kinds),
        "department": (placed & (first == truth.department), placed),
    }
    for place, flag in enumerate(FLAGS):
        given = found.labels.flags[:, place] & (found.flags_p[:, place] >= SURE)
        sure[flag] = (given & truth.flags[:, place], given)
    return sure
