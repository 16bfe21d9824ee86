"""The report as one page: no script, nothing from elsewhere, light and dark, for a phone and for paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from classifier.measuring import album, tables
from classifier.measuring.pictures import STYLE, Picture
from classifier.measuring.report import Report
from classifier.measuring.tables import Table
from config.vocabulary import FLAGS

_STYLE: Final = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_VERDICTS: Final = {"met": ("met", "✓ met"), "missed": ("missed", "✗ missed")}
_PARTLY: Final = ("partly", "✗ in a language")
# Columns of words, by table: these stand left and may be wide.
_WORDS: Final = {"lists": {2}, "habits": {1}, "targets": {1}}
_TILES: Final = (
    "department, first",
    "department, among the first three",
    "kind, macro F1",
    "language",
    "wrongly refused, share of messages in scope",
    "coverage: no doubt on any question",
    "urgent, recall",
    "right among decisions at 0.9 or more",
)


def page(report: Report) -> str:
    """The whole page as HTML."""
    drawn = album.of(report)
    sections = list(_sections(report, drawn))
    links = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title, _ in sections)
    doubts = "".join(f'<p class="doubt">{escape(doubt)}</p>' for doubt in report.doubts)
    body = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(title)}</h2>{content}</section>'
        for name, title, content in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>How good the classifier is: {escape(report.model)}</title><style>{_STYLE}{STYLE}</style></head><body>"
        f"<header><h1>How good the classifier is</h1><p>{escape(report.model)}, measured on {report.messages} messages "
        f"by {report.all.authors} authors: {escape(report.source)}.</p>{doubts}"
        f'<nav aria-label="On this page"><ul>{links}</ul></nav></header><main>{body}</main></body></html>\n'
    )


def _sections(report: Report, drawn: dict[str, Picture]) -> Iterator[tuple[str, str, str]]:
    yield "aims", "Is it good enough?", _tiles(report) + table(tables.targets(report))
    yield "in-short", "In short, by language", table(tables.headlines(report)) + table(tables.lists(report))
    each = "".join(
        f"<details><summary>{tables.NAMES[x]}, every label</summary>{table(tables.labels_of(report, x))}</details>"
        for x in report.languages
    )
    scores = _gallery(drawn, [name for name in drawn if name.startswith("scores-")])
    yield "every-label", "Every label", scores + table(tables.labels(report)) + each
    confusions = "".join(
        f"<details><summary>{question} as a table</summary>{table(tables.confusion(report, question))}</details>"
        for question in report.confusions
    )
    yield (
        "confusion",
        "What is taken for what",
        _gallery(drawn, ["confusion-kind", "confusion-department"]) + confusions,
    )
    reliable = [f"reliability-{question}" for question in ("kind", "department", *FLAGS)]
    yield (
        "sureness",
        "Is it right when it is sure?",
        table(tables.sure(report)) + _gallery(drawn, ["coverage", *reliable]),
    )
    yield "errors", "Where it is wrong", _worst(report) + table(tables.habits(report))
    if report.losses:
        yield "damage", "Messages in worse shape", table(tables.robustness(report))
    if report.baselines:
        yield "simpler", "Against simpler classifiers", _gallery(drawn, ["baselines"]) + table(tables.baselines(report))
    if report.speed:
        yield "speed", "How fast it is", table(tables.speed(report))


def _tiles(report: Report) -> str:
    told = {target.aim.name: target for target in report.targets}
    tiles = []
    for name in _TILES:
        target = told[name]
        state, words = ("good", "✓ aim met") if target.met else ("bad", f"✗ aim {tables.share(target.aim.wanted)}")
        tiles.append(
            f'<div><dt>{escape(name)}</dt><dd>{tables.share(target.value)}<small class="{state}">{words}</small></dd></div>'
        )
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def _worst(report: Report) -> str:
    """A list: beside a text, columns would leave a telephone no room."""
    items = "".join(
        f"<li><p><strong>{escape(one.id)}</strong>, {escape(one.question)}: said {escape(one.said)}, is "
        f'{escape(one.right)} <span class="soft">({one.probability:.3f} sure)</span></p>'
        f'<p class="soft" lang="{one.language}">{escape(one.text)}</p></li>'
        for one in report.worst
    )
    return f"<h3>{tables.worst(report).title}</h3><ol>{items}</ol>" if items else "<p>Nothing is wrong.</p>"


def _gallery(drawn: dict[str, Picture], names: Sequence[str]) -> str:
    figures = (
        f"<figure><figcaption>{escape(drawn[name].title)}</figcaption>{drawn[name].inline()}</figure>" for name in names
    )
    return f'<div class="pictures">{"".join(figures)}</div>'


def table(shown: Table) -> str:
    """One table; it scrolls sideways by itself, also by keyboard, where it is wider than the screen."""
    note = f"<small>{escape(shown.note)}</small>" if shown.note else ""
    heads = "".join(_head(shown, place) for place in range(len(shown.columns)))
    rows = "".join(f'<tr><th scope="row">{escape(row[0])}</th>{"".join(_cells(shown, row))}</tr>' for row in shown.rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="table-{shown.name}"><table>'
        f'<caption id="table-{shown.name}"><span>{escape(shown.title)}{note}</span></caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _head(shown: Table, place: int) -> str:
    if not shown.columns[place]:
        return "<td></td>"
    look = ' class="words"' if place in _WORDS.get(shown.name, ()) else ""
    return f'<th scope="col"{look}>{escape(shown.columns[place])}</th>'


def _cells(shown: Table, row: Sequence[str]) -> Iterator[str]:
    for place, cell in enumerate(row[1:], start=1):
        if shown.name == "targets" and place == 1:
            state, words = _VERDICTS.get(cell, _PARTLY)
            yield f'<td class="verdict {state}">{words}</td>'
        elif place in _WORDS.get(shown.name, ()):
            look = "words long" if place == len(row) - 1 and shown.name == "lists" else "words"
            yield f'<td class="{look}">{escape(cell)}</td>'
        else:
            yield f"<td>{escape(cell)}</td>"
