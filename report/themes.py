"""What people complained about most: the words that decided for a department, with sentences of which nobody can be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from classifier.classification import Text
from config.vocabulary import Channel
from report.figures import Theme
from report.hiding import SMALL
from store.reporting import Told

_MOST: Final = 8
_EXAMPLES: Final = 2
_LONGEST: Final = 160
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")


def themes(told: Sequence[Told]) -> tuple[Theme, ...]:
    """The most frequent words of evidence, of at least 5 cases each; a case counts once for each of its words.

    Examples are masked by the same function that makes messages fit to learn from, and leave out every sentence that holds a
    number, which may be somebody's.
    """
    counted: Counter[tuple[str, str]] = Counter()
    spelled: dict[tuple[str, str], Counter[str]] = {}
    of_theme: dict[tuple[str, str], list[tuple[Told, Mapping[str, Any]]]] = {}
    for one in told:
        words = {(one.department, _key(piece["text"])): piece for piece in _words(one)}
        counted.update(words.keys())
        for key, piece in words.items():
            spelled.setdefault(key, Counter())[piece["text"].casefold()] += 1
            of_theme.setdefault(key, []).append((one, piece))
    found = sorted((-count, key) for key, count in counted.items() if count >= SMALL)[:_MOST]
    return tuple(
        Theme(
            department=key[0],
            word=spelled[key].most_common(1)[0][0],
            count=-negative,
            examples=tuple(_examples(of_theme[key])),
        )
        for negative, key in found
    )


def behind_theme(told: Sequence[Told], department: str, word: str) -> list[int]:
    """The cases that a theme counts, the latest first."""
    return [
        one.case_id
        for one in told
        if one.department == department and any(_key(piece["text"]) == _key(word) for piece in _words(one))
    ]


def _words(one: Told) -> Iterable[Mapping[str, Any]]:
    return (
        piece
        for piece in one.evidence
        if piece["label"] == one.department and piece.get("part", "words") == "words" and piece["start"] >= 0
    )


def _key(words: str) -> str:
    return " ".join(words.casefold().split())


def _examples(cases: Sequence[tuple[Told, Mapping[str, Any]]]) -> Iterable[str]:
    from classifier.anonymising import masked  # noqa: PLC0415 (its lists of names are read where somebody wants a report)

    seen: set[str] = set()
    for told, piece in cases:
        sentence = _sentence(told.text, piece["start"], piece["end"])
        if not sentence or any(sign.isdigit() for sign in sentence):
            continue
        text = Text(channel=cast(Channel, told.channel), text=sentence, from_name=told.name)
        said = masked(text, [told.name] if told.name else []).text
        if _key(said) not in seen:
            seen.add(_key(said))
            yield said
        if len(seen) == _EXAMPLES:
            return


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a place; "" for one too long to quote."""
    begins = 0
    for gap in _SENTENCE_END.finditer(text):
        if gap.start() >= end:
            sentence = text[begins : gap.start()]
            return sentence.strip() if len(sentence) <= _LONGEST else ""
        if gap.end() <= start:
            begins = gap.end()
    return text[begins:].strip() if len(text) - begins <= _LONGEST else ""
