"""Which department a story is most likely for, by listed words alone, in one pass over its words.

Two lists have to agree: the few words that leave little doubt (config/hints.yaml), and the many that the classifier takes for
hints (config/lexicon.yaml). It decides nothing; where a message goes is decided once it is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final, Literal, NamedTuple

from classifier.lexicon import Hit, Word, words
from config.hints import hints
from config.vocabulary import DEPARTMENTS, Department

# The lists of the classifier that are about a department bear its name.
_ABOUT: Final = {f"about_{department}": department for department in DEPARTMENTS}

# Who names our products or our doctor, or speaks to us as to the one that acted, writes about us.
_OURS: Final = frozenset({"own", "addressed", "adviser"})


class _Phrase(NamedTuple):
    department: Department
    first: str
    rest: tuple[str, ...]
    open_end: bool


def likely_department(text_words: Sequence[Word], hits: Iterable[Hit], text: str) -> Department | Literal[""]:
    """The department that is clearly ahead of every other by both lists, else "".

    `hits` are those of the classifier's lists in the same text.
    """
    sure = Counter(phrase.department for phrase in set(_found(text_words)))
    broad = Counter(
        department
        for department, _ in {(_ABOUT[h.group], text[h.start : h.end].lower()) for h in hits if h.group in _ABOUT}
    )
    return next((name for name in sure if _ahead(name, sure) and _ahead(name, broad)), "")


def names_our_work(text_words: Sequence[Word], hits: Iterable[Hit]) -> bool:
    """Whether a text has any word of what one of our departments does, by either list, or of whose house this is."""
    return any(hit.group in _ABOUT or hit.group in _OURS for hit in hits) or next(_found(text_words), None) is not None


def _ahead(name: Department, counted: Counter[Department]) -> bool:
    """More than twice as many different words as any other department has."""
    return counted[name] > 2 * max((many for other, many in counted.items() if other != name), default=0)


def _found(text_words: Sequence[Word]) -> Iterator[_Phrase]:
    by_word, by_beginning = _phrases()
    longest = max(map(len, by_beginning))
    for index, word in enumerate(text_words):
        for phrase in by_word.get(word.folded, ()):
            if _goes_on(phrase, text_words, index + 1):
                yield phrase
        for length in range(3, min(len(word.folded), longest) + 1):
            yield from by_beginning.get(word.folded[:length], ())


def _goes_on(phrase: _Phrase, text_words: Sequence[Word], start: int) -> bool:
    after = [word.folded for word in text_words[start : start + len(phrase.rest)]]
    if phrase.open_end and len(after) == len(phrase.rest):
        return after[:-1] == list(phrase.rest[:-1]) and after[-1].startswith(phrase.rest[-1])
    return after == list(phrase.rest)


@cache
def _phrases() -> tuple[dict[str, list[_Phrase]], dict[str, list[_Phrase]]]:
    """The phrases by their first word, and single words with an open end by their beginning."""
    by_word: dict[str, list[_Phrase]] = {}
    by_beginning: dict[str, list[_Phrase]] = {}
    for department, by_language in hints().root.items():
        for entry in (entry for listed in by_language.values() for entry in listed):
            first, *rest = (word.folded for word in words(entry))
            open_end = entry.endswith("*")
            into = by_beginning if open_end and not rest else by_word
            into.setdefault(first, []).append(_Phrase(department, first, tuple(rest), open_end))
    return by_word, by_beginning
