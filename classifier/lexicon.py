"""The word lists of `config/lexicon.yaml`, matched in one linear pass over the words of a text.

A phrase is a tuple of folded words (lower case, no accents); a phrase ending in * matches any ending of its last word.
Matching walks the words once with a dictionary of first words, so its time is linear in the text whatever that holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

import config
from config.vocabulary import DEPARTMENTS

PATH: Final = Path(config.__file__).parent / "lexicon.yaml"
# Letters in one piece or digits in one piece: no alternation that overlaps, so no backtracking.
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_FOLDED: Final = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
# A negation counts when it stands at most so many words before the phrase, in the same clause: in "je ne dors plus, je
# veux mourir" the comma ends its reach. To overlook a cry for help is worse than to look at one case too early.
_NEGATION_REACH: Final = 4
_CLAUSE_ENDS: Final = frozenset(".,;:!?\n()")
_CONJUNCTIONS: Final = frozenset(
    [
        "et",
        "mais",
        "que",
        "ou",
        "donc",
        "car",
        "en",
        "maar",
        "want",
        "dus",
        "of",
        "dat",
        "und",
        "aber",
        "denn",
        "oder",
        "dass",
        "and",
        "but",
        "or",
        "so",
        "because",
        "that",
    ]
)
# The lists that are hints, in the order in which they become features. Those about a department bear its name.
HINTS: Final = (
    "anonymity",
    "discretion",
    "adviser",
    "carer",
    "other_mutual",
    "other_insurer",
    "other_body",
    "own",
    "addressed",
    "second_line",
    *(f"about_{department}" for department in DEPARTMENTS),
    "praise",
    "proposal",
    "asking",
    "robot",
    "spam",
    "informer",
    "elsewhere",
    "distress",
)
# A signature of a telephone beside one empty word is the longest text that says nothing.
_MOST_CONTENTLESS: Final = 7


class Word(NamedTuple):
    """One word of a text: its folded form and where it stands."""

    folded: str
    start: int
    end: int


class Hit(NamedTuple):
    """A phrase found: the list it is from, and its characters from `start` to `end`."""

    group: str
    start: int
    end: int


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """Lower case without accents; the same for every way of typing an accented letter."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower().translate(_FOLDED))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[Word]:
    """The words and numbers of a text in order, with their places in it."""
    return [Word(fold(found.group()[:80]), found.start(), found.end()) for found in _WORD.finditer(text)]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All lists in matching form. `phrases` maps a first word to the (group, rest, is prefix) that may follow it."""

    phrases: dict[str, tuple[tuple[str, tuple[str, ...], bool], ...]]
    prefixes: dict[str, tuple[str, ...]]
    longest_prefix: int
    negation: frozenset[str]
    contentless: frozenset[str]
    not_a_name: frozenset[str]
    given_names: frozenset[str]
    own_domains: tuple[str, ...]
    own_phones: frozenset[str]

    def find(self, text: str, text_words: Sequence[Word]) -> list[Hit]:
        """Every phrase that stands in the text, emergencies only when nothing just before negates them."""
        hits: list[Hit] = []
        for index, word in enumerate(text_words):
            for group, rest, prefix in self.phrases.get(word.folded, ()):
                last = self._end_of(text_words, index, rest, prefix)
                if last is None or (group == "emergency" and self._negated(text, text_words, index)):
                    continue
                hits.append(Hit(group, word.start, text_words[last].end))
            hits.extend(Hit(group, word.start, word.end) for group in self._begun(word.folded))
        return hits

    def words_of(self, group: str) -> set[str]:
        """Every whole word of the phrases of a list."""
        return {
            word
            for first, rests in self.phrases.items()
            for name, rest, prefix in rests
            if name == group
            for word in (first, *(rest[:-1] if prefix else rest))
        }

    def every_word(self) -> set[str]:
        """Every whole word of any list."""
        groups = {name for rests in self.phrases.values() for name, _, _ in rests}
        of_phrases = {word for group in groups for word in self.words_of(group)}
        return of_phrases | self.negation | self.contentless | self.not_a_name | self.given_names

    def _begun(self, word: str) -> Iterator[str]:
        """The groups that hold a beginning of the word; a look-up for each length, however many beginnings there are."""
        for length in range(3, min(len(word), self.longest_prefix) + 1):
            yield from self.prefixes.get(word[:length], ())

    @staticmethod
    def _end_of(text_words: Sequence[Word], index: int, rest: tuple[str, ...], prefix: bool) -> int | None:
        last = index + len(rest)
        if last >= len(text_words):
            return None
        for offset, wanted in enumerate(rest, start=1):
            found = text_words[index + offset].folded
            if found != wanted and not (prefix and offset == len(rest) and found.startswith(wanted)):
                return None
        return last

    def _negated(self, text: str, text_words: Sequence[Word], index: int) -> bool:
        for before in range(index - 1, max(-1, index - 1 - _NEGATION_REACH), -1):
            gap = text[text_words[before].end : text_words[before + 1].start]
            word = text_words[before].folded
            if word in _CONJUNCTIONS or any(char in _CLAUSE_ENDS for char in gap):
                return False
            if word in self.negation:
                return True
        return False

    def is_contentless(self, text_words: Sequence[Word]) -> bool:
        """True when the text has no words, or at most seven of which each one says nothing ("ok merci", "test 123")."""
        meaningful = [word for word in text_words if not word.folded.isdigit()]
        if not meaningful:
            return True
        return len(meaningful) <= _MOST_CONTENTLESS and all(
            word.folded in self.contentless or len(word.folded) == 1 for word in meaningful
        )


def _phrase(entry: str) -> tuple[tuple[str, ...], bool]:
    return tuple(word.folded for word in words(entry)), entry.endswith("*")


def _entries(lists: dict[str, list[str]]) -> Iterable[str]:
    for entries in lists.values():
        yield from entries


@cache
def load(path: Path = PATH) -> Lexicon:
    """Read the lists once. Raises `KeyError` when one is missing, `yaml.YAMLError` when the file is broken."""
    # The same safe loader in C, ten times as quick on a list of this length.
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    phrases: dict[str, list[tuple[str, tuple[str, ...], bool]]] = {}
    prefixes: dict[str, list[str]] = {}
    for group in ("emergency", "formula", *HINTS):
        for entry in _entries(data[group]):
            parts, prefix = _phrase(entry)
            if prefix and len(parts) == 1:
                prefixes.setdefault(parts[0], []).append(group)
            else:
                phrases.setdefault(parts[0], []).append((group, parts[1:], prefix))
    return Lexicon(
        phrases={first: tuple(dict.fromkeys(rest)) for first, rest in phrases.items()},
        prefixes={start: tuple(dict.fromkeys(names)) for start, names in prefixes.items()},
        longest_prefix=max(map(len, prefixes)),
        negation=frozenset(fold(str(word)) for word in data["negation"]),
        contentless=frozenset(word.folded for entry in data["contentless"] for word in words(str(entry))),
        not_a_name=frozenset(word.folded for entry in data["not_a_name"] for word in words(str(entry))),
        given_names=frozenset(word.folded for entry in data["given_names"] for word in words(str(entry))),
        own_domains=tuple(str(item).lower().lstrip("@") for item in data["own_addresses"]),
        own_phones=frozenset(str(item) for item in data["own_phones"]),
    )
