"""How alike two texts are by their words: folded words, pairs of words and pieces of three letters, rare ones counting more.

Pieces find what was misspelt or compounded; pairs tell "lost my reference" from "my reference to". Cosine of TF-IDF.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_WORD: Final = re.compile(r"[a-z0-9]+")
_PIECE: Final = 3
# A word has many pieces: each counts half.
_PIECE_WEIGHT: Final = 0.5


class Wording:
    """The known texts by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Counts the terms of `texts`."""
        self._numbers: dict[str, int] = {}
        pieces: dict[str, tuple[str, ...]] = {}
        numbers: list[int] = []
        rows: list[int] = []
        amounts: list[float] = []
        for row, text in enumerate(texts):
            for term, amount in _terms(text, pieces).items():
                numbers.append(self._numbers.setdefault(term, len(self._numbers)))
                rows.append(row)
                amounts.append(amount)
        by_term = np.argsort(np.asarray(numbers, dtype=np.int64), kind="stable")
        holders = np.bincount(numbers, minlength=len(self._numbers))
        self._count = len(texts)
        self._rarity: Floats = (np.log(max(1, self._count) / holders) + 1).astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(holders)))
        self._rows = np.asarray(rows, dtype=np.int64)[by_term]
        weights = (np.asarray(amounts) * self._rarity[numbers])[by_term]
        lengths = np.sqrt(np.bincount(self._rows, weights=weights**2, minlength=self._count))
        self._weights = weights / np.maximum(lengths[self._rows], 1e-9)

    def likeness(self, text: str) -> Floats:
        """(texts,): the cosine of `text` with each known text, 0 to 1."""
        found: NDArray[np.float64] = np.zeros(self._count)
        length = 0.0
        # What nobody ever wrote is as rare as can be: it makes a text less like any other.
        unknown = math.log(max(1, self._count)) + 1
        for term, amount in _terms(text, {}).items():
            number = self._numbers.get(term)
            weight = amount * (unknown if number is None else float(self._rarity[number]))
            length += weight**2
            if number is not None:
                held = slice(self._starts[number], self._starts[number + 1])
                # A text holds a term once in this list, so that no row is named twice.
                found[self._rows[held]] += weight * self._weights[held]
        return (found / math.sqrt(length) if length else found).astype(np.float32)


def _terms(text: str, pieces: dict[str, tuple[str, ...]]) -> Mapping[str, float]:
    """The terms of a text with how much each counts; `pieces` remembers how words were cut."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    words = _WORD.findall("".join(sign for sign in folded if not unicodedata.combining(sign)))
    counts = Counter(words)
    counts.update(f"{first} {second}" for first, second in zip(words, words[1:], strict=False))
    amounts = {term: 1 + math.log(count) for term, count in counts.items()}
    for word in words:
        if word not in pieces:
            padded = f"<{word}>"
            pieces[word] = tuple(f"|{padded[at : at + _PIECE]}" for at in range(len(padded) - _PIECE + 1))
    cut = Counter(piece for word in words for piece in pieces[word])
    return amounts | {piece: _PIECE_WEIGHT * (1 + math.log(count)) for piece, count in cut.items()}
