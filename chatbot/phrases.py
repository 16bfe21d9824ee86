"""Finding phrases among the words of a line, each at the cost of a look into a table: a line is looked at some dozen times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

Phrase = tuple[str, ...]

# No phrase has more words, and a beginning that stands for any ending has so many letters at least.
LONGEST: Final = 8
LEAST_BEGINNING: Final = 3


class Phrases:
    """A list of phrases, each a tuple of words. A * at the end of a phrase's last word stands for any ending."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Phrases that are too long, or stand for almost anything, are never found."""
        behind: defaultdict[str, set[Phrase]] = defaultdict(set)
        beginnings: set[str] = set()
        for first, *rest in (phrase for phrase in phrases if len(phrase) <= LONGEST):
            if first.endswith("*"):
                beginnings.add(first[:-1])
            else:
                behind[first].add(tuple(rest))
        # The longest first: it is the first that is found.
        self._behind = {first: sorted(rests, key=len, reverse=True) for first, rests in behind.items()}
        self._beginnings = tuple(beginning for beginning in beginnings if len(beginning) >= LEAST_BEGINNING)

    def longest(self, tokens: Sequence[str], place: int) -> int:
        """How many words the longest phrase has that stands at this place; 0 when none does."""
        word = tokens[place]
        for rest in self._behind.get(word, ()):
            if _stands(tokens, place + 1, rest):
                return 1 + len(rest)
        return int(word.startswith(self._beginnings))


def _stands(tokens: Sequence[str], place: int, phrase: Sequence[str]) -> bool:
    if not phrase:
        return True
    end = place + len(phrase)
    if end > len(tokens) or tuple(tokens[place : end - 1]) != tuple(phrase[:-1]):
        return False
    last, word = phrase[-1], tokens[end - 1]
    return last == word or (len(last) > LEAST_BEGINNING and last.endswith("*") and word.startswith(last[:-1]))
