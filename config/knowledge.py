"""What the robot knows about the procedure, read from config/knowledge/*.yaml: questions as people ask them, and answers.

Texts are not templates: one pass over a closed list of {names}, filled from the other data files of the house, so that no
address, number of days or opening hour is written down twice. What fills a name is never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from babel.dates import format_date, format_time
from pydantic import BaseModel, Field

from config.deadlines import deadlines
from config.directory import directory
from config.hours import hours
from config.strict_yaml import DataError, validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "knowledge"
# Characters, names filled in: an answer fills about a screen of a phone, a short one two text messages.
LONGEST_ANSWER: Final = 400
LONGEST_SHORT: Final = 300

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
# Any Monday: weekdays are named by the days of one week.
_MONDAY: Final = date(2026, 1, 5)
_LOCALE: Final[dict[Language, str]] = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_BE", "en": "en_GB"}
_FULL_HOUR: Final[dict[Language, str]] = {"fr": "H 'h'", "nl": "H 'uur'", "de": "H 'Uhr'", "en": "H:mm"}
_PART_HOUR: Final[dict[Language, str]] = {"fr": "H 'h' mm", "nl": "H.mm 'uur'", "de": "H.mm 'Uhr'", "en": "H:mm"}
# French wants a space that does not break before these signs and inside its quotation marks.
_FRENCH_GAP: Final = re.compile(r" (?=[;:!?»])|(?<=«) ")
# A number does not wrap in the middle.
_NUMBER_GAP: Final = re.compile(r"(?<=\d) (?=\d)")

_Line = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\n]*$")]
_Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\n]*$")]
# One phrasing a line.
_Lines = Annotated[str, Field(min_length=1, max_length=20_000)]


class _HoursText(BaseModel, extra="forbid", frozen=True):
    """How opening hours are said: `run` for a row of days, `times` for days with their times."""

    run: _Line
    times: _Line


class _EntryText(BaseModel, extra="forbid", frozen=True):
    """One question in one language, as written."""

    title: _Line
    answer: _Text
    short: _Text
    asked: _Lines


class _Written(BaseModel, extra="forbid", frozen=True):
    """One file."""

    language: Language
    hours: _HoursText
    entries: Mapping[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")], _EntryText]
    stories: _Lines


@dataclass(frozen=True, slots=True)
class Known:
    """One question that the robot can answer, names filled in: for chats `answer`, for text messages `short`.

    `asked` are ways in which people ask it.
    """

    id: str
    title: str
    answer: str
    short: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """What is known in one language, by id, and `stories`: messages near a question that must not be answered from here."""

    language: Language
    entries: Mapping[str, Known]
    stories: tuple[str, ...]


def load_knowledge(folder: Path = SHIPPED) -> Mapping[Language, Book]:
    """All languages. Raises DataError, in words, when a file is wrong, names what is not known, or lacks an entry."""
    books = {
        language: _book(validated(_Written, folder / f"{language}.yaml"), f"knowledge/{language}.yaml", language)
        for language in LANGUAGES
    }
    for language, book in books.items():
        if differing := sorted(book.entries.keys() ^ books["fr"].entries.keys()):
            raise DataError(f"knowledge/{language}.yaml: not the same entries as in fr.yaml: {', '.join(differing)}")
    return books


@cache
def knowledge() -> Mapping[Language, Book]:
    """The shipped knowledge, read once."""
    return load_knowledge()


def answers_as_written(language: Language, folder: Path = SHIPPED) -> tuple[str, ...]:
    """Titles, answers and short answers with their {names} still in braces, for whoever checks how they read."""
    entries = validated(_Written, folder / f"{language}.yaml").entries.values()
    return tuple(text for entry in entries for text in (entry.title, entry.answer, entry.short))


def _book(written: _Written, name: str, language: Language) -> Book:
    if written.language != language:
        raise DataError(f"{name}: says it is {written.language}")
    values = _values(language, written.hours)
    entries = {}
    for key, text in written.entries.items():
        answer = _filled(text.answer, values, language, f"{name}, {key}")
        short = _filled(text.short, values, language, f"{name}, {key}")
        if len(answer) > LONGEST_ANSWER or len(short) > LONGEST_SHORT:
            raise DataError(f"{name}, {key}: {len(answer)} characters, {len(short)} in short, are too many")
        entries[key] = Known(key, _typeset(text.title, language), answer, short, _lines(text.asked))
    return Book(language, entries, _lines(written.stories))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _filled(text: str, values: Mapping[str, str], language: Language, where: str) -> str:
    unknown = sorted(set(_HOLE.findall(text)) - values.keys())
    if unknown:
        raise DataError(f"{where}: there is no name {', '.join(unknown)}")
    if "{" in (bare := _HOLE.sub("", text)) or "}" in bare:
        raise DataError(f"{where}: a brace stands alone")
    return _typeset(_HOLE.sub(lambda match: values[match.group(1)], text), language)


def _typeset(text: str, language: Language) -> str:
    text = _NUMBER_GAP.sub("\u00a0", text)
    return _FRENCH_GAP.sub("\u00a0", text) if language == "fr" else text


def _values(language: Language, words: _HoursText) -> dict[str, str]:
    """The closed list of names: the office, help lines, other bodies and how to reach them, days promised, hours."""
    known = directory()
    office = known.office
    values = {
        "office": office.name,
        "phone": office.phone,
        "mail": office.mail,
        "web": office.web,
        "post": office.post.in_language(language),
        "coordinator": known.coordinator.in_text.in_language(language),
        "hours": _hours(language, words),
    }
    values |= {line.id: line.number for line in known.help_lines}
    for body in known.bodies:
        values |= {
            body.id: body.names.in_language(language),
            f"{body.id}_contact": body.contact.in_language(language),
        }
    days = {clock.id: clock.calendar_days or clock.working_days for clock in deadlines().clocks}
    promised = {"receipt_days": "acknowledgement", "result_days": "result", "union_days": "union"}
    return values | {name: str(days[clock]) for name, clock in promised.items() if days.get(clock)}


def _hours(language: Language, words: _HoursText) -> str:
    """The hours of the phone line in the middle of a sentence."""
    said = []
    for shift in hours().phone:
        times = {"{opens}": _at(shift.opens, language), "{closes}": _at(shift.closes, language)}
        for first, last in shift.runs:
            ends = {"{first}": _weekday(first, language), "{last}": _weekday(last, language)}
            days = _weekday(first, language) if first == last else _put(words.run, ends)
            said.append(_put(words.times, times | {"{days}": days}))
    return ", ".join(said)


def _put(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{\w+\}", lambda match: values[match.group()], text)


def _weekday(day: int, language: Language) -> str:
    return format_date(_MONDAY + timedelta(days=day), "EEEE", locale=_LOCALE[language])


def _at(hour: time, language: Language) -> str:
    return format_time(hour, (_PART_HOUR if hour.minute else _FULL_HOUR)[language], locale=_LOCALE[language])
