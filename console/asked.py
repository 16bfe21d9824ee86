"""What somebody typed into the search field: a reference, a number or an address of a member, or words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers

from channels.reference import find_references, format_reference, parse_reference
from store.finding import Asked

# Digits as a reference has them, whoever mistyped one: worth saying so rather than finding nothing.
_LIKE_REFERENCE: Final = re.compile(r"(?:PM\W{0,3}(?:\d\W{0,3}){11,16}|20\d\d(?:\W{0,3}\d){8,12})", re.IGNORECASE)
_SHORT: Final = re.compile(
    r"(?:PM\W{0,3})?(?:(?P<year>20\d\d)\W{1,3})?(?P<number>\d{1,6})(?:\W{1,3}(?P<check>\d\d))?", re.IGNORECASE
)
_MOST_NAMED: Final = 20
_MAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,254}")
_NUMBER: Final = re.compile(r"[+(]?\d(?:[\s./()\-\u00a0\u2010-\u2013]{0,2}\d){5,15}")


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed. `reference` when it is one with good check digits, `mistyped` when it looks like one with wrong ones.
    `named` are the references that it names in another way, or among others: their cases come first."""

    typed: str
    reference: str
    mistyped: bool
    asked: Asked
    named: tuple[str, ...] = ()


def understood(typed: str, *, year: int = 0) -> Query:
    """Read what was typed. A number alone is that of a case of this `year`."""
    # A reference may come along with the words around it, as it is copied from a letter.
    quoted = find_references(typed)
    reference = parse_reference(typed) or (quoted[0] if len(quoted) == 1 else None)
    if reference:
        return Query(typed, reference, mistyped=False, asked=Asked())
    short = _short(typed, year)
    named = (short,) if short else quoted[:_MOST_NAMED]
    mistyped = bool(_LIKE_REFERENCE.fullmatch(typed)) and not named
    if _MAIL.fullmatch(typed):
        return Query(typed, "", mistyped=False, asked=Asked(typed, "", (("email", typed.lower()),)))
    if _NUMBER.fullmatch(typed):
        phone = _phone(typed)
        asked = Asked(typed, typed, (("phone", phone),) if phone else ())
        return Query(typed, "", mistyped=mistyped, asked=asked, named=named)
    return Query(typed, "", mistyped=mistyped, asked=Asked(typed), named=named)


def _short(typed: str, year: int) -> str:
    """The reference that is meant by one without its zeros or its check digits ("2026-4217", "PM 4217 75"); "" for none."""
    found = _SHORT.fullmatch(typed)
    if not found or not (found["year"] or year):
        return ""
    try:
        reference = format_reference(int(found["year"] or year), int(found["number"]))
    except ValueError:
        return ""
    return reference if not found["check"] or reference.endswith(f"-{found['check']}") else ""


def _phone(typed: str) -> str:
    """As the register keeps telephone numbers (E.164), read as Belgian without a country; "" when it can be none."""
    try:
        number = phonenumbers.parse(typed, "BE")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
