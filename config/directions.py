"""Marks that turn the direction of writing, which make a name read as another one (rule M14).

"anna" + U+202E + "gpj.exe" is shown as "annaexe.jpg". No language that members are answered in needs such a mark in a name, a
file's name or a subject; where one stands all the same, what is left without it reads as it is stored.
"""

from __future__ import annotations

import re
from typing import Final

_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def straight(text: str) -> str:
    """A text without marks that turn its direction."""
    return text if text.isascii() else _TURNING.sub("", text)
