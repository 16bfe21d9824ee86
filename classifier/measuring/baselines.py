"""What simpler classifiers reach on the same messages, learnt from the same training part: without them no figure means much.

scikit-learn is needed for those that learn. Each answers as the classifier does (`Given`), but never says that it is unsure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from classifier import components, features, pipeline
from classifier.corpus import Record
from classifier.encoder import Encoder
from classifier.measuring.labels import NONE, QUESTIONS, Bools, Given, Ints, Labels, Numbers, truth
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS

Progress = Callable[[str], None]
_OFF_SCOPE: Final = FLAGS.index("off_scope")
_NO_LANGUAGE: Final = NONE
_MOST_TERMS: Final = 25_000


def measure(training: Sequence[Record], test: Sequence[Record], *, seed: int, progress: Progress) -> dict[str, Given]:
    """Every baseline's answers on the test messages, by its name."""
    from classifier.measuring import spacys  # noqa: PLC0415 - imports what only this baseline needs

    found: dict[str, Given] = {}
    ways: tuple[tuple[str, Callable[[], Given]], ...] = (
        ("majority", lambda: majority(training, test)),
        ("keyword rules", lambda: keywords(training, test)),
        ("TF-IDF + logistic regression", lambda: _regressions(training, _terms(training, test), seed)),
        (
            "frozen encoder + logistic regression",
            lambda: _regressions(training, _meanings(training, test), seed),
        ),
        ("spaCy's text categoriser", lambda: spacys.answers(training, test, seed=seed, progress=progress)),
    )
    for name, answer in ways:
        progress(f"baseline: {name}")
        found[name] = answer()
    return found


def assemble(kind_p: Numbers, flags_p: Numbers, places: Numbers) -> Given:
    """Answers from the probabilities of kinds (n, 5), flags (n, 5) and departments (n, 11): the likeliest, and each flag
    from one half up. What is off scope has no department."""
    flags: Bools = flags_p >= 0.5
    department: Ints = np.where(flags[:, _OFF_SCOPE], NONE, places.argmax(axis=1)).astype(np.int64)
    kind = kind_p.argmax(axis=1).astype(np.int64)
    return Given(
        Labels(np.full(len(kind), _NO_LANGUAGE, dtype=np.int64), kind, flags, department),
        kind_p.max(axis=1),
        flags_p,
        places,
        np.zeros((len(kind), len(QUESTIONS)), dtype=bool),
    )


def majority(training: Sequence[Record], test: Sequence[Record]) -> Given:
    """Everybody gets what is most frequent."""
    known = truth(training)
    kinds = known.yes("kind").mean(axis=0)
    places = known.yes("department").mean(axis=0)
    return assemble(*(np.tile(p, (len(test), 1)) for p in (kinds, known.flags.mean(axis=0), places)))


def keywords(training: Sequence[Record], test: Sequence[Record]) -> Given:
    """The lexicon's hints and nothing else: each list speaks for one label, the department with most words wins, and where
    no word is found the most frequent one."""
    usual = majority(training, test)
    kind_p, flags_p = np.zeros((len(test), len(KINDS))), np.zeros((len(test), len(FLAGS)))
    places = usual.places * 1e-3
    for row, record in enumerate(test):
        text = record.message
        hints = [hit.group for hit in features.read(text, pipeline.capped(text.text), record.language).hits]
        kind_p[row, KINDS.index(_kind_by(hints))] = 1.0
        flags_p[row] = [_flag_by(flag, hints) for flag in FLAGS]
        places[row] += [hints.count(f"about_{name}") for name in DEPARTMENTS]
    return assemble(kind_p, flags_p, places / places.sum(axis=1, keepdims=True))


def _kind_by(hints: Sequence[str]) -> str:
    for groups, kind in (
        (("robot", "spam", "informer"), "other"),
        (("praise",), "compliment"),
        (("proposal",), "suggestion"),
        (("asking",), "question"),
    ):
        if any(group in hints for group in groups):
            return kind
    return "complaint"


def _flag_by(flag: str, hints: Sequence[str]) -> bool:
    groups = {
        "anonymous": ("anonymity",),
        "off_scope": ("other_mutual", "other_insurer", "other_body", "elsewhere", "spam", "robot"),
        "doctor": ("adviser",),
        "urgent": ("emergency", "distress"),
        "second_line": ("second_line",),
    }[flag]
    spoken = any(group in hints for group in groups)
    return spoken and not (flag == "off_scope" and {"own", "addressed", "adviser"} & set(hints))


def _terms(training: Sequence[Record], test: Sequence[Record]) -> tuple[Any, Any]:
    from scipy.sparse import hstack  # type: ignore[import-untyped]  # noqa: PLC0415 - has no types; development only
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - development only

    common = {"sublinear_tf": True, "strip_accents": "unicode", "min_df": 2, "max_features": _MOST_TERMS}
    sorts = [
        TfidfVectorizer(ngram_range=(1, 2), **common),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), **common),
    ]
    seen, unseen = [_read(record) for record in training], [_read(record) for record in test]
    return (
        hstack([sort.fit_transform(seen) for sort in sorts]).tocsr(),
        hstack([sort.transform(unseen) for sort in sorts]).tocsr(),
    )


def _meanings(training: Sequence[Record], test: Sequence[Record]) -> tuple[Any, Any]:
    encoder = Encoder()
    # Embeddings have length one in 512 directions: scaled up, the usual regularisation fits them.
    return tuple(8.0 * encoder.encode([_sentences(record) for record in part]) for part in (training, test))  # type: ignore[return-value]  # two of them


def _sentences(record: Record) -> str:
    read = components.encoded(record.message, pipeline.capped(record.message.text))
    return " ".join(sentence.text for sentence in read)


def _read(record: Record) -> str:
    return f"{record.message.subject}\n{pipeline.capped(record.message.text)}"


def _regressions(training: Sequence[Record], inputs: tuple[Any, Any], seed: int) -> Given:
    seen, unseen = inputs
    known = truth(training)
    placed = np.flatnonzero(known.department != NONE)
    flags = [_regression(seen, known.flags[:, place].astype(int), unseen, 2, seed)[:, 1] for place in range(len(FLAGS))]
    return assemble(
        _regression(seen, known.kind, unseen, len(KINDS), seed),
        np.stack(flags, axis=1),
        _regression(seen[placed], known.department[placed], unseen, len(DEPARTMENTS), seed),
    )


def _regression(seen: Any, classes: Ints, unseen: Any, labels: int, seed: int) -> Numbers:
    """(n, labels) probabilities; a class that the training part lacks has none."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - development only

    chances = np.zeros((unseen.shape[0], labels))
    present = np.unique(classes)
    if len(present) < 2:
        chances[:, present] = 1.0
        return chances
    # A loose tolerance changes nothing that could be seen in the figures and takes a quarter of the time.
    model = LogisticRegression(C=5.0, max_iter=150, tol=1e-3, class_weight="balanced", random_state=seed)
    chances[:, present] = model.fit(seen, classes).predict_proba(unseen)
    return chances
