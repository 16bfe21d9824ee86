"""The report as tables of words, made once: the terminal, the page and the document print the same ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from classifier.measuring import robustness as robust
from classifier.measuring.bootstrap import Estimate
from classifier.measuring.report import Report
from classifier.measuring.scores import Part, Score
from config.vocabulary import FLAGS

NAMES: Final = {"fr": "French", "nl": "Dutch", "de": "German", "en": "English", "all": "all"}
_UNKNOWN: Final = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` and rows of the same length, the first cell of each naming it; `note` says how to read it."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def share(value: float) -> str:
    """A share as per cent with one decimal."""
    return _UNKNOWN if math.isnan(value) else f"{100 * value:.1f} %"


def figure(value: float) -> str:
    """A score between 0 and 1 with three decimals."""
    return _UNKNOWN if math.isnan(value) else f"{value:.3f}"


def spread(estimate: Estimate) -> str:
    """A score with its 95 % interval."""
    if not estimate.known:
        return _UNKNOWN
    return f"{estimate.value:.3f} ({estimate.low:.2f} to {estimate.high:.2f})"


def targets(report: Report) -> Table:
    """Each aim, and whether it is met by all and by the weakest language."""
    rows = []
    for target in report.targets:
        aim = target.aim
        weakest = f"{share(target.weakest_value)} {NAMES[target.weakest]}" if target.weakest else _UNKNOWN
        wanted = f"{'at most' if aim.at_most else 'at least'} {100 * aim.wanted:g} %"
        verdict = "met" if target.met and target.met_everywhere else "missed in a language" if target.met else "missed"
        rows.append((aim.name, verdict, share(target.value), wanted, weakest))
    return Table(
        "targets",
        "Aims",
        ("aim", "verdict", "all", "wanted", "weakest language"),
        tuple(rows),
        "A language is judged where it has ten messages that count for the figure. Shares and F1 are both in per cent here.",
    )


def headlines(report: Report) -> Table:
    """The figures that sum the classifier up, over all and by language."""
    names = {
        "department_top_1": "department, first",
        "department_top_3": "department, among the first three",
        "kind_macro_f1": "kind, macro F1",
        "department_macro_f1": "department, macro F1",
        "flags_macro_f1": "flags, macro F1",
        "language": "language",
        "sure": "right among decisions at 0.9 or more",
        "wrongly_refused": "wrongly refused by machine alone",
        "refused_by_decision": "… had no doubt stopped it",
        "coverage": "coverage: no doubt on any question",
    }
    rows = [
        (
            words,
            spread(report.all.figures[name]),
            *(figure(report.parts[x].figures[name].value) for x in report.languages),
        )
        for name, words in names.items()
    ]
    counts = ("messages (authors)", _size(report.all), *(_size(report.parts[x]) for x in report.languages))
    return Table(
        "headlines",
        "In short",
        ("", "all (95 % interval)", *(NAMES[x] for x in report.languages)),
        (counts, *rows),
        "Intervals: 1 000 draws of whole authors. Department: over the messages that have one, by the ranking.",
    )


def _size(part: Part) -> str:
    return f"{part.messages} ({part.authors})"


def labels(report: Report) -> Table:
    """Every label: precision, recall and F1 over all, and F1 by language."""
    rows = []
    for score in _scores(report.all):
        precision, recall, f1 = score.spread
        others = (report.parts[x].score(score.label) for x in report.languages)
        each = (figure(one.f1) if one.wanted else _UNKNOWN for one in others)
        rows.append((score.label, str(score.wanted), spread(precision), spread(recall), spread(f1), *each))
    return Table(
        "labels",
        "Every label",
        ("label", "wanted", "precision", "recall", "F1", *(f"F1 {NAMES[x]}" for x in report.languages)),
        tuple(rows),
        "In brackets the 95 % interval. A dash: no message of that language has the label.",
    )


def labels_of(report: Report, language: str) -> Table:
    """Every label that occurs in one language, with intervals."""
    rows = [
        (score.label, str(score.wanted), *(spread(one) for one in score.spread))
        for score in _scores(report.parts[language])
        if score.wanted or score.given
    ]
    columns = ("label", "wanted", "precision", "recall", "F1")
    return Table(f"labels-{language}", f"Every label in {NAMES[language]}", columns, tuple(rows))


def _scores(part: Part) -> Iterator[Score]:
    for group in part.scores.values():
        yield from group


def sure(report: Report) -> Table:
    """Decisions at 0.9 or more: how many of them are right, and the calibration error and doubts of each question."""
    rows = []
    for question in ("kind", "department", *FLAGS):
        name = f"sure_{question}"
        each = (figure(report.parts[x].figures[name].value) for x in report.languages)
        doubt = report.abstained.get(question, math.nan)
        rows.append((question, spread(report.all.figures[name]), *each, figure(report.errors[question]), share(doubt)))
    return Table(
        "sure",
        "When it is sure, and when it is not",
        ("question", "right at 0.9 or more", *(NAMES[x] for x in report.languages), "calibration error", "not sure"),
        tuple(rows),
        "A flag counts where it was given. Calibration error: mean gap between the probability and what came true, in ten bins.",
    )


def confusion(report: Report, question: str) -> Table:
    """What is called what: one row for each label as it is."""
    found = report.confusions[question]
    rows = tuple(
        (label, *(str(count) if count else "·" for count in counts))
        for label, counts in zip(found.labels, found.counts, strict=True)
    )
    note = "Rows: what the messages are. Columns: what they were called."
    return Table(f"confusion-{question}", f"Which {question} is taken for which", ("", *found.labels), rows, note)


def worst(report: Report) -> Table:
    """The most confident errors."""
    rows = tuple(
        (one.id, one.question, one.said, one.right, f"{one.probability:.3f}", one.text) for one in report.worst
    )
    columns = ("message", "question", "said", "is", "sure", "how it begins")
    return Table("worst", "The most confident errors", columns, rows)


def habits(report: Report) -> Table:
    """What errors have in common."""
    rows = tuple(
        (one.sort, one.name, str(one.messages), str(one.wrong), share(one.wrong / one.messages))
        for one in report.habits
    )
    return Table(
        "habits",
        "What errors have in common",
        ("by", "", "messages", "wrong", "share"),
        rows,
        "Wrong: kind or department. Of the authors, the five with the largest share of at least five messages.",
    )


def robustness(report: Report) -> Table:
    """Points lost by damaged messages."""
    figures = list(dict.fromkeys(name for loss in report.losses for name in loss.points))
    rows = tuple(
        (loss.damage, str(loss.messages), *(_points(loss.points.get(name)) for name in figures))
        for loss in report.losses
    )
    return Table(
        "robustness",
        "Points lost when messages are damaged",
        ("damage", "messages", *map(robust.words_of, figures)),
        rows,
        "Against the same messages as they were. The footer is French under Dutch and Dutch under French, two hundred words.",
    )


def _points(lost: float | None) -> str:
    # A zero has no sign.
    return _UNKNOWN if lost is None else f"{round(lost, 1) + 0.0:.1f}".replace("-", "−")


def baselines(report: Report) -> Table:
    """Ours and simpler classifiers on the same messages."""
    rows = [_row("Guichet", report.all)]
    rows += [_row(name, part) for name, part in (report.baselines or {}).items()]
    return Table(
        "baselines",
        "Against simpler classifiers",
        ("classifier", "department, first", "first three", "kind, macro F1", *(f"{flag}, F1" for flag in FLAGS)),
        tuple(rows),
        "All learnt from the same training part and were asked about the same messages.",
    )


def _row(name: str, part: Part) -> tuple[str, ...]:
    figures = (part.figures[x].value for x in ("department_top_1", "department_top_3", "kind_macro_f1"))
    return (name, *map(figure, figures), *(figure(part.score(flag).f1) for flag in FLAGS))


def speed(report: Report) -> Table:
    """Speed on one core, memory and loading."""
    told = report.speed
    rows = (
        ()
        if told is None
        else (
            ("messages a second, one by one", f"{told.single:.0f}"),
            ("messages a second, in batches", f"{told.batched:.0f}"),
            ("milliseconds for 50 words, median", f"{told.median_ms:.1f}"),
            ("milliseconds for 50 words, 95th percentile", f"{told.p95_ms:.1f}"),
            ("seconds to load", f"{told.load_s:.1f}"),
            ("resident memory, MB", f"{told.resident_mb:.0f}"),
        )
    )
    return Table("speed", "Speed on one core", ("", "found"), rows)


def lists(report: Report) -> Table:
    """The errors that matter most, by name."""
    return Table(
        "lists",
        "The errors that matter most",
        ("", "how many", "which"),
        (
            ("members refused wrongly by machine alone", str(len(report.refused)), _named(report.refused)),
            ("… had no doubt stopped it", str(len(report.decided)), _named(report.decided)),
            ("urgent, missed", str(len(report.missed_urgent)), _named(report.missed_urgent)),
        ),
    )


def _named(ids: tuple[str, ...]) -> str:
    return ", ".join(ids) or "none"
