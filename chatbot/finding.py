"""Finds what the house knows about a question, by meaning and by words, across languages, and says nothing when unsure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from chatbot.knowledge import Entry
from chatbot.phrasings import SHIPPED, Embed, entries_of, likeness, load, phrasings_of, scores
from chatbot.wording import Wording
from config.knowledge import Book, knowledge
from config.vocabulary import Language

# Characters. A longer text is a story, even where it ends in a question: it is heard, not answered from here.
LONGEST_QUESTION: Final = 240
# Lone surrogates, which no encoder takes, and control signs.
_UNREADABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What joins two questions, and how many words each of them has at least.
_JOINED: Final = re.compile(r"\?\s+(?=\S)|,?\s+(?:et|en|und|and)\s+", re.IGNORECASE)
_WORDS_OF_A_QUESTION: Final = 2
_HAS_LETTER: Final = re.compile(r"[^\W\d_]")


class Finder:
    """A `chatbot.knowledge.Knowledge` over config/knowledge. As many threads at once as `embed` allows."""

    def __init__(self, embed: Embed, *, books: Mapping[Language, Book] | None = None, learnt: Path = SHIPPED) -> None:
        """`embed` must be the plain encoder, which `learnt` was made with. Raises DataError when texts and `learnt` differ."""
        self._embed = embed
        self._books = books or knowledge()
        phrasings = phrasings_of(self._books)
        self._entries = entries_of(phrasings)
        self._learnt = load(learnt, phrasings)
        self._wording = Wording([phrasing.text for phrasing in phrasings])

    def find(self, text: str, language: Language) -> Entry | None:
        """The answer, in `language`, to a question in any of the languages of the house; None when no entry surely answers."""
        question = " ".join(_UNREADABLE.sub(" ", text[: 4 * LONGEST_QUESTION]).split())
        if len(question) > LONGEST_QUESTION or not _HAS_LETTER.search(question):
            return None
        meaning = self._learnt.embeddings @ self._embed([question])[0]
        alike = likeness(meaning, self._wording.likeness(question))
        best, ahead = scores((alike @ self._learnt.votes)[np.newaxis])
        if ahead[0] < self._learnt.threshold:
            return None
        known = self._books[language].entries[self._entries[best[0]]]
        return Entry(known.id, known.answer, known.short)

    def find_both(self, text: str, language: Language) -> Entry | None:
        """As `find`; where two questions are joined in one line, each of which an entry surely answers, both entries."""
        halves = [half for half in _JOINED.split(text[: 2 * LONGEST_QUESTION], maxsplit=1) if half.strip()]
        if len(halves) == 2 and all(len(half.split()) >= _WORDS_OF_A_QUESTION for half in halves):
            first, second = (self.find(half, language) for half in halves)
            if first and second and first.id != second.id:
                return replace(first, second=second)
        return self.find(text, language)
