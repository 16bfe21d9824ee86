"""The hours of the phone line in words, whether it is open now, and which ways to us do not work today."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final

from babel.dates import format_date

from channels.web import languages, texts
from config.hours import BRUSSELS, hours
from config.vocabulary import WAYS, Language, Way

# Any Monday: weekdays are named by the days of one week.
_MONDAY: Final = date(2026, 1, 5)
_A_WEEK: Final = 7


@cache
def phone_hours(language: Language) -> tuple[str, ...]:
    """The hours of the phone line, a line for each row of days: "Monday to Thursday, 8:00 to 18:00"."""
    words = texts.pages()[language]
    lines = []
    for shift in hours().phone:
        for first, last in shift.runs:
            names = {"first": _weekday(first, language), "last": _weekday(last, language)}
            days = names["first"] if first == last else texts.fill(words["hours.run"], names)
            times = {"opens": _at(shift.opens, language), "closes": _at(shift.closes, language)}
            line = texts.fill(words["hours.times"], {"days": days, **times})
            lines.append(line[0].upper() + line[1:])
    return (*lines, words["hours.holidays"])


def phone_now(moment: datetime, language: Language) -> str:
    """Whether somebody answers at this aware moment, in words; "" when nobody will for months."""
    standing = hours().standing(moment)
    if standing is None:
        return ""
    ahead = (standing.until.date() - moment.astimezone(BRUSSELS).date()).days
    key = "open" if standing.open else {0: "today", 1: "tomorrow"}.get(ahead, "later")
    day = standing.until.date()
    named = _weekday(day.weekday(), language) if ahead < _A_WEEK else languages.long_date(day, language)
    return texts.fill(
        texts.pages()[language][f"hours.{key}"],
        {"time": languages.clock_time(standing.until, language), "day": named},
    )


def not_working(down: Collection[Way], language: Language) -> str:
    """One sentence about the ways that do not work today and those that do; "" when all do."""
    if not down:
        return ""
    words = texts.pages()[language]
    named = {
        "down": ", ".join(words[f"ways.{way}"] for way in WAYS if way in down),
        "works": ", ".join(words[f"ways.{way}"] for way in ("form", *WAYS) if way not in down),
    }
    return texts.fill(words["ways.down"], named)


def _weekday(day: int, language: Language) -> str:
    return format_date(_MONDAY + timedelta(days=day), "EEEE", locale=languages.LOCALE[language])


def _at(hour: time, language: Language) -> str:
    return languages.clock_time(datetime.combine(_MONDAY, hour, BRUSSELS), language)
