"""The reference a member quotes, such as PM-2026-004217-75: year, sequence and two check digits.

The check digits are those of ISO 7064 MOD 97-10 over the digits of year and sequence, as in an IBAN: one mistyped digit
or two swapped neighbours never give another valid reference, so no wrong case is opened by a slip of the finger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_YEARS: Final = range(2000, 2100)
# A sequence has six digits, and more once a year has more than a million messages.
_SEQUENCE_DIGITS: Final = range(6, 10)

# What people, word processors and line wrapping put between the digits: blanks, every kind of dash, dots, slashes.
_GAP: Final = r"[\s\-_./:\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]{0,3}"
_LONGEST: Final = 4 + _SEQUENCE_DIGITS[-1] + 2
_REFERENCE = re.compile(rf"(?<![^\W_])PM{_GAP}(?:[0-9]{_GAP}){{11,{_LONGEST - 1}}}[0-9]", re.IGNORECASE)
_ALONE = re.compile(rf"\s*(?:PM{_GAP})?((?:[0-9]{_GAP}){{11,{_LONGEST - 1}}}[0-9])[\s.,;:!?]*", re.IGNORECASE)
_DIGIT = re.compile(r"[0-9]")


def check_digits(year: int, sequence: int) -> str:
    """Return the two check digits (ISO 7064 MOD 97-10) for the `sequence`-th reference of `year`."""
    return f"{98 - int(f'{year:04d}{sequence:06d}') * 100 % 97:02d}"


def format_reference(year: int, sequence: int) -> str:
    """Return the canonical form, `PM-2026-004217-75`. Raises ValueError for a year or sequence that has none."""
    if year not in _YEARS or sequence < 0 or len(f"{sequence:06d}") not in _SEQUENCE_DIGITS:
        message = "a reference has a year of this century and a sequence of at most nine digits"
        raise ValueError(message)
    return f"PM-{year:04d}-{sequence:06d}-{check_digits(year, sequence)}"


def _verified(digits: str) -> str | None:
    """Return the canonical reference made of these digits, or None when they are not one."""
    year, sequence, check = int(digits[:4]), digits[4:-2], digits[-2:]
    if year not in _YEARS or len(f"{int(sequence):06d}") != len(sequence) or check != check_digits(year, int(sequence)):
        return None
    return format_reference(year, int(sequence))


def _candidates(text: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(text):
        places = [match.start() + found.start() for found in _DIGIT.finditer(match.group())]
        found = _reading(text, places)
        if found:
            yield found


def _reading(text: str, places: list[int]) -> str | None:
    """The reference that begins at the first of these digits.

    More digits may follow by chance ("… 75 2 fois"), so the shortest reading that verifies is taken; it never ends in the
    middle of a number. One whose check digits stand apart, as we write them, goes before one where they do not.
    """
    joined = None
    for length in range(12, len(places) + 1):
        if text[places[length - 1] + 1 : places[length - 1] + 2].isdigit():
            continue
        found = _verified("".join(text[place] for place in places[:length]))
        if found and places[length - 2] - places[length - 3] > 1:
            return found
        joined = joined or found
    return joined


def find_references(text: str) -> tuple[str, ...]:
    """Return every reference quoted in `text`, in canonical form and check digits verified, once each, in order.

    Spacing, case and the kind of dash do not matter. Time is linear in the length of the text.
    """
    return tuple(dict.fromkeys(_candidates(text)))


def parse_reference(text: str) -> str | None:
    """Return the canonical form of `text` when it is one reference and nothing else ("PM" may lack), else None."""
    match = _ALONE.fullmatch(text)
    return _verified("".join(_DIGIT.findall(match.group(1)))) if match else None
