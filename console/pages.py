"""Drawing the console's pages: jinja2 with autoescape, the colleague's language, dates as people say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from babel.dates import format_date

from channels.pictures.preview import promised
from channels.web import languages
from channels.web.pages import environment, straightened
from channels.web.static import StaticFiles
from console.came_from import at_place, carrying
from console.rule_words import deciding, unmet
from console.shipped_rules import named
from console.words import LANGUAGES, ConsoleLanguage, catalogue
from router import dates, deadlines

HERE: Final = Path(__file__).resolve().parent
_LOCALES: Final[Mapping[ConsoleLanguage, str]] = {"fr": "fr", "nl": "nl", "en": "en_GB"}
_MB: Final = 1_000_000
# From so many hours on, days are enough.
_HOURS: Final = 48
# A list says the same few days on every row and on every page: so many of them are put into words once.
_KEPT_DAYS: Final = 2_048
# Within so many days of today nobody asks which year is meant.
_NEAR: Final = 180
# Rules that were published here are named by their moment and the change of the draft that they were.
_RULES_OF: Final = re.compile(r"(\d{4}-\d\d-\d\d \d{6})\.\d+")


class Say:
    """Moments, dates and sizes in the words of one language, seen from `now`."""

    def __init__(self, language: ConsoleLanguage, now: datetime, *, saturdays: bool) -> None:
        self._language = language
        self._saturdays = saturdays
        self._now = now
        self.today = deadlines.received_day(now)

    @property
    def tomorrow(self) -> date:
        """The day after today."""
        return self.today + timedelta(days=1)

    def due(self, day: date) -> str:
        """How long is left: "in 17 working days"."""
        return _due_in_words(day, self.today, self._language, saturdays=self._saturdays)

    def full(self, day: date) -> str:
        """ "Thursday 17 December 2026"."""
        return _in_full(day, self._language)

    def day(self, day: date) -> str:
        """A date: without its year while that is this one ("17 December"), else with it."""
        if day.year != self.today.year:
            return format_date(day, "d MMMM y", locale=_LOCALES[self._language])
        return languages.short_date(datetime.combine(day, datetime.min.time(), languages.BRUSSELS), self._language)

    def kept_day(self, text: str) -> str:
        """A date as the audit keeps it ("2026-12-17"), as `due_day`; "" for none."""
        return self.due_day(date.fromisoformat(text)) if text else ""

    def due_day(self, day: date) -> str:
        """A date that is promised, with its weekday: "Thu 17 Dec", and its year where that is not near."""
        return _promised(day, self._language, with_year=abs((day - self.today).days) > _NEAR)

    def month(self, day: date) -> str:
        """The month of a day: "December 2026"."""
        return format_date(day, "LLLL yyyy", locale=_LOCALES[self._language])

    def weekday(self, day: date) -> str:
        """ "Thu"."""
        return format_date(day, "EEE", locale=_LOCALES[self._language])

    def time(self, moment: datetime) -> str:
        """The time of day in Brussels."""
        return dates.time_of_day(moment, self._language)

    def moment(self, moment: datetime) -> str:
        """The time today, else the day and the time."""
        day = deadlines.received_day(moment)
        return self.time(moment) if day == self.today else f"{self.day(day)}, {self.time(moment)}"

    def when(self, moment: datetime) -> str:
        """As `moment`, where nothing beside it says that a time alone is one of today."""
        said = self.moment(moment)
        today = deadlines.received_day(moment) == self.today
        return catalogue()[self._language]["talks.today"].replace("{time}", said) if today else said

    def version(self, name: str) -> str:
        """A version of the rules, after the word "version": "of 19 August 2026, 21:51"; one that was named by people as it is."""
        found = _RULES_OF.fullmatch(name)
        try:
            made = datetime.strptime(found.group(1), "%Y-%m-%d %H%M%S").replace(tzinfo=UTC) if found else None
        except ValueError:
            made = None
        if made is None:
            return name
        day = format_date(deadlines.received_day(made), "d MMMM y", locale=_LOCALES[self._language])
        return catalogue()[self._language]["rules.made"].replace("{when}", f"{day}, {self.time(made)}")

    def lasting(self, since: datetime) -> str:
        """How long something has lasted by now: "12 min", "3 h 05"."""
        words = catalogue()[self._language]
        minutes = max(0, int((self._now - since).total_seconds()) // 60)
        hours, rest = divmod(minutes, 60)
        if not minutes:
            return words["talks.lasting.now"]
        if not hours:
            return words["talks.lasting.minutes"].replace("{n}", str(minutes))
        if hours < _HOURS:
            return words["talks.lasting.hours"].replace("{h}", str(hours)).replace("{m}", f"{rest:02}")
        return words["talks.lasting.days"].replace("{n}", str(hours // 24))

    def since(self, moment: datetime) -> str:
        """How long something waits by now, in words that no time of day could be taken for: "for 21 hours"."""
        words = catalogue()[self._language]
        minutes = max(0, int((self._now - moment).total_seconds()) // 60)
        if not minutes:
            return words["talks.for_so_long.now"]
        hours = minutes // 60
        if not hours:
            return words.counted("talks.for_so_long.minutes", minutes)
        return (
            words.counted("talks.for_so_long.hours", hours)
            if hours < _HOURS
            else words.counted("talks.for_so_long.days", hours // 24)
        )

    def age(self, since: datetime) -> int:
        """How many days ago something was, counted by the calendar of Brussels."""
        return max(0, (self.today - deadlines.received_day(since)).days)

    def unanswered(self, since: datetime) -> str:
        """That a question has no answer yet, and for how many working days: "no answer for 3 working days"."""
        day = deadlines.received_day(since)
        days = deadlines.working_days_between(day, self.today, saturdays=self._saturdays)
        return (
            catalogue()[self._language].counted("ask.waiting", days)
            if days
            else catalogue()[self._language]["ask.today"]
        )

    def local_day(self, moment: datetime) -> date:
        """The day in Brussels."""
        return deadlines.received_day(moment)

    def size(self, size: int) -> str:
        """A file's size."""
        comma = "." if self._language == "en" else ","
        return (
            f"{size / _MB:.1f} MB".replace(".", comma) if size >= _MB else f"{min(size, max(1, round(size / 1000)))} kB"
        )

    def number(self, n: int) -> str:
        """A whole number with its thousands apart."""
        return f"{n:,}".replace(",", {"en": ",", "nl": "."}.get(self._language, "\u202f"))

    def chance(self, probability: float) -> str:
        """A probability as a number with two digits."""
        comma = "." if self._language == "en" else ","
        return f"{probability:.2f}".replace(".", comma)


