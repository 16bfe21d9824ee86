"""The words that everybody uses when they write to the house: a line made of nothing else is no name.

"être payée" and "corriger l'app" answer "what do you expect?" late, when the name is asked. The words are those of the
questions and stories of config/knowledge, which were written as members write.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from chatbot.understanding import tokens_of
from config.knowledge import knowledge

# In how many of the phrasings a word must stand: a name may stand in one of them.
_OFTEN: Final = 2


def everyday(tokens: Sequence[str]) -> bool:
    """True when all of these words, two at least, are of every day."""
    return len(tokens) > 1 and all(token in _words() for token in tokens)


@cache
def _words() -> frozenset[str]:
    counted: dict[str, int] = {}
    for book in knowledge().values():
        phrasings = [*book.stories, *(phrasing for entry in book.entries.values() for phrasing in entry.asked)]
        for phrasing in phrasings:
            for token in set(tokens_of(phrasing)):
                counted[token] = counted.get(token, 0) + 1
    return frozenset(token for token, times in counted.items() if times >= _OFTEN)
