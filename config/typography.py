"""How our words are set: the no-break spaces of a language, and the small alphabet of text messages."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from config.vocabulary import Language

_BEFORE: Final = re.compile(r" (?=[;:!?»])")
_NO_BREAK: Final = "\u00a0"


def typographic(text: str, language: Language) -> str:
    """Words of the house with the no-break spaces that their language wants; never for what a member wrote."""
    if language == "fr":
        text = _BEFORE.sub(_NO_BREAK, text).replace("« ", f"«{_NO_BREAK}")
    return text


# The letters and signs of one SMS septet each (3GPP TS 23.038, default alphabet), and those that take two.
GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_DOUBLE: Final = frozenset("^{}\\[~]|€")
_PLAIN: Final = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "œ": "oe",
    "Œ": "Oe",
    "\u00a0": " ",
    "\u202f": " ",
}


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
    if sign in _PLAIN:
        return _PLAIN[sign]
    base = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return base if base and all(part in GSM7 for part in base) else "?"
