"""Turns a message into numbers: words and word pairs, character pieces, and a few facts that hold in every language.

Training chooses the vocabulary; running only looks words up. A word's pieces are looked up once and remembered, so a
message costs about as much as it has different words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier import identity, lexicon, names
from classifier.classification import Identity, Text
from classifier.lexicon import Hit, Word
from config.vocabulary import CHANNELS, LANGUAGES, Language

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_SHORTEST_PIECE, _LONGEST_PIECE = 3, 5
_REMEMBERED_WORDS: Final = 30_000
_FEWEST_SHOUTED: Final = 20
# Lone surrogates and control signs (which no encoder takes) become spaces, so that every offset stays true.
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINK: Final = re.compile(r"https?://|www\.|\bbit\.ly\b", re.IGNORECASE)

# Channels on which a message without any name is normal: the conversation asks for it, or staff typed the message in.
NAMED_CHANNELS: Final = ("email", "webform")
_OWN_FACTS: Final = (
    "named_channel",
    "no_name",
    "first_name_only",
    "full_name",
    "number_given",
    "pseudonym",
    "nobody",
    "address_name",
    "address_unclear",
    "address_pseudonym",
    "address_role",
    "no_address",
    "shown_not_person",
    "link",
    "question_mark",
    "exclamation",
    "subject",
    "empty",
    "very_short",
    "short",
    "long",
)
FACTS: Final[tuple[str, ...]] = (
    *(f"channel:{channel}" for channel in CHANNELS),
    *(f"language:{language}" for language in LANGUAGES),
    *(f"hint:{hint}" for hint in ("emergency", *lexicon.HINTS)),
    *_OWN_FACTS,
)
_FACT_AT: Final = {name: index for index, name in enumerate(FACTS)}


def readable(text: str) -> str:
    """The text with what cannot be read made a space, sign for sign: every offset stays true."""
    return _UNREADABLE.sub(" ", text)


def shouted(text: str) -> bool:
    """True for a text of some length that is written in capitals."""
    capitals = sum(1 for char in text if char.isupper())
    letters = sum(1 for char in text if char.isalpha())
    return letters > _FEWEST_SHOUTED and capitals > letters * 0.6


def small(text: str) -> str:
    """In small letters, sign for sign: letters whose small form is longer stay."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


@dataclass(frozen=True, slots=True)
class Reading:
    """One message as read for the heads. `words` are of the subject and the text joined by a newline; `body` is where
    the text begins in it. `sender` is who the writer says they are."""

    joined: str
    body: int
    words: Sequence[Word]
    hits: Sequence[Hit]
    sender: Identity
    contentless: bool
    facts: Floats


def read(text: Text, capped: str, language: Language, mended: Callable[[str], str] = str) -> Reading:
    """Read a message whose text was capped and made readable before. `mended`: puts slips of the keyboard right, sign for
    sign."""
    subject = readable(text.subject[:300])
    joined = f"{subject}\n{capped}"
    found = lexicon.words(mended(joined))
    lists = lexicon.load()
    all_hits = lists.find(joined, found)
    body = len(subject) + 1
    contentless = lists.is_contentless([word for word in found if word.start >= body])
    if contentless and subject.strip():
        contentless = lists.is_contentless([word for word in found if word.start < body])
    formulas = [hit for hit in all_hits if hit.group == "formula"]
    found = [word for word in found if not _inside(word.start, formulas)]
    hits = [hit for hit in all_hits if hit.group != "formula" and not _inside(hit.start, formulas)]
    sender = identity.find(text)
    facts = _facts(text, joined, found, hits, sender, language)
    return Reading(joined, body, found, hits, sender, contentless, facts)


def _inside(place: int, formulas: Sequence[Hit]) -> bool:
    return any(formula.start <= place < formula.end for formula in formulas)


def _facts(
    text: Text, joined: str, found: Sequence[Word], hits: Sequence[Hit], sender: Identity, language: Language
) -> Floats:
    on = {f"channel:{text.channel}", f"language:{language}"}
    on.update(name for name, held in _sender_facts(text, sender))
    count = len(found)
    for name, held in (
        ("link", bool(_LINK.search(joined))),
        ("question_mark", "?" in joined),
        ("exclamation", "!" in joined),
        ("subject", bool(text.subject.strip())),
        ("empty", count == 0),
        ("very_short", 0 < count <= 4),
        ("short", 4 < count <= 15),
        ("long", count > 120),
    ):
        if held:
            on.add(name)
    values = np.zeros(len(FACTS), dtype=np.float32)
    for name in on:
        values[_FACT_AT[name]] = 1.0
    # Four words about dentists say more than one, but not four times as much.
    for group, times in Counter(hit.group for hit in hits).items():
        values[_FACT_AT[f"hint:{group}"]] = 1.0 + math.log(times)
    return values