class ConsolePages:
    """Templates, words and static files of the console."""

    def __init__(self, *, saturdays: bool) -> None:
        self._saturdays = saturdays
        self.static = StaticFiles(HERE / "static", prefix="/console/static")
        self._environment = environment(HERE / "templates", finalize=straightened)
        self._environment.globals.update(carrying=carrying, row_at=at_place)
        self._environment.globals.update(unmet=unmet, rule_named=named, deciding=deciding, promised=promised)

    def draw(self, template: str, language: ConsoleLanguage, now: datetime, **context: Any) -> str:
        """A template as text: a page, or a part that goes into one that is open."""
        return self._environment.get_template(template).render(
            t=catalogue()[language],
            say=Say(language, now, saturdays=self._saturdays),
            language=language,
            languages=LANGUAGES,
            own_names=languages.OWN_NAMES,
            static=self.static.url,
            now=now,
            **context,
        )

    def page(
        self,
        template: str,
        language: ConsoleLanguage,
        now: datetime,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> web.Response:
        """Return a page; it is never kept by a browser or a proxy."""
        text = self.draw(template, language, now, **context)
        response = web.Response(text=text, status=status, content_type="text/html", headers=headers)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = language
        return response


@lru_cache(_KEPT_DAYS)
def _due_in_words(day: date, today: date, language: ConsoleLanguage, *, saturdays: bool) -> str:
    return deadlines.in_words(day, today, language, saturdays=saturdays)


@lru_cache(_KEPT_DAYS)
def _in_full(day: date, language: ConsoleLanguage) -> str:
    return dates.in_full(day, language)


@lru_cache(_KEPT_DAYS)
def _promised(day: date, language: ConsoleLanguage, *, with_year: bool) -> str:
    return str(format_date(day, "EEE d MMM y" if with_year else "EEE d MMM", locale=_LOCALES[language]))
