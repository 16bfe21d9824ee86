"""The heads: from features and an embedding to calibrated probabilities, in numpy alone.

Two models stand side by side: a linear one over words and pieces, and the top of the network over the sentence encoder
(`network.py`); both see the facts. Their logits are fused with learnt weights which are also the temperature:
p = softmax(by_words * z1 + by_meaning * z2 + shift).
The weights are plain arrays (npz without pickle) and JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from classifier import network
from classifier.features import FACTS, Floats, Ints, Terms, Vocabulary
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS

# A case about the adviser's conduct, or praise for everybody, belongs to no department: a class of its own.
NOWHERE: Final = "none"
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": KINDS,
    **{flag: (flag,) for flag in FLAGS},
    "department": (*DEPARTMENTS, NOWHERE),
}
COLUMNS: Final[tuple[tuple[str, str], ...]] = tuple((head, label) for head, labels in HEADS.items() for label in labels)
SLICES: Final[Mapping[str, slice]] = {
    head: slice(
        min(i for i, (name, _) in enumerate(COLUMNS) if name == head),
        max(i for i, (name, _) in enumerate(COLUMNS) if name == head) + 1,
    )
    for head in HEADS
}
_FILES: Final = ("vocabulary.txt", "weights.npz", "calibration.json")
_ARRAYS: Final = ("idf", "words", "words_facts", "words_bias", *network.TOP)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one head's two logits are fused. `shift` is 0 for heads of several classes."""

    by_words: float
    by_meaning: float
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where probabilities become decisions, set by what an error costs.

    `sure` of a flag makes it True; between `doubt` and that the classifier abstains. For doctor, urgent and second_line
    `doubt` may lie under and over `sure`: (from, to). kind and department abstain under a least probability.
    """

    sure: Mapping[str, float]
    doubt: Mapping[str, tuple[float, float]]
    kind_least: float
    department_least: float


@dataclass(slots=True)
class Heads:
    """Everything learnt but the encoder, as arrays. Shapes: words (terms, columns), words_facts (facts, columns), and the
    top of the network as in `network.new_top`."""

    vocabulary: Vocabulary
    arrays: Mapping[str, Floats]
    calibration: Mapping[str, Calibration]
    thresholds: Thresholds
    provenance: Mapping[str, object]
    digest: str = ""

    def logits(self, terms: Terms, facts: Floats, meaning: Floats) -> Floats:
        """Fused and calibrated logits of all columns for one message."""
        words = terms.values @ self.arrays["words"][terms.ids]
        by_words = words + facts @ self.arrays["words_facts"] + self.arrays["words_bias"]
        by_meaning = network.top(self.arrays, meaning, facts)
        fused: Floats = by_words * self._column("by_words") + by_meaning * self._column("by_meaning")
        return fused + self._column("shift")

    def word_weights(self, ids: Ints, columns: Sequence[int]) -> Floats:
        """What one unit of each term adds to the logit of each column, against the mean of its head's classes."""
        rows = self.arrays["words"][ids]
        out = np.empty((len(ids), len(columns)), dtype=np.float32)
        for at, column in enumerate(columns):
            head = COLUMNS[column][0]
            spread = rows[:, SLICES[head]]
            mean = spread.mean(axis=1) if spread.shape[1] > 1 else 0.0
            out[:, at] = (rows[:, column] - mean) * self.calibration[head].by_words
        return out

    def meaning_logits(self, meanings: Floats, facts: Floats) -> Floats:
        """(rows, columns): the network's share of the fused logits, for several readings (rows, 1024) of one message."""
        repeated = np.repeat(facts[None, :], len(meanings), axis=0)
        share: Floats = network.top(self.arrays, meanings, repeated) * self._column("by_meaning")
        return share

    def _column(self, part: str) -> Floats:
        return self.arrays[f"column:{part}"]

    def to_disk(self, folder: Path) -> None:
        """Write the three files. The same heads give the same bytes (zip entries carry no date)."""
        folder.mkdir(parents=True, exist_ok=True)
        ordered = sorted(self.vocabulary.terms, key=self.vocabulary.terms.__getitem__)
        (folder / "vocabulary.txt").write_text("\n".join(ordered) + "\n", encoding="utf-8")
        half = {name: self.arrays[name].astype(np.float16) for name in _ARRAYS}
        np.savez_compressed(folder / "weights.npz", allow_pickle=False, **half)
        rest = {
            "columns": [list(pair) for pair in COLUMNS],
            "facts": list(FACTS),
            "calibration": {head: asdict(value) for head, value in self.calibration.items()},
            "thresholds": asdict(self.thresholds),
            "provenance": dict(self.provenance),
        }
        (folder / "calibration.json").write_text(
            json.dumps(rest, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )


def assemble(
    terms: Sequence[str],
    arrays: Mapping[str, Floats],
    calibration: Mapping[str, Calibration],
    thresholds: Thresholds,
    provenance: Mapping[str, object],
    digest: str = "",
) -> Heads:
    """Heads from their parts, with one fused factor per column."""
    spread = {
        f"column:{part}": np.array([getattr(calibration[head], part) for head, _ in COLUMNS], dtype=np.float32)
        for part in ("by_words", "by_meaning", "shift")
    }
    plain = {name: np.ascontiguousarray(arrays[name], dtype=np.float32) for name in _ARRAYS}
    vocabulary = Vocabulary({term: index for index, term in enumerate(terms)}, plain["idf"])
    return Heads(vocabulary, plain | spread, calibration, thresholds, provenance, digest)


def from_disk(folder: Path) -> Heads:
    """Read heads. Raises `ValueError` when they were made for other labels or facts than this code knows."""
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((folder / name).read_bytes())
    rest = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    if rest["columns"] != [list(pair) for pair in COLUMNS] or rest["facts"] != list(FACTS):
        raise ValueError("the classifier model was trained for other labels or facts; run `guichet train`")
    terms = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:-1]
    with np.load(folder / "weights.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in _ARRAYS}
    told = rest["thresholds"]
    thresholds = Thresholds(
        sure=told["sure"],
        doubt={flag: (low, high) for flag, (low, high) in told["doubt"].items()},
        kind_least=told["kind_least"],
        department_least=told["department_least"],
    )
    calibration = {head: Calibration(**value) for head, value in rest["calibration"].items()}
    return assemble(terms, arrays, calibration, thresholds, rest["provenance"], digest.hexdigest())


def softmax(logits: Floats) -> Floats:
    """Probabilities of exclusive classes, along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def sigmoid(logits: Floats) -> Floats:
    """Probability of each yes, without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -40, 40))), dtype=np.float32)