def _sender_facts(text: Text, sender: Identity) -> Iterator[tuple[str, bool]]:
    named_channel = text.channel in NAMED_CHANNELS
    full = names.full(sender.name)
    number = bool(sender.member_number or sender.national_number)
    address = "@" in text.from_address
    kind = names.address_kind(text.from_address) if address else ""
    for name, held in (
        ("named_channel", named_channel),
        ("no_name", not sender.name),
        ("first_name_only", bool(sender.name) and not full),
        ("full_name", full),
        ("number_given", number),
        ("pseudonym", address and identity.pseudonymous(text)),
        ("nobody", nobody(text, sender)),
        ("address_name", kind == "name"),
        ("address_unclear", kind == "unclear"),
        ("address_pseudonym", kind == "pseudonym"),
        ("address_role", kind == "role"),
        ("no_address", not text.from_address.strip()),
        ("shown_not_person", bool(text.from_name.strip()) and not names.person(text.from_name, lower_case=True)),
    ):
        if held:
            yield name, held


def nobody(text: Text, sender: Identity) -> bool:
    """True for an e-mail or web form from which nobody can tell who writes: no full name, no number, no telling address.

    On SMS and chats a missing name alone never counts, and what staff typed in comes from a person they saw or heard.
    """
    return (
        text.channel in NAMED_CHANNELS
        and not identity.stated(sender)
        and identity.pseudonymous(text)
        and not sender.phones
        and not sender.iban
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """The known terms of a message: `ids` ascending, `values` (1 + log tf) x idf scaled, and for evidence which word
    (`owners`) brought which term (`found`); a pair of words is brought by both."""

    ids: Ints
    values: Floats
    owners: Ints
    found: Ints


_NO_TERMS: Final = np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Vocabulary:
    """The words ("aan", "aan de") and pieces ("|<aan") that the heads know, with their inverse document frequencies."""

    terms: Mapping[str, int]
    idf: Floats
    _remembered: dict[str, tuple[int, Ints]] = field(default_factory=dict, repr=False)

    def look_up(self, word: str) -> tuple[int, Ints]:
        """Index of the word itself (-1 when unknown) and of each known piece of it."""
        known = self._remembered.get(word)
        if known is None:
            # The memory is bounded: a flood of made-up words empties it, no more.
            if len(self._remembered) >= _REMEMBERED_WORDS:
                self._remembered.clear()
            found = [index for piece in pieces(word) if (index := self.terms.get(piece, -1)) >= 0]
            known = self.terms.get(term(word), -1), np.asarray(found, dtype=np.int64)
            self._remembered[word] = known
        return known

    def vector(self, text_words: Sequence[Word]) -> Terms:
        """The known terms of a text, words (with pairs) and pieces each scaled to length one."""
        words: list[int] = []
        word_owners: list[int] = []
        of_pieces: list[Ints] = []
        pair_at: list[int] = []
        before = ""
        for number, word in enumerate(text_words):
            index, parts = self.look_up(word.folded)
            of_pieces.append(parts)
            if index >= 0:
                words.append(index)
                word_owners.append(number)
            this = term(word.folded)
            if before and (pair := self.terms.get(f"{before} {this}", -1)) >= 0:
                words.append(pair)
                word_owners.append(number)
                pair_at.append(len(words) - 1)
            before = this
        word_ids = np.asarray(words, dtype=np.int64)
        piece_ids = np.concatenate(of_pieces) if of_pieces else _NO_TERMS
        piece_owners = np.repeat(np.arange(len(of_pieces)), [len(parts) for parts in of_pieces])
        first_owners = np.asarray(word_owners, dtype=np.int64)
        ids, values = self._scaled(word_ids, piece_ids)
        return Terms(
            ids,
            values,
            np.concatenate((first_owners, first_owners[pair_at] - 1, piece_owners)),
            np.concatenate((word_ids, word_ids[pair_at], piece_ids)),
        )

    def _scaled(self, *blocks: Ints) -> tuple[Ints, Floats]:
        all_ids: list[Ints] = []
        all_values: list[Floats] = []
        for block in blocks:
            ids, counts = np.unique(block, return_counts=True)
            weights = ((1.0 + np.log(counts)) * self.idf[ids]).astype(np.float32)
            length = float(np.sqrt(weights @ weights))
            all_ids.append(ids)
            all_values.append(weights / np.float32(length) if length else weights)
        ids, values = np.concatenate(all_ids), np.concatenate(all_values)
        order = np.argsort(ids, kind="stable")
        return ids[order], values[order]


def term(word: str) -> str:
    """How a word stands in the vocabulary: numbers only by their length ("##" for 21)."""
    return "#" * min(len(word), 8) if word.isdigit() else word


def pieces(word: str) -> Iterator[str]:
    """The pieces of three to five letters of a word, its ends marked; numbers and very long words have few or none."""
    if word.isdigit():
        return
    marked = f"<{word[:30]}>"
    for length in range(_SHORTEST_PIECE, _LONGEST_PIECE + 1):
        for start in range(len(marked) - length + 1):
            yield "|" + marked[start : start + length]


def terms_of(text_words: Sequence[Word]) -> set[str]:
    """Every word, pair and piece of a message, for choosing a vocabulary."""
    found: set[str] = set()
    before = ""
    for word in text_words:
        known = term(word.folded)
        found.add(known)
        found.update(pieces(word.folded))
        if before:
            found.add(f"{before} {known}")
        before = known
    return found
