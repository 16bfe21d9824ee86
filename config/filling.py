"""Texts with holes, which are no templates: one pass over closed lists of {names} and [flag: parts].

A part may ask for several flags at once ([body+open: ...]).

There are no attributes, indexes, formats or nesting, and what fills a hole is never looked at again, so nothing a
member writes can become an instruction. An unknown name or flag is found when the text is read, not when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final, NamedTuple

from config.typography import typographic
from config.vocabulary import Language

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_PART: Final = re.compile(r"\[([a-z_+]+): ([^\[\]]*)\]")


class TextError(Exception):
    """A text of the house names something that does not exist, or its brackets do not match.

    `key` names what is wrong ("no_condition", "no_name", "stray"), `what` is the place in the text, for who reads it in a
    language of their own.
    """

    def __init__(self, message: str, key: str, what: str) -> None:
        super().__init__(message)
        self.key = key
        self.what = what


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words, or the name of a hole; only in the text when all of `flags` are set."""

    flags: frozenset[str]
    words: str
    name: str = ""


class Allowed(NamedTuple):
    """The closed lists of a kind of texts: the names that they may fill, the conditions that they may ask for."""

    names: frozenset[str]
    flags: frozenset[str]


# A text is paragraphs, a paragraph is pieces.
Parsed = tuple[tuple[_Piece, ...], ...]


def parse(text: str, language: Language, allowed: Allowed) -> Parsed:
    """A text of the house, read. Raises TextError for a name or a condition that is not `allowed`."""
    paragraphs = (block.strip() for block in re.split(r"\n[ \t]*\n", text.strip()))
    return tuple(_paragraph(block, language, allowed) for block in paragraphs if block)


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


def flags_in(parsed: Parsed) -> frozenset[str]:
    """Every condition that a text asks for."""
    return frozenset(flag for paragraph in parsed for piece in paragraph for flag in piece.flags)


def _paragraph(block: str, language: Language, allowed: Allowed) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    position = 0
    for part in _PART.finditer(block):
        pieces += _pieces(frozenset(), block[position : part.start()], language, allowed)
        flags = frozenset(part.group(1).split("+"))
        if unknown := flags - allowed.flags:
            raise TextError(f"there is no condition '{min(unknown)}'", "no_condition", f"[{min(unknown)}: …]")
        pieces += _pieces(flags, part.group(2), language, allowed)
        position = part.end()
    pieces += _pieces(frozenset(), block[position:], language, allowed)
    return tuple(pieces)


def _pieces(flags: frozenset[str], text: str, language: Language, allowed: Allowed) -> list[_Piece]:
    pieces = []
    position = 0
    for hole in _HOLE.finditer(text):
        pieces.append(_Piece(flags, _words(text[position : hole.start()], language)))
        name = hole.group(1)
        if name not in allowed.names:
            raise TextError(f"there is no name '{name}'", "no_name", f"{{{name}}}")
        pieces.append(_Piece(flags, "", name))
        position = hole.end()
    pieces.append(_Piece(flags, _words(text[position:], language)))
    return [piece for piece in pieces if piece.words or piece.name]


def _words(text: str, language: Language) -> str:
    if stray := next((sign for sign in "{}[]" if sign in text), ""):
        near = text.strip()[:40]
        raise TextError(f"a '{stray}' stands alone near '{near}'", "stray", near)
    return typographic(text, language)
