"""The default alphabet of SMS (3GPP TS 23.038): a text in it takes one septet a sign, any other text 16 bits a sign."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# The letters and signs of one septet each.
GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Those of the extension table: an escape and a sign, two septets.
GSM7_DOUBLE: Final = frozenset("\f^{}\\[~]|€")
# Typographic signs and what stands for them. Letters with other accents lose these by decomposition.
PLAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
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
)
