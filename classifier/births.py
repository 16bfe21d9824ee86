"""Dates of birth: "né le 12/03/1954", "geb. 12. März 1954", "born on March 12, 1954". Only where the text says that it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from classifier.lexicon import fold
from classifier.numbers import few

_MONTHS: Final = (
    "janvier januari januar january janv jan jänner",
    "février fevrier februari februar february févr fév feb fev",
    "mars maart märz maerz march mrt mar",
    "avril april avr apr",
    "mai mei may",
    "juin juni june jun",
    "juillet juli july juil jul",
    "août aout augustus august aug",
    "septembre september sept sep",
    "octobre oktober october okt oct",
    "novembre november nov",
    "décembre decembre december dezember déc dec dez",
)
_MONTH_OF: Final = {fold(word): number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
_MONTH: Final = "|".join(sorted({word for words in _MONTHS for word in words.split()}, key=len, reverse=True))
_DATE: Final = (
    r"(?P<iso>(?:19|20)\d\d[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])(?!\d))"
    r"|(?P<day>\d{1,2})[ \t]?[./\- ][ \t]?(?P<number>\d{1,2})[ \t]?[./\- ][ \t]?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)"
    rf"|(?P<day2>\d{{1,2}})(?:er|e|ste|de|ten|st|nd|rd|th)?\.?[ \t\-./]{{0,2}}(?:of )?(?P<month>{_MONTH})\b\.?,?[ \t\-./]{{0,2}}"
    r"(?P<year2>(?:19|20)\d\d|['’]?\d\d)(?!\d)"
    rf"|(?P<month3>{_MONTH})\b\.?[ \t]{{1,2}}(?P<day3>\d{{1,2}})(?:st|nd|rd|th)?,?[ \t]{{1,2}}(?P<year3>(?:19|20)\d\d)(?!\d)"
)
_SAYS: Final = (
    r"né[.(/\-·]?e?\)?s?|nee?(?= le\b| à)|naissance|ddn|d\.?d\.?n\.?|date de naiss\.?|dn|"
    r"geboren|geb(?:oorte)?[. ]{0,2}(?:datum|dat)?\.?|gbdatum|geboortedag|"
    r"geburtsdatum|geb(?:urts)?[. ]{0,2}(?:datum|dat|tag)?\.?|"
    r"born|birth|birthdate|birthday|dob|d\.o\.b\.?"
)
# Between the word and the date may stand "le", "op", ":", and a place: "née à Liège le", "geboren te Gent op".
_BETWEEN: Final = (
    r"[ \t]{0,2}[:=(]?[ \t]{0,2}(?:(?:est|is|ist|was)[ \t]{1,2})?"
    r"(?:(?:à|te|in|at)[ \t]{1,2}[^\W\d_][^\d\n.;:]{1,30}?[ \t,]{1,2})?(?:(?:le|op|am|on|the|vom|du|den)[ \t]{1,2}){0,2}"
)
_BORN: Final = re.compile(rf"(?:(?<![^\W_])(?:{_SAYS})(?![^\W_])|[°*](?=[ \t]?\d)){_BETWEEN}(?:{_DATE})", re.IGNORECASE)
_ANY_DATE: Final = re.compile(rf"(?<![\d./\-])(?:{_DATE})", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")
_LABEL_BEHIND: Final = re.compile(
    r"[ \t]{0,2}[(,][ \t]{0,2}(?:date de naissance|geboortedatum|geburtsdatum|date of birth|dob|geb)\b", re.IGNORECASE
)
# Two digits of a year up to this one are of this century: those who write were born in the last one, their children here.
_LATEST_SHORT: Final = 30


class Birth(NamedTuple):
    """A date of birth, ISO 8601, with its place; `said` is where the words begin that call it one."""

    value: str
    start: int
    end: int
    said: int


def births(text: str, most: int | None = 200) -> Iterator[Birth]:
    """Every date that the text calls a date of birth, of whomever."""
    if not _DIGIT.search(text):
        return
    for found in few(_BORN.finditer(text), most):
        if value := _iso(found):
            yield Birth(value, _date_start(found), found.end(), found.start())
    if not re.search(r"(?:naissance|datum|birth|dob|geb)\b", text, re.IGNORECASE):
        return
    for found in few(_ANY_DATE.finditer(text), most):
        if _LABEL_BEHIND.match(text, found.end()) and (value := _iso(found)):
            yield Birth(value, *found.span(), found.start())


def date_at(text: str, place: int) -> Birth | None:
    """The date that stands at this place, called a date of birth or not."""
    found = _ANY_DATE.match(text, place)
    value = _iso(found) if found else ""
    return Birth(value, found.start(), found.end(), found.start()) if found and value else None


def _date_start(found: re.Match[str]) -> int:
    return min(found.start(name) for name in ("iso", "day", "day2", "month3") if found.start(name) >= 0)


def _iso(found: re.Match[str]) -> str:
    if found["iso"]:
        year, month, day = (int(part) for part in re.split(r"[-/.]", found["iso"]))
    else:
        day = int(found["day"] or found["day2"] or found["day3"])
        name = found["month"] or found["month3"]
        month = _MONTH_OF[fold(name)] if name else int(found["number"])
        year = _year((found["year"] or found["year2"] or found["year3"]).lstrip("'’"))
    if month > len(_MONTHS) and day <= len(_MONTHS):
        # Americans write the month first.
        day, month = month, day
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _year(written: str) -> int:
    year = int(written)
    if len(written) > 2:
        return year
    return 2000 + year if year <= _LATEST_SHORT else 1900 + year
