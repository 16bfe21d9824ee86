"""Which messages say nearly the same: pairs of texts that share most of their pieces of five characters.

Two texts are near duplicates when at least half of the different pieces of either stand in both (Jaccard; Broder, "On the
resemblance and containment of documents", 1997). Candidates are found by the smallest hashes of each text, so that
thousands of messages are compared in a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.lexicon import words

NEAR: Final = 0.5
_PIECE: Final = 5
_SKETCH: Final = 48
# Two texts that share fewer of their smallest hashes are further apart than `NEAR`, but for chance.
_LEAST_SHARED: Final = 8
# Odd 64-bit numbers: sums of products with them, modulo 2**64, spread the pieces evenly.
_FACTORS: Final = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5, 0x85EBCA77C2B2AE63],
    dtype=np.uint64,
)

Hashes = NDArray[np.uint64]


def pieces(text: str) -> Hashes:
    """The different pieces of a text as hashes, ascending. Case, accents and signs don't count; a text shorter than a
    piece is one piece."""
    folded = " ".join(word.folded for word in words(text)).ljust(_PIECE)
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, _PIECE)
    mixed = (windows * _FACTORS).sum(axis=1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(29)
    return np.unique(mixed * _FACTORS[0])


def resemblance(one: Hashes, two: Hashes) -> float:
    """Share of the pieces of both which both have: 0 to 1."""
    both = len(np.intersect1d(one, two, assume_unique=True))
    return both / (len(one) + len(two) - both)


def near(texts: Sequence[str], others: Sequence[str]) -> list[tuple[int, int]]:
    """Every pair (place in `texts`, place in `others`) that says nearly the same."""
    mine = [pieces(text) for text in texts]
    found: list[tuple[int, int]] = []
    places: dict[int, list[int]] = {}
    for place, sketch in enumerate(mine):
        for value in sketch[:_SKETCH].tolist():
            places.setdefault(value, []).append(place)
    for other, text in enumerate(others):
        theirs = pieces(text)
        shared = Counter(place for value in theirs[:_SKETCH].tolist() for place in places.get(value, ()))
        least = min(_LEAST_SHARED, len(theirs) // 2)
        found.extend(
            (place, other)
            for place, count in shared.items()
            if count >= min(least, len(mine[place]) // 2) and resemblance(mine[place], theirs) >= NEAR
        )
    return found
