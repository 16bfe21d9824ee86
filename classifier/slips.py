"""Slips of the keyboard mended for reading: letters that changed places with their neighbour ("rembuorsement").

Only a word that the corpus and the word lists do not hold is touched, and only where swapping one pair of neighbours back
(in long words two) gives a single word that several people wrote. Most slips of quick typing are of this sort (Damerau,
"A technique for computer detection and correction of spelling errors", 1964). Rare words that nobody in the corpus used can
still be taken for a slip: to the labels, one word is lost then. Sign for sign, so every offset stays true; what people see is
always what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from classifier import lexicon
from classifier.lexicon import fold

# Of three letters, too many other words can be made. A word ends where no letter, digit or loose accent stands beside it.
_WORD: Final = re.compile(r"(?<![\w\u0300-\u036f])[^\W\d_]{4,30}(?![\w\u0300-\u036f])")
# Shorter words become too many others when two pairs may have changed places, or when their first letter may.
_LONG, _FIRST = 9, 6


class Slips:
    """Mends texts by words in their folded form (lower case, no accents): into the `known` ones, while the `kept` ones stay
    as they are."""

    def __init__(self, known: Iterable[str] = (), kept: Iterable[str] = ()) -> None:
        self.known = frozenset(word for word in known if _WORD.fullmatch(word))
        self.kept = frozenset(word for word in kept if _WORD.fullmatch(word)) - self.known
        by_letters: dict[str, list[str]] = {}
        for word in sorted(self.known):
            by_letters.setdefault(_letters(word), []).append(word)
        self._by_letters = by_letters

    def mended(self, text: str) -> str:
        """The text with the letters of unknown words put back, each with its accent and its case; as long as it was."""
        return _WORD.sub(self._word, text) if self.known else text

    def _word(self, found: re.Match[str]) -> str:
        word = found.group()
        folded = fold(word)
        if folded in self.known or folded in self.kept or len(folded) != len(word):
            return word
        meant = [known for known in self._by_letters.get(_letters(folded), ()) if _slipped(folded, known)]
        # Where two words could be meant, nobody knows which.
        return _reordered(word, folded, meant[0]) if len(meant) == 1 else word


def learnt(terms: Iterable[str], seen: Iterable[str]) -> Slips:
    """Mends into the words of a vocabulary and those of distress; leaves what was seen, and all words of the lists."""
    lists = lexicon.load()
    return Slips([*terms, *lists.words_of("emergency")], [*seen, *lists.every_word()])


@cache
def of_lexicon() -> Slips:
    """Mends the words of distress in the word lists, and leaves all other words of theirs as they are."""
    lists = lexicon.load()
    return Slips(lists.words_of("emergency"), lists.every_word())


def _letters(word: str) -> str:
    return "".join(sorted(word))


def _slipped(word: str, known: str) -> bool:
    """True when few swaps of neighbours, each letter once at most, turn one word into the other."""
    if len(word) != len(known) or (word[0] != known[0] and len(known) < _FIRST):
        return False
    place, swaps = 0, 0
    while place < len(word):
        if word[place] == known[place]:
            place += 1
        elif word[place : place + 2] == known[place : place + 2][::-1]:
            place, swaps = place + 2, swaps + 1
        else:
            return False
    return 0 < swaps <= (2 if len(known) >= _LONG else 1)


def _reordered(word: str, folded: str, known: str) -> str:
    letters: list[str] = []
    while len(letters) < len(word):
        place = len(letters)
        letters += [word[place]] if folded[place] == known[place] else [word[place + 1], word[place]]
    if word[0].isupper() and letters[0] != word[0] and not word.isupper():
        # The capital was typed first, whichever letter was meant to be.
        first, second = letters[0].upper(), letters[1].lower()
        if len(first + second) == 2:
            letters[:2] = [first, second]
    return "".join(letters)
