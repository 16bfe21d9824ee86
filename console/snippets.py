"""The words that were searched for, marked where they stand: in a name, and in the line that shows where a case was found.

What is found is found folded, without accents and case (`store.search`); what is shown is the text as it was written, so the
words are looked for in it by patterns that fold the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from store.hits import Piece, Where
from store.search import LONGEST_WORD, SHORTEST_BEGINNING, plain, words_of

_MOST_WORDS: Final = 20
# So much of a text is shown: some signs before the first word that was found, and the rest of a line or two.
_BEFORE: Final = 32
_SHOWN: Final = 180
# Signs that fold to plain letters and digits: Latin, Greek and Cyrillic with every accent, ligatures, the wide forms.
_FOLDED: Final = (
    range(0x30, 0x250),
    range(0x370, 0x530),
    range(0x1E00, 0x2000),
    range(0xFB00, 0xFB07),
    range(0xFF10, 0xFF5B),
)
_ACCENTS: Final = "[\u0300-\u036f]*"
_ORDER: Final[Sequence[Where]] = ("in", "out", "department", "note", "file")

# A piece of text, and whether it is one of the words.
Marked = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a case was found: its member's name with the words marked, and a line of what it says; empty without them."""

    person: Marked = ()
    where: Where | None = None
    line: Marked = ()


@dataclass(frozen=True, slots=True)
class _Word:
    """One word: what it looks like in a text, and whether longer words that begin with it count too."""

    pattern: re.Pattern[str]
    begins: bool

    def spans(self, text: str) -> Iterable[tuple[int, int]]:
        """Where it stands in a text: whole words, never the inside of another."""
        for found in self.pattern.finditer(text):
            start, end = found.span()
            if start and text[start - 1].isalnum():
                continue
            stop = end
            while stop < len(text) and (text[stop].isalnum() or "\u0300" <= text[stop] <= "\u036f"):
                stop += 1
            if stop == end or self.begins:
                yield start, stop


def hits(asked: str, people: Mapping[int, str], pieces: Iterable[Piece]) -> dict[int, Hit]:
    """Where each of these cases has the words; `people` are the names of their members, by the number of the case."""
    words = _words(asked)
    if not words:
        return {}
    best: dict[int, tuple[tuple[int, int], Hit]] = {}
    for piece in pieces:
        counted = [list(word.spans(piece.text)) for word in words]
        count = sum(map(bool, counted))
        rank = (count, -_ORDER.index(piece.where))
        if count and (piece.case_id not in best or rank > best[piece.case_id][0]):
            line = _line(piece.text, [span for spans in counted for span in spans])
            best[piece.case_id] = (rank, Hit((), piece.where, line))
    found = {}
    for case_id, name in people.items():
        spans = [span for word in words for span in word.spans(name)]
        hit = best[case_id][1] if case_id in best else Hit()
        found[case_id] = replace(hit, person=_cut(name, spans, 0, len(name))) if spans else hit
    return found


def _words(asked: str) -> list[_Word]:
    words = words_of(asked)[:_MOST_WORDS]
    last = len(words) - 1
    return [
        _Word(
            _pattern(word),
            begins=len(word) == LONGEST_WORD or (number == last and len(word) >= SHORTEST_BEGINNING),
        )
        for number, word in enumerate(words)
    ]


def _line(text: str, spans: Iterable[tuple[int, int]]) -> Marked:
    """What stands around the first of these words."""
    first = min(spans)[0]
    start = max(0, first - _BEFORE)
    if start and (gap := text.find(" ", start, first)) >= 0:
        start = gap + 1
    end = min(len(text), start + _SHOWN)
    if end < len(text) and (gap := text.rfind(" ", first + 1, end)) > start + _SHOWN // 2:
        end = gap
    return (
        *((("… ", False),) if start else ()),
        *_cut(text, spans, start, end),
        *((("…", False),) if end < len(text) else ()),
    )


def _cut(text: str, spans: Iterable[tuple[int, int]], start: int, end: int) -> Marked:
    """A part of a text, in pieces, its white space made plain."""
    parts: list[tuple[str, bool]] = []
    at = start
    for begin, stop in sorted((max(begin, start), min(stop, end)) for begin, stop in spans):
        # Two of the words may begin alike and stand at one place.
        if at <= begin < stop:
            parts += [(text[at:begin], False), (text[begin:stop], True)]
            at = stop
    parts.append((text[at:end], False))
    return tuple((re.sub(r"\s+", " ", part), is_word) for part, is_word in parts if part)


def _pattern(word: str) -> re.Pattern[str]:
    """A word as it may be written: each letter with every accent, in either case, or two of them as one sign."""
    single, double = _spellings()
    out, at = [], 0
    while at < len(word):
        pair = word[at : at + 2]
        signs = single.get(word[at]) or {word[at], word[at].upper()}
        own = f"[{''.join(map(re.escape, sorted(signs)))}]{_ACCENTS}"
        if pair in double:
            other = single.get(pair[1]) or {pair[1]}
            both = f"{own}[{''.join(map(re.escape, sorted(other)))}]{_ACCENTS}"
            out.append(f"(?:{both}|[{''.join(sorted(double[pair]))}])")
            at += 2
        else:
            out.append(own)
            at += 1
    return re.compile("".join(out))


@cache
def _spellings() -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """The signs that fold to each letter, and to each two of them."""
    single: dict[str, set[str]] = {}
    double: dict[str, set[str]] = {}
    for sign in (chr(number) for part in _FOLDED for number in part):
        folded = plain(sign)
        if len(folded) in (1, 2) and folded.isalnum():
            (single if len(folded) == 1 else double).setdefault(folded, set()).add(sign)
    return single, double
