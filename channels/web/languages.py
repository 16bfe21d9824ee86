"""Which language a page speaks, and how it says dates, times and references."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date

from config.vocabulary import LANGUAGES, Language

# Each language in its own words, in the order in which they stand on every page.
OWN_NAMES: Final[dict[Language, str]] = {"fr": "Français", "nl": "Nederlands", "de": "Deutsch", "en": "English"}
BRUSSELS: Final = ZoneInfo("Europe/Brussels")

_LONG: Final[dict[Language, str]] = {
    "fr": "EEEE d MMMM y",
    "nl": "EEEE d MMMM y",
    "de": "EEEE, d. MMMM y",
    "en": "EEEE d MMMM y",
}
_SHORT: Final[dict[Language, str]] = {"fr": "d MMMM", "nl": "d MMMM", "de": "d. MMMM", "en": "d MMMM"}
LOCALE: Final[dict[Language, str]] = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_BE", "en": "en_GB"}


def known(value: str) -> Language | None:
    """Return the language this code names, or None."""
    return next((language for language in LANGUAGES if language == value), None)


def preferred(accept_language: str) -> Language:
    """Choose by `Accept-Language` (RFC 9110, 12.5.4): the best liked of ours, French where none is."""
    best: tuple[float, Language] = (0.0, "fr")
    for part in accept_language[:1000].split(","):
        name, _, parameter = part.strip().partition(";")
        language = known(name.strip().lower().partition("-")[0])
        weight = _weight(parameter)
        if language is not None and weight > best[0]:
            best = (weight, language)
    return best[1]


def of_request(request: web.BaseRequest) -> Language:
    """Return the language of the address (`/nl/…`), else the one that the browser prefers."""
    first = request.path.split("/", 2)[1]
    return known(first) or preferred(request.headers.get("Accept-Language", ""))


def long_date(day: date, language: Language) -> str:
    """Return the date as it is promised: weekday, month in letters, year."""
    return format_date(day, _LONG[language], locale=LOCALE[language])


def short_date(moment: datetime, language: Language) -> str:
    """Return the day of a past event, in Brussels, without weekday and year."""
    return format_date(moment.astimezone(BRUSSELS), _SHORT[language], locale=LOCALE[language])


def clock_time(moment: datetime, language: Language) -> str:
    """Return the time of day in Brussels, as each language writes it."""
    local = moment.astimezone(BRUSSELS)
    return {
        "fr": f"{local.hour}\u00a0h\u00a0{local.minute:02d}",
        "nl": f"{local.hour}.{local.minute:02d}\u00a0uur",
        "de": f"{local.hour}:{local.minute:02d}\u00a0Uhr",
        "en": f"{local.hour}:{local.minute:02d}",
    }[language]


@cache
def spoken(reference: str) -> str:
    """Return the reference for a voice: letters one by one, then its groups ("P M, 2026, 004217, 75")."""
    letters, *groups = reference.split("-")
    return ", ".join((" ".join(letters), *groups))


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
