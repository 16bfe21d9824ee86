"""How our words are set: the no-break spaces of a language, and the small alphabet of text messages."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from config.gsm7 import GSM7, GSM7_DOUBLE, PLAIN
from config.vocabulary import Language

_BEFORE: Final = re.compile(r" (?=[;:!?»])")
_NO_BREAK: Final = "\u00a0"


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
    length = septets(text)
    return 1 if length <= 160 else -(-length // 153)


def septets(text: str) -> int:
    """How long a text in the default alphabet is: a few of its signs count twice."""
    return sum(2 if sign in GSM7_DOUBLE else 1 for sign in text)


def _gsm7(sign: str) -> str:
    if sign in GSM7 or sign in GSM7_DOUBLE:
        return sign
    if sign in PLAIN:
        return PLAIN[sign]
    base = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return base if base and all(part in GSM7 for part in base) else "?"
