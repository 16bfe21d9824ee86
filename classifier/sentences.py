"""A text in its sentences, for the encoder and for showing a person which of them decided. Pure, one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# A sentence ends at a line's end, or at a full stop, question mark or exclamation mark that a space follows. One sign at a
# time: a pattern with a repetition would try a row of ten thousand exclamation marks from each of them.
_END: Final = re.compile(r"(?<=[.!?…])\s|\n")


class Sentence(NamedTuple):
    """Characters `start` to `end` of a text; `start` is -1 for the subject, which stands before it."""

    start: int
    end: int
    text: str


def sentences(text: str, *, most: int) -> list[Sentence]:
    """The sentences of a text in order, without the space between them; neighbours together where there are more than
    `most`, in groups of about the same length."""
    spans = list(_spans(text))
    if len(spans) > most:
        spans = _grouped(spans, most)
    return [Sentence(start, end, text[start:end]) for start, end in spans]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end, following in [*(found.span() for found in _END.finditer(text)), (len(text), len(text))]:
        bare = text[start:end].lstrip()
        if bare:
            yield end - len(bare), end - len(bare) + len(bare.rstrip())
        start = following


def _grouped(spans: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    wanted = (spans[-1][1] - spans[0][0]) / most
    groups: list[tuple[int, int]] = []
    start = spans[0][0]
    for number, (_, end) in enumerate(spans):
        last = number == len(spans) - 1
        # The last group takes all that is left.
        if last or (end - start >= wanted and len(groups) < most - 1):
            groups.append((start, end))
            start = end if last else spans[number + 1][0]
    return groups
