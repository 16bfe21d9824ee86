"""Into how many SMS a text is cut, and how to make it cost fewer (3GPP TS 23.038 and 23.040).

A text in the default alphabet has 160 septets in one SMS and 153 in each of several; any other has 70 and 67 units of 16
bits. Nothing is cut in the middle: not an escape and its sign, not the two halves of an emoji.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from config.gsm7 import GSM7, GSM7_DOUBLE, PLAIN

Encoding = Literal["gsm7", "ucs2"]

# What fits in a message that is alone, and in each part of one that is cut.
ALONE: Final[dict[Encoding, int]] = {"gsm7": 160, "ucs2": 70}
IN_PARTS: Final[dict[Encoding, int]] = {"gsm7": 153, "ucs2": 67}


@dataclass(frozen=True, slots=True)
class Count:
    """What a text takes: units (septets or 16 bits), and the messages that a member's phone gets for it, at least 1."""

    encoding: Encoding
    units: int
    segments: int


def count(text: str) -> Count:
    """Count the messages for `text` as it is."""
    encoding = _encoding(text)
    return Count(encoding, sum(_width(sign, encoding) for sign in text), len(parts(text)))


def parts(text: str) -> list[str]:
    """The text cut as a phone network cuts it; joined again it is the text. An empty text is one empty part."""
    encoding = _encoding(text)
    if sum(_width(sign, encoding) for sign in text) <= ALONE[encoding]:
        return [text]
    found, start, used = [], 0, 0
    for place, sign in enumerate(text):
        width = _width(sign, encoding)
        if used + width > IN_PARTS[encoding]:
            found.append(text[start:place])
            start, used = place, 0
        used += width
    return [*found, text[start:]]


def costly(text: str) -> list[str]:
    """The signs that are not in the default alphabet, each once in their order: one is enough to halve what fits."""
    return [sign for sign in dict.fromkeys(text) if sign not in GSM7 and sign not in GSM7_DOUBLE]


def economical(text: str) -> str:
    """The text in the default alphabet when only typography and accents are lost by it ("’", "ê"); else the text as it is.

    Unlike the words of the house, what a person typed may hold signs that have no plain form, and these must arrive.
    """
    plain = [_plain(sign) for sign in unicodedata.normalize("NFC", text)]
    return text if None in plain else "".join(sign for sign in plain if sign is not None)


def _encoding(text: str) -> Encoding:
    return "ucs2" if costly(text) else "gsm7"


def _width(sign: str, encoding: Encoding) -> int:
    if encoding == "gsm7":
        return 2 if sign in GSM7_DOUBLE else 1
    return 2 if ord(sign) > 0xFFFF else 1


def _plain(sign: str) -> str | None:
    if sign in GSM7 or sign in GSM7_DOUBLE:
        return sign
    if sign in PLAIN:
        return PLAIN[sign]
    base = "".join(part for part in unicodedata.normalize("NFD", sign) if not unicodedata.combining(part))
    return base if base and base != sign and all(part in GSM7 for part in base) else None
