"""Texts with holes, which are no templates: one pass over closed lists of {names} and [flag: parts].

A part may ask for several flags at once ([body+open: ...]).

There are no attributes, indexes, formats or nesting, and what fills a hole is never looked at again, so nothing a
member writes can become an instruction. An unknown name or flag is found when the text is read, not when it is sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from config.gsm7 import GSM7, GSM7_DOUBLE, PLAIN
from config.vocabulary import Language

NAMES: Final = frozenset(
    {
        "reference",
        "due_on",
        "received_on",
        "written_on",
        "name",
        "what",
        "department",
        "case_url",
        "code",
        "letter_url",
        "about",
        "body",
        "body_contact",
        "callback",
        "coordinator",
        "office",
        "phone",
        "mail",
        "post",
        "emergency",
        "suicide_fr",
        "suicide_nl",
        "talk_fr",
        "talk_nl",
        "talk_de",
        "talk_en",
    }
)
FLAGS: Final = frozenset(
    {
        "to_open",
        "to_withdraw",
        "to_copy",
        "due",
        "no_due",
        "case",
        "letter",
        "no_letter",
        "body",
        "no_body",
        "department",
        "no_department",
        "decision",
        "callback",
        "suicide",
        "no_suicide",
        "need",
        # What the message is, where that is sure; several texts speak of a complaint only where it is one.
        "complaint",
        "no_complaint",
        "question",
        "no_question",
        "medical",
        "mediation",
        "weekdays",
        "saturdays",
        # Where others may read over the member's shoulder (SMS and WhatsApp show on locked screens), or not.
        "discreet",
        "open",
    }
)

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_PART: Final = re.compile(r"\[([a-z_+]+): ([^\[\]]*)\]")
_BEFORE: Final = re.compile(r" (?=[;:!?»])")
_NO_BREAK: Final = "\u00a0"


class TextError(Exception):
    """A text of the house names something that does not exist, or its brackets do not match."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words, or the name of a hole; only in the text when all of `flags` are set."""

    flags: frozenset[str]
    words: str
    name: str = ""


# A text is paragraphs, a paragraph is pieces.
Parsed = tuple[tuple[_Piece, ...], ...]


@lru_cache(maxsize=512)
def parse(text: str, language: Language) -> Parsed:
    """A text of the house, read. Raises TextError."""
    paragraphs = (block.strip() for block in re.split(r"\n[ \t]*\n", text.strip()))
    return tuple(_paragraph(block, language) for block in paragraphs if block)


def render(parsed: Parsed, values: Mapping[str, str], flags: Set[str]) -> str:
    """The text with its holes filled; empty paragraphs are dropped. Raises KeyError for a missing value."""
    done = []
    for paragraph in parsed:
        shown = [piece for piece in paragraph if piece.flags <= flags]
        text = "".join(values[piece.name] if piece.name else piece.words for piece in shown)
        text = text.strip(" \n")
        if text:
            done.append(text)
    return "\n\n".join(done)


def names_in(parsed: Parsed) -> frozenset[str]:
    """Every name that a text may fill, whatever the flags."""
    return frozenset(piece.name for paragraph in parsed for piece in paragraph if piece.name)


def _paragraph(block: str, language: Language) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    position = 0
    for part in _PART.finditer(block):
        pieces += _pieces(frozenset(), block[position : part.start()], language)
        flags = frozenset(part.group(1).split("+"))
        if unknown := flags - FLAGS:
            raise TextError(f"there is no condition '{min(unknown)}'")
        pieces += _pieces(flags, part.group(2), language)
        position = part.end()
    pieces += _pieces(frozenset(), block[position:], language)
    return tuple(pieces)


def _pieces(flags: frozenset[str], text: str, language: Language) -> list[_Piece]:
    pieces = []
    position = 0
    for hole in _HOLE.finditer(text):
        pieces.append(_Piece(flags, _words(text[position : hole.start()], language)))
        name = hole.group(1)
        if name not in NAMES:
            raise TextError(f"there is no name '{name}'")
        pieces.append(_Piece(flags, "", name))
        position = hole.end()
    pieces.append(_Piece(flags, _words(text[position:], language)))
    return [piece for piece in pieces if piece.words or piece.name]


def _words(text: str, language: Language) -> str:
    if stray := next((sign for sign in "{}[]" if sign in text), ""):
        raise TextError(f"a '{stray}' stands alone near '{text.strip()[:40]}'")
    return typographic(text, language)


def typographic(text: str, language: Language) -> str:
    """Words of the house with the no-break spaces that their language wants; never for what a member wrote."""
    if language == "fr":
        text = _BEFORE.sub(_NO_BREAK, text).replace("« ", f"«{_NO_BREAK}")
    return text


def plain_for_sms(text: str) -> str:
    """The text in the default alphabet of SMS: one curly apostrophe or "ê" would halve what fits in a part.

    « a » loses the blanks inside its quotes with them; what has no plain form becomes a question mark.
    """
    text = text.replace("«\u00a0", '"').replace("\u00a0»", '"')
    return "".join(_gsm7(sign) for sign in text)


def sms_parts(text: str) -> int:
    """Into how many SMS a text in the default alphabet is cut: 160 in one, 153 in each of several."""
    septets = sum(2 if sign in GSM7_DOUBLE else 1 for sign in text)
    return 1 if septets <= 160 else -(-septets // 153)


def _gsm7(sign: str) -> str:
    if sign in GSM7 or sign in GSM7_DOUBLE:
        return sign
    if sign in PLAIN:
        return PLAIN[sign]
    base = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return base if base and all(part in GSM7 for part in base) else "?"
