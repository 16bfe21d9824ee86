"""Which pictures a report has, by the name of their file: the page and the document show the same ones."""

from __future__ import annotations

from classifier.measuring import pictures, tables
from classifier.measuring.pictures import Picture
from classifier.measuring.report import Report
from config.vocabulary import FLAGS

_COMPARED = {"department_top_1": "department", "kind_macro_f1": "kind", "flags_macro_f1": "flags"}


def of(report: Report) -> dict[str, Picture]:
    """All pictures of a report."""
    aims = {target.aim.name.removesuffix(", F1"): target.aim.wanted for target in report.targets}
    drawn = [
        pictures.scored(
            f"scores-{group}",
            f"F1 of each {'flag' if group == 'flags' else group}",
            [(score.label, score.spread[2], aims.get(score.label)) for score in scores],
        )
        for group, scores in report.scores.items()
    ]
    drawn += [
        pictures.heat(f"confusion-{question}", f"Which {question} is taken for which", confusion)
        for question, confusion in report.confusions.items()
    ]
    drawn += [
        pictures.reliability(
            f"reliability-{question}", f"Calibration: {question}", report.reliability[question], report.errors[question]
        )
        for question in ("kind", "department", *FLAGS)
    ]
    drawn.append(pictures.coverage("coverage", "What is right among the surest", report.curves))
    if report.baselines:
        rows = [("Guichet", report.all), *report.baselines.items()]
        drawn.append(
            pictures.compared(
                "baselines",
                tables.baselines(report).title,
                [(name, {words: part.figures[x].value for x, words in _COMPARED.items()}) for name, part in rows],
            )
        )
    return {picture.name: picture for picture in drawn}
