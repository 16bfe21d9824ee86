"""The report as `classifier.md` with its pictures beside it. What people write between markers survives every printing.

A hand-written part stands between `<!-- by hand: name -->` and `<!-- end by hand -->`. Parts that this file does not
place are kept at the end, so that no printing ever loses a sentence.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from classifier.measuring import album, tables
from classifier.measuring.pictures import Picture
from classifier.measuring.report import Report
from classifier.measuring.tables import Table
from config.vocabulary import FLAGS

NAME: Final = "classifier.md"
PICTURES: Final = "classifier"
_HAND: Final = re.compile(r"<!-- by hand: ([a-z-]+) -->\n(.*?)<!-- end by hand -->", re.DOTALL)


def write(report: Report, folder: Path, command: str) -> Path:
    """Write document and pictures into a folder; returns the document. Pictures of earlier reports are removed."""
    drawn = album.of(report)
    beside = folder / PICTURES
    beside.mkdir(parents=True, exist_ok=True)
    for old in beside.glob("*.svg"):
        old.unlink()
    for picture in drawn.values():
        (beside / f"{picture.name}.svg").write_text(picture.alone(), encoding="utf-8")
    path = folder / NAME
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(document(report, drawn, command, before), encoding="utf-8")
    return path


def document(report: Report, drawn: dict[str, Picture], command: str, before: str = "") -> str:
    """The document, with the hand-written parts of the one before."""
    hand = dict(_HAND.findall(before))
    parts = [
        "# The classifier",
        _by_hand(hand, "opening"),
        "## The figures",
        f"Model `{report.model}`, on {report.messages} messages by {report.all.authors} authors: {report.source}. Printed by",
        f"    {command}",
        *(f"**{doubt}**" for doubt in report.doubts),
        _table(tables.targets(report)),
        _by_hand(hand, "on-the-aims"),
        _table(tables.headlines(report)),
        _table(tables.lists(report)),
        "## Every label",
        *(_picture(picture) for name, picture in drawn.items() if name.startswith("scores-")),
        _table(tables.labels(report)),
        "## What is taken for what",
        *(_picture(picture) for name, picture in drawn.items() if name.startswith("confusion-")),
        "## Is it right when it is sure?",
        _table(tables.sure(report)),
        _picture(drawn["coverage"]),
        *(_picture(drawn[f"reliability-{question}"]) for question in ("kind", "department", *FLAGS)),
        _by_hand(hand, "on-sureness"),
        "## Where it is wrong",
        _table(tables.habits(report)),
        _by_hand(hand, "on-errors"),
    ]
    if report.losses:
        parts += ["## Messages in worse shape", _table(tables.robustness(report)), _by_hand(hand, "on-damage")]
    if report.baselines:
        parts += ["## Against simpler classifiers", _picture(drawn["baselines"]), _table(tables.baselines(report))]
    if report.speed:
        parts += ["## Speed", _table(tables.speed(report))]
    parts.append(_by_hand(hand, "closing"))
    text = "\n\n".join(parts)
    placed = set(re.findall(r"<!-- by hand: ([a-z-]+) -->", text))
    rest = [_by_hand(hand, name) for name in hand if name not in placed]
    return "\n\n".join([text, *rest]) + "\n"


def _by_hand(hand: dict[str, str], name: str) -> str:
    return f"<!-- by hand: {name} -->\n{hand.get(name, '')}<!-- end by hand -->"


def _picture(picture: Picture) -> str:
    # What the picture says in words is in its own file; here a line is enough.
    return f"![{picture.title}]({PICTURES}/{picture.name}.svg)"


def _table(shown: Table) -> str:
    heads = " | ".join(column or " " for column in shown.columns)
    rules = " | ".join("---" if place == 0 else "---:" for place in range(len(shown.columns)))
    rows = "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in shown.rows)
    note = f"\n\n{shown.note}" if shown.note else ""
    return f"**{shown.title}**\n\n| {heads} |\n| {rules} |\n{rows}{note}"


def _cell(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")
