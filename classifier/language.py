"""Which of the four languages a message is in, and each of its sentences where they differ.

py3langid, restricted to the four, and beside it the small words of each language (`config/small_words.yaml`): these decide
where a text is too short for statistics, in dialect, or typed without accents. Only what the writer says counts: a
disclaimer, quoted history and what telephones add do not (`footers`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifier import footers, lexicon, small_words
from classifier.classification import Passage, Text
from config.vocabulary import LANGUAGES, Language

# Below this probability ("ok", digits, emoji) the text itself says nothing and the hint decides.
_UNKNOWN: Final = 0.4
# With a hint from the form, the chat or the member's file, a short doubtful text goes by the hint.
_DOUBTFUL: Final = 0.65
_FEW_LETTERS: Final = 25
# Above this the sentences need not all be asked one by one.
_CERTAIN: Final = 0.995
# "Re: Re:" and "Fwd:" are of no language.
_ANSWERS: Final = re.compile(r"^(?:\s{0,3}(?:re|fwd?|tr|aw|wg|antw|rép)\s?:){1,20}", re.IGNORECASE)
# A national member writes French most often: what is left when nothing else tells.
_FALLBACK: Final[Language] = "fr"
_LONGEST: Final = 1_500
_MOST_SENTENCES: Final = 120
# What one small word is worth in favour of its languages, by how many lists it stands in. Statistics alone are often as
# sure of the wrong language of three words as of the right one.
_WORTH: Final = (0.0, math.log(12), math.log(4), math.log(1.5))
_LEAST: Final = 1e-3
# A passage in another language than the rest: so sure, so long, and with so many small words which only that one has.
# A name, a quoted title or a street is no passage.
_SURE_PASSAGE: Final = 0.9
_SHORTEST_PASSAGE: Final = 12
_FEWEST_WORDS: Final = 2

Votes = NDArray[np.float64]


class Spoken(NamedTuple):
    """The main language, how sure that is (0 to 1), and the passages of a mixed text (offsets in what was read)."""

    language: Language
    probability: float
    passages: tuple[Passage, ...] = ()


class _Sentence(NamedTuple):
    """One sentence or line: its letters counted, and for each of its small words the languages which have it."""

    start: int
    end: int
    text: str
    letters: int
    places: tuple[tuple[int, ...], ...]


@cache
def _identifier() -> LanguageIdentifier:
    # The loader that gives probabilities is private to py3langid: its version is pinned.
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(list(LANGUAGES))
    # The tables of the ninety other languages are kept for changing one's mind; they are not needed here.
    found._full_model = None
    return found


def warm() -> None:
    """Read the model and the words now rather than with the first message."""
    _identifier()
    small_words.words()


def tell(text: Text, read: str, bounds: Sequence[tuple[int, int]]) -> Spoken:
    """The language of a message of which `read` is read, cut into sentences or lines at `bounds` (start, end).

    Each sentence votes with its length, the whole text with as much as all sentences. A text that says nothing falls back
    on the subject, then on the hint.
    """
    sentences = _own(read, bounds)
    letters = sum(sentence.letters for sentence in sentences)
    votes = np.zeros(len(LANGUAGES))
    each: list[Votes] = []
    if letters:
        votes, each = _votes(sentences, letters)
    if letters < _FEW_LETTERS and (subject := _sentence(_ANSWERS.sub("", text.subject[:300]), 0, 300)).letters:
        weight = letters / _FEW_LETTERS
        votes = votes * weight + _scores([subject]) * (1 - weight)
    best = int(votes.argmax())
    sure = float(votes[best])
    if sure < _UNKNOWN or (text.language_hint and letters < _FEW_LETTERS and sure < _DOUBTFUL):
        return Spoken(text.language_hint or _FALLBACK, sure)
    return Spoken(LANGUAGES[best], sure, _passages(sentences, each, best))


def _own(read: str, bounds: Sequence[tuple[int, int]]) -> list[_Sentence]:
    """The sentences with letters that are the writer's own; else what a telephone added, else all there are."""
    end = footers.own_end(read)
    added = footers.phone_lines(read)
    before = [(start, min(stop, end)) for start, stop in bounds if start < end]
    own = (bound for bound in before if not any(first <= bound[0] < last for first, last in added))
    return _lettered(read, own) or _lettered(read, before) or _lettered(read, bounds)


