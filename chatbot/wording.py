"""How alike two texts are by their words: folded words, pairs of words and pieces of three letters, rare ones counting more.

Pieces find what was misspelt or compounded; pairs tell "lost my reference" from "my reference to". Cosine of TF-IDF.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_Ints = NDArray[np.int64]

_WORD: Final = re.compile(r"[a-z0-9]+")
_PIECE: Final = 3
# A word has many pieces: each counts half.
_PIECE_WEIGHT: Final = 0.5


class Wording:
    """The known texts by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Counts the terms of `texts`."""
        self._numbers: dict[str, int] = {}
        self._count = len(texts)
        rows, numbers, counts, whole = self._counted(texts)
        amounts = np.where(whole, 1.0, _PIECE_WEIGHT) * (1 + np.log(counts))
        by_term = np.argsort(numbers, kind="stable")
        holders = np.bincount(numbers, minlength=len(self._numbers))
        self._rarity: Floats = (np.log(max(1, self._count) / holders) + 1).astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(holders)))
        self._rows = rows[by_term]
        weights = (amounts * self._rarity[numbers])[by_term]
        lengths = np.sqrt(np.bincount(self._rows, weights=weights**2, minlength=self._count))
        self._weights = weights / np.maximum(lengths[self._rows], 1e-9)

    def _counted(self, texts: Sequence[str]) -> tuple[_Ints, _Ints, _Ints, NDArray[np.bool_]]:
        """Of each term of each text: the text, the term, how often, and whether it is whole words and no piece.

        Words are cut once and the rest is arrays: it is done at every start, for some thousand texts.
        """
        number = self._numbers
        pieces: dict[str, list[int]] = {}
        rows: list[int] = []
        terms: list[int] = []
        cut_rows: list[int] = []
        cut: list[int] = []
        for row, text in enumerate(texts):
            words = _words(text)
            for term in (*words, *_pairs(words)):
                terms.append(number.setdefault(term, len(number)))
                rows.append(row)
            for word in words:
                if word not in pieces:
                    pieces[word] = [number.setdefault(piece, len(number)) for piece in _pieces(word)]
                cut += pieces[word]
                cut_rows += [row] * len(pieces[word])
        size = max(1, len(number))
        every = np.array(rows + cut_rows, dtype=np.int64) * size + np.array(terms + cut, dtype=np.int64)
        different, first, counts = np.unique(every, return_index=True, return_counts=True)
        return different // size, different % size, counts, first < len(rows)

    def likeness(self, text: str) -> Floats:
        """(texts,): the cosine of `text` with each known text, 0 to 1."""
        found: NDArray[np.float64] = np.zeros(self._count)
        length = 0.0
        # What nobody ever wrote is as rare as can be: it makes a text less like any other.
        unknown = math.log(max(1, self._count)) + 1
        for term, amount in _amounts(text).items():
            number = self._numbers.get(term)
            weight = amount * (unknown if number is None else float(self._rarity[number]))
            length += weight**2
            if number is not None:
                held = slice(self._starts[number], self._starts[number + 1])
                # A text stands once beside a term, so that no row is named twice.
                found[self._rows[held]] += weight * self._weights[held]
        return (found / math.sqrt(length) if length else found).astype(np.float32)


def _amounts(text: str) -> Mapping[str, float]:
    """The terms of a text with how much each counts."""
    words = _words(text)
    whole = Counter((*words, *_pairs(words)))
    cut = Counter(piece for word in words for piece in _pieces(word))
    amounts = {term: 1 + math.log(count) for term, count in whole.items()}
    return amounts | {piece: _PIECE_WEIGHT * (1 + math.log(count)) for piece, count in cut.items()}


def _words(text: str) -> list[str]:
    """The words without case and accents."""
    plain = text.casefold().replace("’", "'").replace("œ", "oe")
    return _WORD.findall(unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode("ascii"))


def _pairs(words: Sequence[str]) -> list[str]:
    return [f"{first} {second}" for first, second in pairwise(words)]


def _pieces(word: str) -> list[str]:
    padded = f"<{word}>"
    return [f"|{padded[at : at + _PIECE]}" for at in range(len(padded) - _PIECE + 1)]
