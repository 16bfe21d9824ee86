"""Teach the linear model over words and pieces from lessons. scikit-learn and scipy are needed here and only here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from classifier import features
from classifier.features import FACTS, Floats, Vocabulary
from classifier.heads import COLUMNS, HEADS, SLICES
from classifier.lessons import Lesson, facts_of

# Terms that fewer scenarios hold than this are one writer's habit; the most frequent of each sort are kept.
_LEAST_WORDS, _LEAST_PIECES = 2, 3
_MOST_WORDS, _MOST_PIECES = 26_000, 30_000
# Inverse regularisation, not searched for; and what a saying weighs beside a message, the best of four on the calibration part.
_STRENGTH: Final = 2.0
_SAYING: Final = 1.0
_BALANCE: Final = 0.5
# Terms have length one, facts are zero or one: scaled up, one regularisation fits both.
_SCALE: Final = 4.0

Progress = Callable[[str], None]


def teach(lessons: Sequence[Lesson], *, seed: int, progress: Progress) -> tuple[Vocabulary, dict[str, Floats]]:
    """The vocabulary, and the arrays `idf`, `words`, `words_facts`, `words_bias` of the heads, rounded as they will be
    stored."""
    from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]  # noqa: PLC0415 - training only

    vocabulary = _vocabulary(lessons)
    terms, facts = _matrix(vocabulary, lessons), facts_of(lessons).astype(np.float64)
    inputs = hstack([terms * _SCALE, csr_matrix(facts)]).tocsr()
    weights = np.array([1.0 if lesson.author else _SAYING for lesson in lessons])
    size = len(vocabulary.terms)
    arrays = {
        "idf": vocabulary.idf,
        "words": np.zeros((size, len(COLUMNS)), dtype=np.float32),
        "words_facts": np.zeros((len(FACTS), len(COLUMNS)), dtype=np.float32),
        "words_bias": np.zeros(len(COLUMNS), dtype=np.float32),
    }
    for head, labels in HEADS.items():
        rows = np.array([row for row, lesson in enumerate(lessons) if head in lesson.targets], dtype=np.int64)
        classes = np.array([lessons[row].targets[head] for row in rows], dtype=np.int64)
        coefficients, bias = _regression(inputs[rows], classes, weights[rows], len(labels), seed)
        arrays["words"][:, SLICES[head]] = coefficients[:, :size].T * _SCALE
        arrays["words_facts"][:, SLICES[head]] = coefficients[:, size:].T
        arrays["words_bias"][SLICES[head]] = bias
        progress(f"words, {head}")
    return vocabulary, {name: value.astype(np.float16).astype(np.float32) for name, value in arrays.items()}


def logits_of(vocabulary: Vocabulary, arrays: dict[str, Floats], lessons: Sequence[Lesson]) -> Floats:
    """(lessons, columns): what the taught model says."""
    said: Floats = (
        np.asarray(_matrix(vocabulary, lessons) @ arrays["words"])
        + facts_of(lessons) @ arrays["words_facts"]
        + arrays["words_bias"]
    )
    return said.astype(np.float32)


def _vocabulary(lessons: Sequence[Lesson]) -> Vocabulary:
    """The terms of at least two scenarios (pieces: three), the most frequent first, ordered by the alphabet."""
    scenarios: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for number, lesson in enumerate(lessons):
        # Each saying is a scenario of its own.
        scenario = lesson.scenario or str(number)
        for term in features.terms_of(lesson.reading.words):
            counts[term] += 1
            scenarios.setdefault(term, set()).add(scenario)
    words = [t for t in counts if not t.startswith("|") and len(scenarios[t]) >= _LEAST_WORDS]
    pieces = [t for t in counts if t.startswith("|") and len(scenarios[t]) >= _LEAST_PIECES]
    kept: list[str] = []
    for terms, most in ((words, _MOST_WORDS), (pieces, _MOST_PIECES)):
        kept.extend(sorted(terms, key=lambda t: (-counts[t], t))[:most])
    kept.sort()
    idf = np.array([math.log((1 + len(lessons)) / (1 + counts[t])) + 1 for t in kept], dtype=np.float16)
    return Vocabulary({term: index for index, term in enumerate(kept)}, idf.astype(np.float32))


def _matrix(vocabulary: Vocabulary, lessons: Sequence[Lesson]) -> Any:
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - training only

    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for lesson in lessons:
        found = vocabulary.vector(lesson.reading.words)
        indices.extend(found.ids.tolist())
        values.extend(found.values.tolist())
        starts.append(len(indices))
    shape = (len(lessons), len(vocabulary.terms))
    return csr_matrix((np.array(values, dtype=np.float64), indices, starts), shape=shape)


def _regression(inputs: Any, classes: Any, weights: Any, labels: int, seed: int) -> tuple[Floats, Floats]:
    """(labels, features) coefficients and (labels,) biases. A class that never occurs gets a bias that never wins."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - training only

    coefficients = np.zeros((labels, inputs.shape[1]), dtype=np.float32)
    bias = np.full(labels, -8.0, dtype=np.float32)
    present = sorted(set(classes.tolist()))
    if len(present) < 2:
        if labels > 1 or present == [1]:
            bias[present[0] if labels > 1 else 0] = 8.0
        return coefficients, bias
    # Rare classes weigh more, by the root of their rarity: nine in ten messages are complaints, and a model which
    # always says so would be right too often to learn the rest. Calibration undoes it for flags.
    counts = Counter(classes.tolist())
    rarity = {label: (len(classes) / (len(counts) * count)) ** _BALANCE for label, count in counts.items()}
    model = LogisticRegression(C=_STRENGTH, max_iter=200, tol=1e-3, class_weight=rarity, random_state=seed)
    model.fit(inputs, classes, sample_weight=weights)
    if labels == 1:
        return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(present) == 2:
        coefficients[present[1]], bias[present[0]], bias[present[1]] = model.coef_[0], 0.0, model.intercept_[0]
        return coefficients, bias
    coefficients[present], bias[present] = model.coef_, model.intercept_
    return coefficients, bias
