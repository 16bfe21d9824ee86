"""A text in pieces that Telegram takes: at most 4 096 UTF-16 units each, cut where a reader would pause."""

from __future__ import annotations

import re
from typing import Final

LIMIT: Final = 4096
# Where to cut, the best first: between paragraphs, lines, sentences, words.
_PAUSES: Final = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…])\s+"), re.compile(r"\s+"))
_INVISIBLE: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*")


def units(text: str) -> int:
    """The length as Telegram counts it: letters beyond the basic plane, most emoji among them, count twice."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def pieces(text: str, limit: int = LIMIT) -> list[str]:
    """The text in as few pieces as its pauses allow, none of them empty; no letter is lost but blanks at the cuts."""
    # Half a character cannot be sent.
    rest = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").strip()
    found = []
    while units(rest) > limit:
        end, after = _cut(rest, limit)
        found.append(rest[:end].rstrip())
        rest = rest[after:].lstrip()
    found.append(rest)
    return [piece for piece in found if not _INVISIBLE.fullmatch(piece)]


def _cut(text: str, limit: int) -> tuple[int, int]:
    """Where the first piece ends and the rest begins."""
    most = _letters(text, limit)
    for pause in _PAUSES:
        # A piece that is less than half full is worth no better place to cut.
        at = [match for match in pause.finditer(text, most // 2, most + 1) if match.start() <= most]
        if at:
            return at[-1].start(), at[-1].end()
    return most, most


def _letters(text: str, limit: int) -> int:
    """How many letters from the beginning fit into so many units."""
    used = 0
    for index, letter in enumerate(text):
        used += 2 if letter > "\uffff" else 1
        if used > limit:
            return index
    return len(text)
