"""Finding listed words in a member's text: which other body a message is about, which distress it speaks of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Final, Literal

from config.directory import Body, directory
from config.distress import distress
from config.vocabulary import Language
from router.fields import MAX_TEXT

DistressKind = Literal["suicide", "need", "danger"]
# What stands for a … in a listed phrase, and for the sign at its end; no gap reaches beyond a comma or a dot.
_GAP: Final = r"(?:[ '\-]\w+){0,3}[ '\-]"
_ENDINGS: Final = (("*", r"\w*"), (".", r"(?=\s*(?:[^\w\s'\-]|$))"))
_APOSTROPHES: Final = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})


def folded(text: str) -> str:
    """Text without regard to case, accents and kinds of apostrophe, its blanks made single."""
    decomposed = unicodedata.normalize("NFKD", text[:MAX_TEXT].casefold()).translate(_APOSTROPHES)
    return " ".join("".join(sign for sign in decomposed if not unicodedata.combining(sign)).split())


def find_body(text: str) -> Body | None:
    """The body that a message is about, by its words; None when none is found or two unrelated ones equally often."""
    return _most_found(text, [(body, _body_words(body)) for body in directory().bodies])


def find_named_body(text: str) -> Body | None:
    """As `find_body`, by proper names alone: "Solidaris" names a house, "the hospital" and "my physiotherapist" do not."""
    return _most_found(text, [(body, body.called) for body in directory().bodies if body.called])


def _most_found(text: str, listed: Iterable[tuple[Body, tuple[str, ...]]]) -> Body | None:
    read = folded(text)
    counted = [(len(set(_pattern(words).findall(read))), body) for body, words in listed]
    best = max((count for count, _ in counted), default=0)
    if not best:
        return None
    found = [body for count, body in counted if count == best]
    return found[0] if len({body.group for body in found}) == 1 else None


def distress_in(text: str) -> frozenset[DistressKind]:
    """Which kinds of distress the text speaks of; empty when the words do not say."""
    words = distress()
    read = _pattern(_all(words.harmless)).sub(" ", folded(text))
    kinds: tuple[tuple[DistressKind, tuple[str, ...]], ...] = (
        ("suicide", _all(words.suicide)),
        ("need", _all(words.need)),
        ("danger", _all(words.danger)),
    )
    return certain_distress_in(text) | frozenset(kind for kind, listed in kinds if _pattern(listed).search(read))


def certain_distress_in(text: str) -> frozenset[DistressKind]:
    """Which kinds of distress the text speaks of outright, whatever else it says."""
    read = folded(text)
    return frozenset(kind for kind, listed in distress().certain.items() if _pattern(_all(listed)).search(read))


def only_sounds_like_distress(text: str) -> bool:
    """True for "this waiting is killing me": words of distress that say something else, and no others."""
    return bool(_pattern(_all(distress().harmless)).search(folded(text))) and not distress_in(text)


def _all(words: Mapping[Language, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for listed in words.values() for word in listed)


@cache
def _words_by_body() -> dict[str, tuple[str, ...]]:
    return {body.id: tuple(w for listed in body.words.values() for w in listed) for body in directory().bodies}


def _body_words(body: Body) -> tuple[str, ...]:
    return _words_by_body()[body.id]


@lru_cache(maxsize=64)
def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    listed = sorted({word.strip() for word in words}, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(_phrase, listed)) + ")")


def _phrase(words: str) -> str:
    # Literals, \w* at the end of some, and at most three words in a gap: nothing to backtrack over.
    parts = [re.escape(folded(part.rstrip("*."))) for part in words.split("…")]
    ending = next((end for sign, end in _ENDINGS if words.endswith(sign)), r"(?!\w)")
    return _GAP.join(parts) + ending
