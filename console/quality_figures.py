"""How good the classifier was, in figures: from what it said of each case and what holds after people looked at it.

A case counts once a person has closed it or corrected a label; what they left alone counts as right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from config.vocabulary import FLAGS
from router import deadlines
from store.judged import Judged

# Under so many cases a share says too little.
FEW: Final = 30
_BINS: Final = 10
_MISTAKES: Final = 8
_LINKS: Final = 5
# 95 of 100.
_Z: Final = 1.96
# What makes the house send a member away.
REFUSING: Final = ("anonymous", "off_scope")
_UNREAD: Final = "none"


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, with the interval (Wilson 1927) in which the true share lies in 95 of 100 such counts."""

    hits: int
    of: int

    @property
    def few(self) -> bool:
        """Whether there are too few to say."""
        return self.of < FEW

    @property
    def value(self) -> float:
        """Between 0 and 1; 0 for none of none."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        if not self.of:
            return 0.0, 1.0
        n, p, z = self.of, self.value, _Z
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """`found`: of those that are so, how many it said; `right`: of those it said, how many are so."""

    label: str
    found: Share
    right: Share


@dataclass(frozen=True, slots=True)
class Row:
    """One month in one language, or in all (""): cases read, left to people in part, and corrected."""

    month: str
    language: str
    read: int
    abstained: Share
    corrected: Share


@dataclass(frozen=True, slots=True)
class Mistake:
    """A department taken for another; `references` are some of the cases."""

    said: str
    right: str
    count: int
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers given with about the same probability: its mean, and how many of them were right."""

    said: float
    right: Share


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the page shows."""

    read: int
    settled: int
    corrected: Share
    abstained: Share
    labels: tuple[LabelFigures, ...]
    rows: tuple[Row, ...]
    mistakes: tuple[Mistake, ...]
    wrong_refusals: tuple[str, ...]
    bins: tuple[Bin, ...]
    models: tuple[str, ...]


def figures(found: Sequence[Judged]) -> Figures:
    """The figures of these cases, however many."""
    read = [case for case in found if case.model != _UNREAD]
    settled = [case for case in read if case.settled]
    return Figures(
        read=len(read),
        settled=len(settled),
        corrected=_share(_differs(case) for case in settled),
        abstained=_share(case.abstained for case in read),
        labels=(*(_flag(flag, settled) for flag in FLAGS), _exact("kind", settled), _exact("department", settled)),
        rows=tuple(_rows(read)),
        mistakes=tuple(_mistakes(settled)),
        wrong_refusals=tuple(
            case.reference for case in settled if any(case.said[flag] and not case.right[flag] for flag in REFUSING)
        ),
        bins=tuple(_bins(settled)),
        models=tuple(sorted({case.model for case in read})),
    )


def _differs(case: Judged) -> bool:
    return any(case.said[label] != case.right[label] for label in case.said)


def _share(answers: Iterable[bool]) -> Share:
    held = list(answers)
    return Share(sum(held), len(held))


def _flag(flag: str, cases: Sequence[Judged]) -> LabelFigures:
    return LabelFigures(
        flag,
        found=_share(bool(case.said[flag]) for case in cases if case.right[flag]),
        right=_share(bool(case.right[flag]) for case in cases if case.said[flag]),
    )


def _exact(label: str, cases: Sequence[Judged]) -> LabelFigures:
    """A label with many values: what is found and what is right count the cases that have, or were given, one."""
    return LabelFigures(
        label,
        found=_share(case.said[label] == case.right[label] for case in cases if case.right[label]),
        right=_share(case.said[label] == case.right[label] for case in cases if case.said[label]),
    )


def _rows(read: Sequence[Judged]) -> Iterable[Row]:
    groups: dict[tuple[str, str], list[Judged]] = {}
    for case in read:
        month = f"{deadlines.received_day(case.received_at):%Y-%m}"
        groups.setdefault((month, ""), []).append(case)
        groups.setdefault((month, case.language), []).append(case)
    for month, language in sorted(groups, key=lambda key: (key[0], key[1] != "", key[1])):
        cases = groups[month, language]
        settled = [case for case in cases if case.settled]
        yield Row(
            month,
            language,
            len(cases),
            abstained=_share(case.abstained for case in cases),
            corrected=_share(_differs(case) for case in settled),
        )


def _mistakes(settled: Sequence[Judged]) -> Iterable[Mistake]:
    pairs: dict[tuple[str, str], list[str]] = {}
    for case in settled:
        said, right = case.said["department"], case.right["department"]
        if said != right:
            pairs.setdefault((said or "", right or ""), []).append(case.reference)
    counted = Counter({pair: len(references) for pair, references in pairs.items()})
    for (said, right), count in counted.most_common(_MISTAKES):
        yield Mistake(said, right, count, tuple(pairs[said, right][:_LINKS]))


def _bins(settled: Sequence[Judged]) -> Iterable[Bin]:
    """How sure it was of the kind it named, and how often that was right."""
    answers: dict[int, list[tuple[float, bool]]] = {}
    for case in settled:
        kinds: Mapping[str, Any] = case.probabilities.get("kind", {})
        sure = float(kinds.get(case.said["kind"], 0.0))
        place = min(_BINS - 1, int(sure * _BINS))
        answers.setdefault(place, []).append((sure, case.said["kind"] == case.right["kind"]))
        for flag in FLAGS:
            chance = float(case.probabilities.get(flag, 0.0))
            place = min(_BINS - 1, int(chance * _BINS))
            answers.setdefault(place, []).append((chance, bool(case.right[flag])))
    for place in sorted(answers):
        held = answers[place]
        yield Bin(sum(sure for sure, _ in held) / len(held), _share(right for _, right in held))
