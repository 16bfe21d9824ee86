"""Texts about one person without the others in them: what an answer to a request for access may say (GDPR, article 15(4)).

Rather too much is masked than too little: whoever prepares the answer sees every hit and may show one again. What the person
is known by themselves stays, and so do the house's own numbers and whoever of us has signed a message to them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, NamedTuple, get_args

from pydantic import BaseModel

from classifier import identity, masking, names, numbers
from classifier.classification import Identity, IdentityField, Text
from classifier.lexicon import fold
from config.vocabulary import Channel
from gateway.particulars import of_the_house

# What stands where somebody or something was masked; each has its words in the language of the answer.
Mask = Literal["name", "mail", "phone", "number", "date", "case", "word"]
MASKS: Final[tuple[Mask, ...]] = get_args(Mask)
_WORD: Final = re.compile(r"[^\W\d_]+")
_BETWEEN: Final = re.compile(r"[\s'’.\-]{1,3}")
_REFERENCE: Final = re.compile(r"\bPM-?\d{4}-?\d{6}-?\d{2}\b", re.IGNORECASE)
_SHORTEST_PART: Final = 3
_KINDS: Final[dict[IdentityField, Mask]] = {
    "name": "name",
    "on_behalf": "name",
    "member_number": "number",
    "national_number": "number",
    "iban": "number",
    "phone": "phone",
    "email": "mail",
    "birth_date": "date",
}
# Of two that overlap the first counts; what a person asked for is surer than what was found.
_ORDER: Final[tuple[Mask, ...]] = ("word", "name", "mail", "case", "number", "phone", "date")


class Piece(BaseModel, frozen=True):
    """A stretch of a text; where something is masked, what it was, and nothing of what it said."""

    text: str = ""
    masked: Literal["", "name", "mail", "phone", "number", "date", "case", "word"] = ""


class Hit(NamedTuple):
    """Something that is masked, or was and is shown again, as it stood."""

    kind: Mask
    text: str


class _Span(NamedTuple):
    start: int
    end: int
    kind: Mask


def words_of(name: str) -> frozenset[str]:
    """The words of a name, folded, without titles and particles."""
    every = (word for word in _WORD.findall(name) if not names.is_title(word))
    return frozenset(fold(word) for word in every if len(word) > 1) - names.PARTICLES


@dataclass(frozen=True, slots=True)
class Known:
    """What the house knows of who is who. `own` are the person's addresses and numbers, `references` their cases; `seen` whom of
    us they know by name, `others` everybody else whose name may be met."""

    name: str
    own: Collection[str] = ()
    references: Collection[str] = ()
    seen: Collection[str] = ()
    others: Collection[str] = ()


@dataclass
class Masker:
    """Masks the texts of one case and counts what it met. `also` is masked too; `shown` is not, though it was found."""

    known: Known
    also: Sequence[str] = ()
    shown: Collection[str] = ()
    hits: Counter[Hit] = field(default_factory=Counter)
    shown_again: Counter[Hit] = field(default_factory=Counter)
    found_also: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._allowed = [words_of(name) for name in (self.known.name, *self.known.seen)]
        self._own = {_plain(value) for value in self.known.own}
        self._references = {_digits(reference) for reference in self.known.references}
        self._names = [
            tokens for name in self.known.others if (tokens := [fold(word) for word in _WORD.findall(name)]) and name
        ]
        everybody = frozenset().union(*(words_of(name) for name in self.known.others)) if self.known.others else set()
        mine = frozenset().union(*self._allowed)
        self._parts = {word for word in everybody if len(word) >= _SHORTEST_PART} - mine
        self._shown = {_folded(text) for text in self.shown}

    def pieces(self, text: str, channel: Channel = "email") -> tuple[Piece, ...]:
        """The text in pieces, the masked ones without their words."""
        pieces: list[Piece] = []
        at = 0
        for span in self._spans(text, channel):
            if span.start > at:
                pieces.append(Piece(text=text[at : span.start]))
            pieces.append(Piece(masked=span.kind))
            at = span.end
        if at < len(text):
            pieces.append(Piece(text=text[at:]))
        return tuple(pieces)

    def _spans(self, text: str, channel: Channel) -> list[_Span]:
        """What is masked, from left to right; where several overlap, all that any of them saw."""
        every = sorted(self._found(text, channel), key=lambda one: (one.start, -one.end, _ORDER.index(one.kind)))
        kept: list[_Span] = []
        for span in every:
            if kept and span.start < kept[-1].end:
                kept[-1] = kept[-1]._replace(end=max(kept[-1].end, span.end))
            else:
                kept.append(span)
        for span in kept:
            self.hits[Hit(span.kind, text[span.start : span.end])] += 1
        return kept

    def _found(self, text: str, channel: Channel) -> Iterator[_Span]:
        for phrase in self.also:
            for hit in _phrase(phrase).finditer(text):
                self.found_also[phrase] += 1
                yield _Span(*hit.span(), "word")
        for span in {*self._people(text), *self._numbers(text, channel)}:
            written = text[span.start : span.end]
            if _folded(written) in self._shown:
                self.shown_again[Hit(span.kind, written)] += 1
            else:
                yield span

    def _people(self, text: str) -> Iterator[_Span]:
        """Those whose names are known, whole or in part; a part counts where it is written as a name."""
        tokens = list(_WORD.finditer(text))
        folded = [fold(token.group()) for token in tokens]
        for at, token in enumerate(tokens):
            if folded[at] in self._parts and token.group()[0].isupper():
                yield _Span(*token.span(), "name")
            for name in self._names:
                for order in (name, name[::-1]):
                    last = at + len(order) - 1
                    if len(order) > 1 and folded[at : last + 1] == order and _together(text, tokens[at : last + 1]):
                        yield _Span(token.start(), tokens[last].end(), "name")

    def _numbers(self, text: str, channel: Channel) -> Iterator[_Span]:
        """What finds people in any text: names that are written as such, numbers, addresses, references of cases."""
        said = _said(text, channel)
        for hit in _REFERENCE.finditer(text):
            if _digits(hit.group()) not in self._references:
                yield _Span(*hit.span(), "case")
        taken = [hit.span() for hit in _REFERENCE.finditer(text)]
        spans: list[tuple[int, int, IdentityField]] = list(masking.spans(text, said))
        spans += [(found.start, found.end, "phone") for found in numbers.phones(text)]
        for start, end, kind in spans:
            mask, written = _KINDS[kind], text[start:end]
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            if not (self._is_allowed(written) if mask == "name" else self._is_own(written, mask)):
                yield _Span(start, end, mask)

    def _is_allowed(self, written: str) -> bool:
        """Whether a name is the person's own, or of one of us whom they know."""
        said = words_of(written)
        return not said or any(said <= one for one in self._allowed)

    def _is_own(self, written: str, mask: Mask) -> bool:
        if _plain(written) in self._own:
            return True
        if mask == "mail":
            # A mailbox of ours that bears a colleague's name tells who they are.
            return of_the_house(written.lower()) and not (words_of(written.partition("@")[0]) & self._parts)
        return mask == "phone" and any(of_the_house(found.value) for found in numbers.phones(written))


def _said(text: str, channel: Channel) -> Identity:
    """What a text says of its writer; its own places, since the text is looked at as it stands."""
    return identity.find(Text(channel=channel, text=text))


def _phrase(phrase: str) -> re.Pattern[str]:
    """A phrase as whole words, however its blanks are written."""
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, phrase.split())) + r"(?!\w)", re.IGNORECASE)


def _together(text: str, tokens: Sequence[re.Match[str]]) -> bool:
    return all(_BETWEEN.fullmatch(text[one.end() : other.start()]) for one, other in pairwise(tokens))


def _plain(value: str) -> str:
    """An address in small letters; a number by its digits, without what stands for Belgium in front."""
    if "@" in value:
        return value.strip().lower()
    digits = _digits(value)
    for prefix in ("0032", "32", "0"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 8:
            return digits.removeprefix(prefix)
    return digits


def _digits(text: str) -> str:
    return numbers.digits(text)


def _folded(text: str) -> str:
    return " ".join(fold(text).split())


def others_among(known: Iterable[str], name: str) -> list[str]:
    """Those of some names that are not the person's own, whoever gave them."""
    mine = words_of(name)
    return [one for one in dict.fromkeys(known) if one.strip() and words_of(one) - mine]
