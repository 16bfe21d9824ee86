"""Dates and times as members read them: the month always in letters, the year on every promise."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from babel.dates import format_date

from config.hours import BRUSSELS
from config.vocabulary import Language

_NO_BREAK: Final = "\u00a0"
_PATTERNS: Final[dict[Language, tuple[str, str]]] = {
    "fr": ("fr", "EEEE d MMMM y"),
    "nl": ("nl", "EEEE d MMMM y"),
    "de": ("de", "EEEE, d. MMMM y"),
    "en": ("en_GB", "EEEE d MMMM y"),
}


@lru_cache(maxsize=1024)
def in_full(day: date, language: Language) -> str:
    """A date: "jeudi 17 décembre 2026", "Donnerstag, 17. Dezember 2026"."""
    locale, pattern = _PATTERNS[language]
    text = format_date(day, pattern, locale=locale)
    # In French the first of a month is "1er"; CLDR has no pattern for it.
    return text.replace(" 1 ", " 1er ", 1) if language == "fr" and day.day == 1 else text


def time_of_day(moment: datetime, language: Language) -> str:
    """A time in Brussels: "14 h 30", "14.30 uur", "14:30 Uhr", "14:30". Blanks in it do not break."""
    local = moment.astimezone(BRUSSELS)
    hours, minutes = local.hour, f"{local.minute:02d}"
    return {
        "fr": f"{hours}{_NO_BREAK}h{_NO_BREAK}{minutes}",
        "nl": f"{hours}.{minutes}{_NO_BREAK}uur",
        "de": f"{hours}:{minutes}{_NO_BREAK}Uhr",
        "en": f"{hours}:{minutes}",
    }[language]
