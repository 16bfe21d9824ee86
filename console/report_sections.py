"""The monthly report in words: sections, each with the answer as its title, a sentence, a chart and the table beneath.

The page, the PDF and the spreadsheets are all made from these. `leaving`: it leaves the house, so that every small count is
hidden; on the page only those in the split that sets medical matters apart (rule E3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from babel.dates import format_date
from markupsafe import Markup

from console.report_charts import Bar, columns, rows
from console.report_writing import LOCALES, Cell, Writing, filled, month_name, share
from console.words import Words
from report.figures import JUDGED, NONE, Month, Report, Span
from report.hiding import SMALL, Mark, blurred, hidden

# The splits in their order; the one by department sets medical matters apart.
SPLITS: Final = ("department", "kind", "channel", "language")


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


def sections(report: Report, words: Words, *, leaving: bool) -> list[Section]:
    """Everything in the order in which it is read."""
    say = _Saying(report, words, leaving)
    found = [
        say.trend(),
        say.clocks(),
        say.times(),
        *(say.split(name) for name in SPLITS),
        say.refused(),
        *([] if report.robots is None else [say.apart(report.robots)]),
        say.outcomes(),
        *([] if report.causes is None else [say.causes(report.causes)]),
        say.themes(),
    ]
    if report.advice is not None:
        found.append(say.advice())
    return [*found, say.satisfaction()]


class _Saying(Writing):
    """The sections one by one."""

    __slots__ = ()

    def trend(self) -> Section:
        report, t = self.report, self.words
        before = report.trend[-2].received if len(report.trend) > 1 else None
        year_ago = report.trend[0].received if len(report.trend) > 1 else None
        change = report.received - (before or 0)
        key = "first" if before is None else "more" if change > 0 else "less" if change < 0 else "same"
        answer = filled(
            t[f"report.answer.trend_{key}"], n=self.number(report.received), change=self.number(abs(change))
        )
        sentence = t["report.sentence.trend"] if year_ago is not None else t["report.sentence.trend_new"]
        shown = [(month_name(one.first, t), one) for one in report.trend]
        bars = [
            Bar(format_date(one.first, "MMM", locale=LOCALES[t.language]), one.received, self.number(one.received or 0))
            for _, one in shown
        ]
        table = tuple(
            (
                Cell(name),
                Cell("–")
                if one.received is None
                else self.cell(one.received, href=f"/console/report?month={one.first:%Y-%m}"),
                self.kept(one),
            )
            for name, one in shown
        )
        return Section(
            "trend",
            answer,
            filled(sentence, year_ago=self.number(year_ago or 0), merged=self.number(report.merged)),
            (t["report.name.month"], t["report.name.received"], t["report.name.share"]),
            table,
            columns(answer, bars),
        )

    def kept(self, month: Month) -> Cell:
        """The share of a month's clocks that were kept. It is of all of them: where all but a few counts are shown, it may give
        those back, here or beside the report of that month."""
        hides = month.kept != month.due if month.hides is None else month.hides
        if not month.due or (self.leaving and hides and not blurred(month.kept, month.due, self.percent_number)):
            return Cell("–")
        text = self.percent(month.kept, month.due)
        # Where it could give something back, it is no more exact for a spreadsheet than for the eye.
        exact = share(month.kept, month.due) if not (self.leaving and hides) else None
        return Cell(text, exact if exact is not None else float(self.percent_number(month.kept, month.due)))

    def clocks(self) -> Section:
        report, t = self.report, self.words
        bars, table, hides = [], [], False
        for one in report.clocks:
            parts = one.parts
            away = hidden(parts) if self.leaving else {}
            ended = one.kept + one.missed
            # A share would give the hidden parts back.
            told = Cell("–") if away or not ended else Cell(self.percent(one.kept, ended), share(one.kept, ended))
            cells = (self.cell(n, away.get(end), self.href("clock", f"{one.clock}.{end}")) for end, n in parts.items())
            name = t.of("clock", one.clock)
            due = self.small(one.due, self.href("clock", f"{one.clock}.due"))
            table.append((Cell(name), due, *cells, told))
            bars += [Bar(name, told.value, told.text)] if told.value is not None else []
            hides = hides or bool(away)
        n = self.percent_number(report.kept, report.due) if report.due else ""
        few = hides and report.due and not blurred(report.kept, report.due, self.percent_number)
        answer = filled(t[f"report.answer.clocks{'_none' if not n else '_few' if few else ''}"], n=n)
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
            else filled(t["report.answer.times"], time=self.length(resolved.median))
        )
        spans: tuple[tuple[str, Span], ...] = (("acknowledged", self.report.acknowledged), ("resolved", resolved))
        table = tuple(
            (
                Cell(t[f"report.value.{name}"]),
                self.small(span.count, self.href("times", name)),
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
            return filled(
                t["report.answer.kind"], n=self.number(now["complaint"]), all=self.number(self.report.received)
            )
        first = next((value for value in order if value not in away and value != NONE and now[value]), None)
        if first is None:
            return t["report.answer.split_none"]
        return filled(t["report.answer.first"], name=self.value(name, first), n=self.number(now[first]))

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
        answer = filled(t["report.answer.refused"], n=shown)
        return Section("refused", answer, t["report.sentence.refused"], head, table, hides=bool(away))

    def apart(self, robots: int) -> Section:
        report, t = self.report, self.words
        # Small counts are told: no person is behind a robot's letter, and a merged case is counted with the other.
        rows = (("counted", report.received, ""), ("merged", report.merged, ""), ("robots", robots, "robots"))
        table = [
            (Cell(t[f"report.value.{name}"]), self.cell(count, href=value and self.href("apart", value)))
            for name, count, value in rows
        ]
        table.append((Cell(t["report.value.register"]), self.cell(sum(count for _, count, _ in rows))))
        head = (t["report.name.what"], t["report.name.received"])
        answer = filled(t["report.answer.apart"], n=self.number(robots))
        return Section("apart", answer, t["report.sentence.apart"], head, tuple(table))

    def outcomes(self) -> Section:
        report, t = self.report, self.words
        counts = report.outcomes
        away = hidden(counts) if self.leaving else {}
        n = self.percent_number(report.founded, report.judged) if report.judged else ""
        few = self.leaving and (
            report.judged < SMALL
            or (not away.keys().isdisjoint(JUDGED) and not blurred(report.founded, report.judged, self.percent_number))
        )
        answer = filled(t[f"report.answer.outcomes{'_none' if not n else '_few' if few else ''}"], n=n)
        # As in a split: where hidden ones stood would tell how many they are.
        order = [*(name for name in counts if name not in away), *sorted(away)]
        table = tuple(
            (Cell(t.of("outcome", name)), self.cell(counts[name], away.get(name), self.href("outcome", name)))
            for name in order
        )
        bars = [Bar(t.of("outcome", name), n, self.number(n)) for name, n in counts.items() if name not in away]
        head = (t["report.name.outcome"], t["report.name.count"])
        chart = rows(answer, bars) if bars else Markup()
        return Section("outcomes", answer, t["report.sentence.outcomes"], head, table, chart, hides=bool(away))

    def causes(self, counts: Mapping[str, int]) -> Section:
        t = self.words
        away = hidden(counts) if self.leaving else {}
        # Where nobody said stands last, however often, and hidden ones in an order that tells nothing.
        order = sorted(
            counts, key=lambda name: (name == NONE, name in away, 0 if name in away else -counts[name], name)
        )
        first = next((name for name in order if name not in away and name != NONE), None)
        answer = (
            t["report.answer.causes_none"]
            if first is None
            else filled(t["report.answer.causes"], name=self.value("cause", first), n=self.number(counts[first]))
        )
        table = [
            (Cell(self.value("cause", name)), self.cell(counts[name], away.get(name), self.href("cause", name)))
            for name in order
        ]
        table.append((Cell(t["report.total"]), self.small(sum(counts.values()))))
        bars = [
            Bar(self.value("cause", name), counts[name], self.number(counts[name]))
            for name in order
            if name not in away and name != NONE
        ]
        sentence = t["report.sentence.causes"]
        if counts.get(NONE) and NONE not in away:
            # Said in words: drawn, it would dwarf what people did say.
            sentence += f" {filled(t['report.sentence.causes_unstated'], n=self.number(counts[NONE]))}"
        head = (t["report.name.cause"], t["report.name.count"])
        chart = rows(answer, bars) if bars else Markup()
        return Section("causes", answer, sentence, head, tuple(table), chart, hides=bool(away))

    def themes(self) -> Section:
        t, found = self.words, self.report.themes
        answer = filled(t["report.answer.themes"], word=found[0].word) if found else t["report.answer.themes_none"]
        table = tuple(
            (
                Cell(one.word),
                Cell(t.queue(one.department)),
                self.cell(one.count, href=self.href("theme", f"{one.department}.{one.word}")),
                Cell("\n".join(t.quoted(example) for example in one.examples) or "–"),
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
        answer = filled(t["report.answer.advice"], n=self.number(counts.get("open", 0)))
        return Section("advice", answer, t["report.sentence.advice"], head, table)

    def satisfaction(self) -> Section:
        t, scores = self.words, {str(score): count for score, count in self.report.scores.items()}
        given = sum(scores.values())
        away = hidden(scores) if self.leaving else {}
        enough = given >= SMALL
        points = sum(int(score) * count for score, count in scores.items())
        mean = self.decimal(points / given if given else 0.0)
        # One member more with the one hidden score, and one less with the next.
        step = min((int(two) - int(one) for one, two in pairwise(sorted(away))), default=0)
        few = any(self.decimal((points + by) / given) != mean for by in (-step, step)) if enough else False
        ending = "_none" if not enough else "_few" if few else ""
        answer = filled(t[f"report.answer.satisfaction{ending}"], score=mean)
        shown = t["report.small"] if self.leaving and 0 < given < SMALL else self.number(given)
        table = tuple(
            (Cell(score), self.cell(count, away.get(score), self.href("score", score)))
            for score, count in scores.items()
        )
        bars = [Bar(score, count, self.number(count)) for score, count in scores.items() if score not in away]
        head = (t["report.name.score"], t["report.name.count"])
        chart = rows(answer, bars) if bars and enough else Markup()
        sentence = filled(t["report.sentence.satisfaction"], n=shown)
        return Section("satisfaction", answer, sentence, head, table, chart, hides=bool(away))
