"""Train the heads from the corpus. scikit-learn and scipy are needed here and only here.

The same corpus and seed give the same bytes: one BLAS thread, fixed folds, sorted vocabulary. Fusion, temperature and
thresholds are set on out-of-fold logits of the training part (whole authors apart), so that every training
message serves to calibrate and none calibrates a model that saw it. The test part (`corpus.split`) is never touched.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from classifier import components, corpus, features, heads, pipeline
from classifier.corpus import Record
from classifier.encoder import Encoder
from classifier.features import FACTS, Floats, Vocabulary
from classifier.heads import COLUMNS, HEADS, NOWHERE, SLICES, Calibration, Thresholds
from config.vocabulary import FLAGS

SEED: Final = 20261122
FOLDS: Final = 5
# Terms that fewer scenarios hold than this are one writer's habit; the most frequent of each sort are kept.
_LEAST_WORDS, _LEAST_PIECES = 2, 3
_MOST_WORDS, _MOST_PIECES = 14_000, 16_000
# Inverse regularisation, found by grouped cross-validation.
_C_WORDS: Final = 3.0
_C_MEANING: Final = 1.0
_BALANCE: Final = 0.5
# Embeddings have length one in 512 directions: scaled up, one regularisation fits them and the facts.
_MEANING_SCALE: Final = 8.0
_WORDS_SCALE: Final = 4.0
# To refuse a member by mistake is the worst error: this precision is wanted of off_scope and anonymous, by the lower end
# of its one-sided 90 % Wilson interval. Where the points do not show it: the best they show, if fair, or the constant.
_REFUSAL_PRECISION: Final = 0.97
_REFUSAL_FAIR, _REFUSAL_NEARLY = 0.88, 0.01
_REFUSAL_LEAST, _REFUSAL_DEFAULT = 0.9, 0.95
_WILSON_Z: Final = 1.2816

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Matrix:
    """All features of some records: sparse terms as rows of (ids, values), facts and embeddings dense."""

    terms: Any  # scipy.sparse.csr_matrix
    facts: Floats
    meaning: Floats


@dataclass(frozen=True, slots=True)
class _Read:
    record: Record
    reading: features.Reading
    meaning: Floats


def train(
    corpus_dir: Path,
    out_dir: Path,
    *,
    seed: int = SEED,
    more: Sequence[Record] = (),
    progress: Progress | None = None,
) -> heads.Heads:
    """Train on the corpus without its test part, and on `more` (what mediators corrected), write the pipeline to `out_dir`,
    and return the heads.

    Raises `corpus.CorpusError` for a broken corpus.
    """
    say = progress or (lambda _: None)
    parts = corpus.split(corpus.read(corpus_dir), seed=seed)
    training, test = [*parts.training, *parts.calibration, *more], parts.test
    with threadpool_limits(limits=1):
        say(f"reading {len(training)} messages ({len(test)} are kept for the test)")
        read = _read(training)
        say("out-of-fold predictions for calibration")
        by_words, by_meaning = _out_of_fold(read, seed, say)
        calibration = {head: _fuse(head, by_words, by_meaning, read) for head in HEADS}
        thresholds = _thresholds(by_words, by_meaning, calibration, read)
        say("final fit")
        vocabulary = _vocabulary(read)
        arrays = _fit(vocabulary, read, seed)
    provenance = {
        "corpus": corpus.fingerprint(corpus_dir),
        "seed": seed,
        "training": len(training),
        "test": len(test),
        "languages": dict(sorted(Counter(item.language for item in training).items())),
    }
    ordered = sorted(vocabulary.terms, key=vocabulary.terms.__getitem__)
    learnt = heads.assemble(ordered, arrays, calibration, thresholds, provenance)
    _save(learnt, out_dir)
    say(f"written to {out_dir.name}")
    return heads.from_disk(out_dir / "guichet_heads")


def _save(learnt: heads.Heads, out_dir: Path) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    # Without the vocabulary of strings, which would keep every word of the corpus and is not needed.
    components.build(learnt).to_disk(out_dir, exclude=["vocab"])
    # spaCy writes a set here, in an order that changes from process to process.
    signs = out_dir / "sentencizer.json"
    told = json.loads(signs.read_text(encoding="utf-8"))
    ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in told.items()}
    signs.write_text(json.dumps(ordered) + "\n", encoding="utf-8")


def _read(records: Sequence[Record]) -> list[_Read]:
    encoder = Encoder()
    read: list[_Read] = []
    for record in records:
        capped = pipeline.capped(record.message.text)
        # Labelled messages know their language; what is learnt of it must not depend on the teller's mistakes.
        reading = features.read(record.message, capped, record.language)
        meaning = encoder.encode([components.encoded_text(record.message, capped)])[0]
        read.append(_Read(record, reading, meaning))
    return read


def _vocabulary(read: Sequence[_Read]) -> Vocabulary:
    """The terms of at least two scenarios (pieces: three), the most frequent first, ordered by the alphabet."""
    scenarios: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for item in read:
        for term in features.terms_of(item.reading.words):
            counts[term] += 1
            scenarios.setdefault(term, set()).add(item.record.scenario)
    words = [t for t in counts if not t.startswith("|") and len(scenarios[t]) >= _LEAST_WORDS]
    pieces = [t for t in counts if t.startswith("|") and len(scenarios[t]) >= _LEAST_PIECES]
    kept: list[str] = []
    for terms, most in ((words, _MOST_WORDS), (pieces, _MOST_PIECES)):
        kept.extend(sorted(terms, key=lambda t: (-counts[t], t))[:most])
    kept.sort()
    idf = np.array([math.log((1 + len(read)) / (1 + counts[t])) + 1 for t in kept], dtype=np.float32)
    # As it will be after being stored in halves.
    idf = idf.astype(np.float16).astype(np.float32)
    return Vocabulary({term: index for index, term in enumerate(kept)}, idf)


def _matrix(vocabulary: Vocabulary, read: Sequence[_Read]) -> _Matrix:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # noqa: PLC0415 - training only

    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for item in read:
        found = vocabulary.vector(item.reading.words)
        indices.extend(found.ids.tolist())
        values.extend(found.values.tolist())
        starts.append(len(indices))
    shape = (len(read), len(vocabulary.terms))
    return _Matrix(
        terms=csr_matrix((np.array(values, dtype=np.float64), indices, starts), shape=shape),
        facts=np.stack([item.reading.facts for item in read]),
        meaning=np.stack([item.meaning for item in read]),
    )


def _targets(head: str, read: Sequence[_Read]) -> tuple[Any, Any]:
    """(rows that count for this head, class numbers of those rows)."""
    if head == "kind":
        labels = HEADS["kind"]
        return np.arange(len(read)), np.array([labels.index(item.record.kind) for item in read])
    if head == "department":
        # What is off scope or says nothing has no department to learn from.
        rows = [
            row
            for row, item in enumerate(read)
            if "off_scope" not in item.record.flags and not item.reading.contentless
        ]
        labels = HEADS["department"]
        return np.array(rows), np.array([labels.index(read[row].record.department or NOWHERE) for row in rows])
    return np.arange(len(read)), np.array([int(head in item.record.flags) for item in read])


def _fit(vocabulary: Vocabulary, read: Sequence[_Read], seed: int) -> dict[str, Floats]:
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - training only

    matrix = _matrix(vocabulary, read)
    facts = matrix.facts.astype(np.float64)
    by_words = hstack([matrix.terms * _WORDS_SCALE, csr_matrix(facts)]).tocsr()
    by_meaning = np.hstack([matrix.meaning.astype(np.float64) * _MEANING_SCALE, facts])
    terms = len(vocabulary.terms)
    arrays = {
        "idf": vocabulary.idf,
        "words": np.zeros((terms, len(COLUMNS)), dtype=np.float32),
        "words_facts": np.zeros((len(FACTS), len(COLUMNS)), dtype=np.float32),
        "words_bias": np.zeros(len(COLUMNS), dtype=np.float32),
        "meaning": np.zeros((matrix.meaning.shape[1], len(COLUMNS)), dtype=np.float32),
        "meaning_facts": np.zeros((len(FACTS), len(COLUMNS)), dtype=np.float32),
        "meaning_bias": np.zeros(len(COLUMNS), dtype=np.float32),
    }
    for head in HEADS:
        rows, classes = _targets(head, read)
        for name, inputs, split_at, strength, scale in (
            ("words", by_words, terms, _C_WORDS, _WORDS_SCALE),
            ("meaning", by_meaning, matrix.meaning.shape[1], _C_MEANING, _MEANING_SCALE),
        ):
            coefficients, bias = _regression(inputs[rows], classes, len(HEADS[head]), strength, seed)
            arrays[name][:, SLICES[head]] = coefficients[:, :split_at].T * scale
            arrays[f"{name}_facts"][:, SLICES[head]] = coefficients[:, split_at:].T
            arrays[f"{name}_bias"][SLICES[head]] = bias
    return arrays


def _regression(inputs: Any, classes: Any, labels: int, strength: float, seed: int) -> tuple[Floats, Floats]:
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
    weights = {label: (len(classes) / (len(counts) * count)) ** _BALANCE for label, count in counts.items()}
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-4, class_weight=weights, random_state=seed)
    model.fit(inputs, classes)
    if labels == 1:
        return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(present) == 2:
        coefficients[present[1]], bias[present[0]], bias[present[1]] = model.coef_[0], 0.0, model.intercept_[0]
        return coefficients, bias
    coefficients[present], bias[present] = model.coef_, model.intercept_
    return coefficients, bias


def _folds(read: Sequence[_Read], seed: int) -> list[int]:
    """A fold for each record: authors are kept whole, the most diligent placed first."""
    sizes = Counter(item.record.author for item in read)
    order = sorted(sizes, key=lambda author: (-sizes[author], corpus.share(f"{seed}:fold:{author}")))
    load = [0] * FOLDS
    placed: dict[str, int] = {}
    for author in order:
        placed[author] = load.index(min(load))
        load[placed[author]] += sizes[author]
    return [placed[item.record.author] for item in read]


def _out_of_fold(read: Sequence[_Read], seed: int, say: Progress) -> tuple[Floats, Floats]:
    """Logits of both models for every record by models that saw nothing of its author."""
    folds = _folds(read, seed)
    by_words = np.zeros((len(read), len(COLUMNS)), dtype=np.float32)
    by_meaning = np.zeros_like(by_words)
    for fold in range(FOLDS):
        seen = [item for item, of in zip(read, folds, strict=True) if of != fold]
        rows = [row for row, of in enumerate(folds) if of == fold]
        if not seen or not rows:
            continue
        vocabulary = _vocabulary(seen)
        arrays = _fit(vocabulary, seen, seed)
        matrix = _matrix(vocabulary, [read[row] for row in rows])
        by_words[rows] = matrix.terms @ arrays["words"] + matrix.facts @ arrays["words_facts"] + arrays["words_bias"]
        by_meaning[rows] = (
            matrix.meaning @ arrays["meaning"] + matrix.facts @ arrays["meaning_facts"] + arrays["meaning_bias"]
        )
        say(f"fold {fold + 1} of {FOLDS}")
    return by_words, by_meaning


def _fuse(head: str, by_words: Floats, by_meaning: Floats, read: Sequence[_Read]) -> Calibration:
    """The two weights (and for a flag the shift) which make the out-of-fold logits most likely."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # noqa: PLC0415 - training only

    rows, classes = _targets(head, read)
    one = by_words[rows][:, SLICES[head]].astype(np.float64)
    two = by_meaning[rows][:, SLICES[head]].astype(np.float64)
    several = len(HEADS[head]) > 1

    def loss(parameters: Any) -> float:
        weight_one, weight_two = np.exp(parameters[:2])
        logits = one * weight_one + two * weight_two
        if several:
            logits = logits - logits.max(axis=1, keepdims=True)
            likely = logits[np.arange(len(rows)), classes] - np.log(np.exp(logits).sum(axis=1))
            fit = -float(likely.mean())
        else:
            signed = np.where(classes == 1, 1.0, -1.0) * (logits[:, 0] + parameters[2])
            fit = float(np.logaddexp(0, -signed).mean())
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


