"""The monthly report in words: sections, each with the answer as its title, a sentence, a chart and the table beneath.

The page, the PDF and the spreadsheets are all made from these. `leaving`: it leaves the house, so that every small count is
hidden; on the page only those in the split that sets medical matters apart (rule E3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import urlencode

from babel.dates import format_date
from markupsafe import Markup

from console.report_charts import Bar, columns, rows
from console.words import Words
from report.figures import MEDICAL, NONE, Report, Span
from report.hiding import SMALL, Mark, hidden

# The splits in their order; the one by department sets medical matters apart.
SPLITS: Final = ("department", "kind", "channel", "language")
_LOCALES: Final = {"fr": "fr", "nl": "nl", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in a table. `value` is the number for a spreadsheet, None for words and for what is hidden; `href` leads to the
    cases behind it."""

    text: str
    value: float | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One question that is answered. `chart` is a whole SVG, or nothing."""

    id: str
    answer: str
    sentence: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: Markup = field(default_factory=Markup)
    hides: bool = False


def month_name(first: date, words: Words) -> str:
    """ "October 2026"."""
    return str(format_date(first, "LLLL y", locale=_LOCALES[words.language]))


def erratum_name(words: Words, split: str, value: str) -> str:
    """What a figure is called: "Channel: form"."""
    if split in ("received", "closed"):
        return words[f"report.name.{split}"]
    if split == "refused":
        return words.of("report.value", value)
    if split == "outcome":
        return words.of("outcome", value)
    if split == "score":
        return f"{words['report.name.score']} {value}"
    if split == "clock":
        clock, _, ended = value.partition(".")
        return f"{words.of('clock', clock)}: {words.of('report.name', ended)}"
    if split == "department":
        name = words.of("report.value", value) if value in (MEDICAL, NONE) else words.queue(value)
    else:
        name = words.of(split, value)
    return f"{words[f'report.split.{split}']}: {name}"


def sections(report: Report, words: Words, *, leaving: bool) -> list[Section]:
    """Everything in the order in which it is read."""
    say = _Saying(report, words, leaving)
    found = [
        say.trend(),
        say.clocks(),
        say.times(),
        *(say.split(name) for name in SPLITS),
        say.refused(),
        say.outcomes(),
        say.themes(),
    ]
    if report.advice is not None:
        found.append(say.advice())
    return [*found, say.satisfaction()]


@dataclass(frozen=True, slots=True)
class _Saying:
    report: Report
    words: Words
    leaving: bool

    def trend(self) -> Section:
        report, t = self.report, self.words
        before = report.trend[-2].received if len(report.trend) > 1 else None
        year_ago = report.trend[0].received if len(report.trend) > 1 else None
        change = report.received - (before or 0)
        key = "first" if before is None else "more" if change > 0 else "less" if change < 0 else "same"
        answer = _filled(
            t[f"report.answer.trend_{key}"], n=self.number(report.received), change=self.number(abs(change))
        )
        sentence = t["report.sentence.trend"] if year_ago is not None else t["report.sentence.trend_new"]
        shown = [(month_name(one.first, t), one) for one in report.trend]
        bars = [
            Bar(
                format_date(one.first, "MMM", locale=_LOCALES[t.language]), one.received, self.number(one.received or 0)
            )
            for _, one in shown
        ]
        table = tuple(
            (
                Cell(name),
                Cell("–")
                if one.received is None
                else self.cell(one.received, href=f"/console/report?month={one.first:%Y-%m}"),
                Cell(self.percent(one.kept, one.due), _share(one.kept, one.due)) if one.due else Cell("–"),
            )
            for name, one in shown
        )
        return Section(
            "trend",
            answer,
            _filled(sentence, year_ago=self.number(year_ago or 0), merged=self.number(report.merged)),
            (t["report.name.month"], t["report.name.received"], t["report.name.share"]),
            table,
            columns(answer, bars),
        )

    def clocks(self) -> Section:
        report, t = self.report, self.words
        share = _share(report.kept, report.due)
        answer = (
            t["report.answer.clocks_none"]
            if share is None
            else _filled(t["report.answer.clocks"], n=self.percent_number(report.kept, report.due))
        )
        bars, table, hides = [], [], False
        for one in report.clocks:
            parts = {"kept": one.kept, "missed": one.missed, "running": one.running}
            away = hidden(parts) if self.leaving else {}
            ended = one.kept + one.missed
            # A share would give the hidden parts back.
            told = Cell("–") if away or not ended else Cell(self.percent(one.kept, ended), _share(one.kept, ended))
            cells = (self.cell(n, away.get(end), self.href("clock", f"{one.clock}.{end}")) for end, n in parts.items())
            name = t.of("clock", one.clock)
            due = self.small(one.due, self.href("clock", f"{one.clock}.due"))
            table.append((Cell(name), due, *cells, told))
            bars += [Bar(name, told.value, told.text)] if told.value is not None else []
            hides = hides or bool(away)
        names = ("clock", "due", "kept", "missed", "running", "share")
        return Section(
            "clocks",
            answer,
            t["report.sentence.clocks"],
            tuple(t[f"report.name.{name}"] for name in names),
            tuple(table),
            rows(answer, bars, most=100) if bars else Markup(),
            hides=hides,
        )

    def times(self) -> Section:
        t, resolved = self.words, self.report.resolved
        answer = (
            t["report.answer.times_none"]
            if resolved.median is None
            else _filled(t["report.answer.times"], time=self.length(resolved.median))
        )
        spans: tuple[tuple[str, Span], ...] = (("acknowledged", self.report.acknowledged), ("resolved", resolved))
        table = tuple(
            (
                Cell(t[f"report.value.{name}"]),
                self.small(span.count),
                *(
                    Cell("–")
                    if hours is None or (self.leaving and span.count < SMALL)
                    else Cell(self.length(hours), hours)
                    for hours in (span.median, span.ninth)
                ),
            )
            for name, span in spans
        )
        head = tuple(t[f"report.name.{name}"] for name in ("what", "count", "median", "ninth"))
        return Section("times", answer, t["report.sentence.times"], head, table)

    def split(self, name: str) -> Section:
        report, t = self.report, self.words
        safe = self.leaving or name == "department"
        now, before, year_ago = report.splits[name], report.before[name], report.year_ago[name]
        away = [hidden(counts) if safe else {} for counts in (now, before, year_ago)]
        # Where hidden ones stood among themselves would tell which is larger.
        order = sorted(now, key=lambda value: (1, 0, value) if value in away[0] else (0, -now[value], value))
        bars, table = [], []
        for value in order:
            label = self.value(name, value)
            cells = [
                self.cell(counts.get(value, 0), gone.get(value), href)
                for counts, gone, href in zip(
                    (now, before, year_ago), away, (self.href(name, value), "", ""), strict=True
                )
            ]
            change = (
                Cell("–") if value in away[0] or value in away[1] else self.change(now[value] - before.get(value, 0))
            )
            table.append((Cell(label), *cells, change))
            if value not in away[0] and now[value]:
                bars.append(Bar(label, now[value], self.number(now[value])))
        table.append(
            (
                Cell(t["report.total"]),
                *(self.cell(sum(counts.values())) for counts in (now, before, year_ago)),
                self.change(sum(now.values()) - sum(before.values())),
            )
        )
        head = (
            t[f"report.split.{name}"],
            *(t[f"report.name.{key}"] for key in ("received", "before", "year_ago", "change")),
        )
        answer = self.split_answer(name, order, away[0])
        sentence = t[f"report.sentence.{'department' if name == 'department' else 'split'}"]
        chart = rows(answer, bars) if bars else Markup()
        return Section(name, answer, sentence, head, tuple(table), chart, hides=any(away))

    def split_answer(self, name: str, order: Sequence[str], away: Mapping[str, Mark]) -> str:
        t, now = self.words, self.report.splits[name]
        if name == "kind":
            if "complaint" in away:
                return t["report.answer.split_none"]
            return _filled(
                t["report.answer.kind"], n=self.number(now["complaint"]), all=self.number(self.report.received)
            )
        first = next((value for value in order if value not in away and value != NONE and now[value]), None)
        if first is None:
            return t["report.answer.split_none"]
        return _filled(t["report.answer.first"], name=self.value(name, first), n=self.number(now[first]))

    def refused(self) -> Section:
        t, counts = self.words, self.report.refused
        away = hidden(counts) if self.leaving else {}
        total = sum(counts.values())
        shown = t["report.small"] if self.leaving and 0 < total < SMALL else self.number(total)
        table = tuple(
            (Cell(t[f"report.value.{name}"]), self.cell(count, away.get(name), self.href("refused", name)))
            for name, count in counts.items()
        )
        head = (t["report.name.reason"], t["report.name.received"])
        answer = _filled(t["report.answer.refused"], n=shown)
        return Section("refused", answer, t["report.sentence.refused"], head, table, hides=bool(away))

    def outcomes(self) -> Section:
        report, t = self.report, self.words
        counts = report.outcomes
        away = hidden(counts) if self.leaving else {}
        few = self.leaving and report.judged < SMALL
        answer = (
            t["report.answer.outcomes_none"]
            if not report.judged or few
            else _filled(t["report.answer.outcomes"], n=self.percent_number(report.founded, report.judged))
        )
        table = tuple(
            (Cell(t.of("outcome", name)), self.cell(count, away.get(name), self.href("outcome", name)))
            for name, count in counts.items()
        )
        bars = [Bar(t.of("outcome", name), n, self.number(n)) for name, n in counts.items() if name not in away]
        head = (t["report.name.outcome"], t["report.name.count"])
        chart = rows(answer, bars) if bars else Markup()
        return Section("outcomes", answer, t["report.sentence.outcomes"], head, table, chart, hides=bool(away))

    def themes(self) -> Section:
        t, found = self.words, self.report.themes
        answer = _filled(t["report.answer.themes"], word=found[0].word) if found else t["report.answer.themes_none"]
        table = tuple(
            (
                Cell(one.word),
                Cell(t.queue(one.department)),
                self.cell(one.count),
                Cell("\n".join(f"“{example}”" for example in one.examples) or "–"),
            )
            for one in found
        )
        head = tuple(t[f"report.name.{name}"] for name in ("theme", "department", "count", "examples"))
        return Section("themes", answer, t["report.sentence.themes"], head, table)

    def advice(self) -> Section:
        t, found = self.words, self.report.advice
        counts = found.model_dump() if found else {}
        # They are about departments and not about people: small counts are told.
        page = "/console/recommendations"
        table = tuple((Cell(t[f"report.value.{name}"]), self.cell(count, href=page)) for name, count in counts.items())
        head = (t["report.name.recommendations"], t["report.name.count"])
        answer = _filled(t["report.answer.advice"], n=self.number(counts.get("open", 0)))
        return Section("advice", answer, t["report.sentence.advice"], head, table)

    def satisfaction(self) -> Section:
        t, scores = self.words, {str(score): count for score, count in self.report.scores.items()}
        given = sum(scores.values())
        away = hidden(scores) if self.leaving else {}
        enough = given >= SMALL
        mean = sum(int(score) * count for score, count in scores.items()) / given if given else 0.0
        answer = (
            _filled(t["report.answer.satisfaction"], score=self.decimal(mean))
            if enough
            else t["report.answer.satisfaction_none"]
        )
        shown = t["report.small"] if self.leaving and 0 < given < SMALL else self.number(given)
        table = tuple(
            (Cell(score), self.cell(count, away.get(score), self.href("score", score)))
            for score, count in scores.items()
        )
        bars = [Bar(score, count, self.number(count)) for score, count in scores.items() if score not in away]
        head = (t["report.name.score"], t["report.name.count"])
        chart = rows(answer, bars) if bars and enough else Markup()
        sentence = _filled(t["report.sentence.satisfaction"], n=shown)
        return Section("satisfaction", answer, sentence, head, table, chart, hides=bool(away))

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
        return Cell(_filled(self.words[f"report.{key}"], n=self.number(abs(by))), by)

    def value(self, split: str, value: str) -> str:
        """What a value of a split is called."""
        t = self.words
        if split == "department":
            return t[f"report.value.{value}"] if value in (MEDICAL, NONE) else t.queue(value)
        return t.of(split, value)

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
            return _filled(t["report.time.minutes"], n=str(round(hours * 60)))
        if hours < 48:
            return _filled(t["report.time.hours"], n=str(round(hours)))
        return _filled(t["report.time.days"], n=self.decimal(hours / 24))


def _share(part: int, of: int) -> float | None:
    return round(100 * part / of, 1) if of else None


def _filled(text: str, **values: str) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