def _lettered(read: str, bounds: Iterable[tuple[int, int]]) -> list[_Sentence]:
    found = (_sentence(read, *bound) for bound in bounds)
    return list(islice((sentence for sentence in found if sentence.letters), _MOST_SENTENCES))


def _sentence(read: str, start: int, end: int) -> _Sentence:
    start += len(read[start:end]) - len(read[start:end].lstrip())
    text = read[start : min(end, start + _LONGEST)]
    known = small_words.words()
    places = tuple(known[word.folded] for word in lexicon.words(text) if word.folded in known)
    return _Sentence(start, end, text, sum(map(str.isalpha, text)), places)


def _votes(sentences: Sequence[_Sentence], letters: int) -> tuple[Votes, list[Votes]]:
    """What the whole says, and each sentence by itself.

    Where the whole is certain, only a sentence whose small words speak for another language is asked by itself.
    """
    whole = _scores(sentences)
    if len(sentences) == 1:
        return whole, [whole]
    best = int(whole.argmax())
    certain = whole[best] >= _CERTAIN
    each = [
        whole if certain and _others(sentence, best) < _FEWEST_WORDS else _scores([sentence]) for sentence in sentences
    ]
    shares = np.array([sentence.letters for sentence in sentences]) / letters
    return (whole + shares @ np.array(each)) / 2, each


def _others(sentence: _Sentence, main: int) -> int:
    """How many small words of other languages stand in a sentence."""
    return sum(1 for places in sentence.places if main not in places)


def _scores(sentences: Sequence[_Sentence]) -> Votes:
    """How likely each language is over sentences with letters, together 1."""
    text = " ".join(sentence.text for sentence in sentences)[:_LONGEST]
    ranked = dict(_identifier().rank(text))
    logs = np.log(np.array([ranked[language] for language in LANGUAGES]) + _LEAST)
    for sentence in sentences:
        for places in sentence.places:
            for place in places:
                logs[place] += _WORTH[len(places)]
    raised = np.exp(logs - logs.max())
    return np.asarray(raised / raised.sum())


def _passages(sentences: Sequence[_Sentence], each: Sequence[Votes], main: int) -> tuple[Passage, ...]:
    """Runs of sentences in one language; a sentence which tells nothing for sure goes with those before it."""
    runs: list[tuple[int, list[_Sentence], list[float]]] = []
    for sentence, votes in zip(sentences, each, strict=True):
        place = int(votes.argmax())
        if place != main and not _foreign(sentence, place, main, float(votes[place])):
            place = main
        if runs and (sentence.letters < _SHORTEST_PASSAGE or votes[place] < _SURE_PASSAGE):
            place = runs[-1][0]
        if not runs or runs[-1][0] != place:
            runs.append((place, [], []))
        runs[-1][1].append(sentence)
        runs[-1][2].append(float(votes[place]))
    if len(runs) < 2:
        return ()
    return tuple(
        Passage(of[0].start, of[-1].end, LANGUAGES[place], round(_mean(sures, of), 4)) for place, of, sures in runs
    )


def _mean(sures: Sequence[float], sentences: Sequence[_Sentence]) -> float:
    return float(np.average(sures, weights=[sentence.letters for sentence in sentences]))


def _foreign(sentence: _Sentence, place: int, main: int, sure: float) -> bool:
    telling = sum(1 for places in sentence.places if place in places and main not in places)
    return sure >= _SURE_PASSAGE and sentence.letters >= _SHORTEST_PASSAGE and telling >= _FEWEST_WORDS