def _thresholds(
    by_words: Floats, by_meaning: Floats, calibration: Mapping[str, Calibration], read: Sequence[_Read]
) -> Thresholds:
    sure: dict[str, float] = {}
    doubt: dict[str, tuple[float, float]] = {}
    for flag in FLAGS:
        fused = calibration[flag]
        column = SLICES[flag].start
        logits = by_words[:, column] * fused.by_words + by_meaning[:, column] * fused.by_meaning + fused.shift
        p = heads.sigmoid(logits.astype(np.float32))
        truth = np.array([flag in item.record.flags for item in read])
        if flag in ("off_scope", "anonymous"):
            sure[flag] = _precise(p, truth)
            doubt[flag] = (0.3, sure[flag])
        elif flag == "second_line":
            sure[flag] = _best(p, truth, beta=1.0, low=0.3, high=0.6)
        else:
            # To miss a doctor's case or an urgent one costs more than one look too many.
            sure[flag] = _best(p, truth, beta=2.0, low=0.15, high=0.5)
            if flag == "doctor":
                doubt[flag] = (round(sure[flag] * 0.6, 3), 0.5)
    return Thresholds(sure=sure, doubt=doubt, kind_least=0.45, department_least=0.4)


def _precise(p: Floats, truth: Any) -> float:
    """The smallest threshold that shows the wanted precision. Failing that the smallest of those that show nearly the best
    there is, if that is fair, or else the constant."""
    order = np.argsort(-p, kind="stable")
    right = np.cumsum(truth[order])
    shown = [
        (float(p[row]), wilson_lower(int(right[count - 1]), count))
        for count, row in enumerate(order, start=1)
        if p[row] >= _REFUSAL_LEAST
    ]
    best = max((lower for _, lower in shown), default=0.0)
    enough = _REFUSAL_PRECISION if best >= _REFUSAL_PRECISION else best - _REFUSAL_NEARLY
    if best < _REFUSAL_FAIR:
        return _REFUSAL_DEFAULT
    return round(min(threshold for threshold, lower in shown if lower >= enough), 3)


def wilson_lower(hits: int, count: int) -> float:
    """Lower end of the one-sided 90 % Wilson interval of a share."""
    if count == 0:
        return 0.0
    share, z2 = hits / count, _WILSON_Z**2
    middle = share + z2 / (2 * count)
    spread = _WILSON_Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return (middle - spread) / (1 + z2 / count)


def _best(p: Floats, truth: Any, *, beta: float, low: float, high: float) -> float:
    """The threshold between `low` and `high` with the best F-beta; the lowest of equals."""
    best, found = -1.0, low
    for step in range(round((high - low) / 0.01) + 1):
        threshold = low + step * 0.01
        yes = p >= threshold
        hits = float((yes & truth).sum())
        score = (1 + beta**2) * hits / max(1.0, beta**2 * float(truth.sum()) + float(yes.sum()))
        if score > best + 1e-9:
            best, found = score, threshold
    return round(found, 3)
