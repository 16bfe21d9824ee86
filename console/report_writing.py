"""How figures of the monthly report are written: numbers, shares, lengths of time, and what stands where one is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from babel.dates import format_date

from config.causes import causes
from console.words import Words
from report.figures import MEDICAL, NONE, Report
from report.hiding import SMALL, Mark

LOCALES: Final = {"fr": "fr", "nl": "nl", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in a table. `value` is the number for a spreadsheet, None for words and for what is hidden; `href` leads to the
    cases behind it."""

    text: str
    value: float | None = None
    href: str = ""


def month_name(first: date, words: Words) -> str:
    """ "October 2026"."""
    return str(format_date(first, "LLLL y", locale=LOCALES[words.language]))


def erratum_name(words: Words, split: str, value: str) -> str:
    """What a figure is called: "Channel: form"."""
    match split:
        case "received" | "closed":
            name = words[f"report.name.{split}"]
        case "refused" | "times" | "apart":
            name = words.of("report.value", value)
        case "outcome":
            name = words.of("outcome", value)
        case "cause":
            name = f"{words['report.name.cause']}: {cause_name(words, value)}"
        case "theme":
            name = f"{words['report.name.theme']}: {value.partition('.')[2]}"
        case "score":
            name = f"{words['report.name.score']} {value}"
        case "clock":
            clock, _, ended = value.partition(".")
            name = f"{words.of('clock', clock)}: {words.of('report.name', ended)}"
        case "department":
            of = words.of("report.value", value) if value in (MEDICAL, NONE) else words.queue(value)
            name = f"{words['report.split.department']}: {of}"
        case _:
            name = f"{words[f'report.split.{split}']}: {words.of(split, value)}"
    return name


def cause_name(words: Words, cause: str) -> str:
    """What a cause is called; that nobody named one."""
    return words["report.value.not_stated"] if cause == NONE else causes().names(words.language).get(cause, cause)


@dataclass(frozen=True, slots=True)
class Writing:
    """A report in words. `leaving`: it leaves the house, where no number is a link and every small count is hidden."""

    report: Report
    words: Words
    leaving: bool

    def cell(self, count: int, mark: Mark | None = None, href: str = "") -> Cell:
        """A count, or what stands in its place."""
        if mark is None:
            return Cell(self.number(count), count, href if count and not self.leaving else "")
        return Cell(self.words[f"report.{mark}"])

    def small(self, count: int, href: str = "") -> Cell:
        """A count that stands alone."""
        return self.cell(count, "small" if self.leaving and 0 < count < SMALL else None, href)

    def change(self, by: int) -> Cell:
        """A difference with its sign."""
        key = "more" if by > 0 else "less" if by < 0 else "same"
        return Cell(filled(self.words[f"report.{key}"], n=self.number(abs(by))), by)

    def value(self, split: str, value: str) -> str:
        """What a value of a split is called."""
        t = self.words
        if split == "department":
            return t[f"report.value.{value}"] if value in (MEDICAL, NONE) else t.queue(value)
        return cause_name(t, value) if split == "cause" else t.of(split, value)

    def href(self, split: str, value: str) -> str:
        """The cases behind a count."""
        return "/console/report/cases?" + urlencode({"month": f"{self.report.first:%Y-%m}", "by": split, "is": value})

    def number(self, n: int) -> str:
        """With a thin space between thousands."""
        return f"{n:,}".replace(",", "\u202f")

    def decimal(self, value: float) -> str:
        """With one digit."""
        return f"{value:.1f}".replace(".", "." if self.words.language == "en" else ",")

    def percent_number(self, part: int, of: int) -> str:
        """Of a hundred; 100 only where it is all of them."""
        return str(min(99, round(100 * part / of)) if part < of else 100)

    def percent(self, part: int, of: int) -> str:
        """A share with its sign."""
        return "–" if not of else f"{self.percent_number(part, of)}\u202f%"

    def length(self, hours: float) -> str:
        """How long something took, as people say it."""
        t = self.words
        if hours < 1 / 60:
            return t["report.time.seconds"]
        if hours < 1:
            return filled(t["report.time.minutes"], n=str(round(hours * 60)))
        if hours < 48:
            return filled(t["report.time.hours"], n=str(round(hours)))
        return filled(t["report.time.days"], n=self.decimal(hours / 24))


def share(part: int, of: int) -> float | None:
    """Of a hundred, with one digit; None of nothing."""
    return round(100 * part / of, 1) if of else None


def filled(text: str, **values: str) -> str:
    """A text with its `{names}` replaced."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
