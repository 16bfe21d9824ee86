"""Which of the four languages a message is in: py3langid, restricted to them, by sentence and over the whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifier.classification import Text
from config.vocabulary import LANGUAGES, Language

# Below this probability ("ok", digits, emoji) the text itself says nothing and the hint decides.
_UNKNOWN: Final = 0.4
# With a hint from the form, the chat or the member's file, a short doubtful text goes by the hint.
_DOUBTFUL: Final = 0.65
_FEW_LETTERS: Final = 25
# Above this the sentences need not be asked one by one.
_CERTAIN: Final = 0.995
# A national member writes French most often: what is left when nothing else tells.
_FALLBACK: Final[Language] = "fr"
_LONGEST: Final = 1_500


@cache
def _identifier() -> LanguageIdentifier:
    # The loader that gives probabilities is private to py3langid: its version is pinned.
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(list(LANGUAGES))
    # The tables of the ninety other languages are kept for changing one's mind; they are not needed here.
    found._full_model = None
    return found


def warm() -> None:
    """Read the model now rather than with the first message."""
    _identifier()


def identify(text: Text, sentences: Sequence[str]) -> tuple[Language, float]:
    """The main language of a message and how sure that is, 0 to 1.

    Each sentence votes with its length, the whole text with as much as all sentences: a Dutch footer under a French
    letter does not win. A text that says nothing falls back on the subject, then on the hint.
    """
    votes = np.zeros(len(LANGUAGES), dtype=np.float64)
    whole = " ".join(sentences)[:_LONGEST]
    letters = sum(1 for char in whole if char.isalpha())
    if letters:
        votes += _scores(whole)
    if letters and votes.max() < _CERTAIN:
        shares = [(sentence, sum(1 for char in sentence if char.isalpha())) for sentence in sentences[:40]]
        total = sum(count for _, count in shares) or 1
        if len(shares) > 1:
            for sentence, count in shares:
                votes += _scores(sentence[:_LONGEST]) * (count / total)
            votes /= 2
    if letters < _FEW_LETTERS and text.subject.strip():
        weight = letters / _FEW_LETTERS
        votes = votes * weight + _scores(text.subject[:300]) * (1 - weight)
    best = int(votes.argmax())
    sure = float(votes[best])
    if sure < _UNKNOWN or (text.language_hint and letters < _FEW_LETTERS and sure < _DOUBTFUL):
        return text.language_hint or _FALLBACK, sure
    return LANGUAGES[best], sure


def _scores(text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if not any(char.isalpha() for char in text):
        return np.zeros(len(LANGUAGES))
    ranked = dict(_identifier().rank(text))
    return np.array([ranked[language] for language in LANGUAGES])
