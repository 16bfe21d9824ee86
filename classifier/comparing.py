"""Two models on the same messages: is the new one better, or is the difference noise?

Each headline is measured for both, and the difference is judged by a paired bootstrap over whole authors: the messages of one
writer stand or fall together. Pure but for the classifiers that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.classification import Classification
from classifier.corpus import Record
from classifier.measuring.labels import given, truth
from classifier.measuring.scores import refused
from config.vocabulary import FLAGS, KINDS

Numbers = NDArray[np.float64]

ROUNDS: Final = 1_000
# 99 in 100: seven headlines and two parts are asked, and one of them must not look worse by chance every few times.
_TAIL: Final = 0.5
# Fewer messages on which the two differ could fall on one side by chance: 2 x 0.5^6 is the first below one in twenty.
FEWEST_DIFFERENT: Final = 6
# Of these less is better.
LESS_IS_BETTER: Final = ("wrongly refused", "abstained")


@dataclass(frozen=True, slots=True)
class Headline:
    """One measure of both models, as shares from 0 to 1. `low` and `high`: between them lies the new minus the old, in 99 of
    100 draws; `different`: on so many messages only one of the two is right (or abstains)."""

    name: str
    old: float
    new: float
    low: float
    high: float
    different: int

    @property
    def better(self) -> bool:
        """The new model is better, and it is not chance."""
        return self._told and (self.high < 0 if self.name in LESS_IS_BETTER else self.low > 0)

    @property
    def worse(self) -> bool:
        """The new model is worse, and it is not chance."""
        return self._told and (self.low > 0 if self.name in LESS_IS_BETTER else self.high < 0)

    @property
    def _told(self) -> bool:
        return self.different >= FEWEST_DIFFERENT


@dataclass(frozen=True, slots=True)
class Compared:
    """Both models on one set of messages (`part`). `refused_*` count members who were refused by mistake."""

    part: str
    messages: int
    headlines: tuple[Headline, ...]
    refused_old: int
    refused_new: int

    def as_json(self) -> dict[str, Any]:
        """As it is kept beside a version."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the new model may take the place of the old one, and why, in sentences."""

    accepted: bool
    reasons: tuple[str, ...]


def verdict(parts: Sequence[Compared], *, even_if_no_better: bool = False) -> Verdict:
    """The rule by which a model is replaced.

    Refused when it refuses more members by mistake, on any part, or loses on any headline more than chance explains: nothing
    outweighs these. Refused, too, when it gains nowhere, unless that is what is wanted.
    """
    against = [
        f"{part.part}: {part.refused_new} members would be refused by mistake, {part.refused_old} are now"
        for part in parts
        if part.refused_new > part.refused_old
    ]
    against += [
        f"{part.part}: {line.name} gets worse, from {line.old:.3f} to {line.new:.3f}"
        for part in parts
        for line in part.headlines
        if line.worse
    ]
    if against:
        return Verdict(False, tuple(against))
    gains = [
        f"{part.part}: {line.name} gets better, from {line.old:.3f} to {line.new:.3f}"
        for part in parts
        for line in part.headlines
        if line.better
    ]
    if gains:
        return Verdict(True, tuple(gains))
    return Verdict(even_if_no_better, ("nothing gets better by more than chance explains",))


def compare(
    part: str,
    records: Sequence[Record],
    old: Sequence[Classification],
    new: Sequence[Classification],
    *,
    seed: int,
) -> Compared:
    """Compare what two models said of the same records, in the same order."""
    draws = _draws(records, seed)
    placed = np.array([record.department is not None for record in records], dtype=bool)
    everybody = np.ones(len(records), dtype=bool)
    refused_old, refused_new = _refused(records, old), _refused(records, new)
    unsure_old, unsure_new = ([bool(one.abstained) for one in said] for said in (old, new))
    lines = (
        _share("department", placed, _places(records, old), _places(records, new), draws),
        _f1("kind", KINDS, lambda r, kind: r.kind == kind, lambda c, kind: c.kind == kind, (records, old, new), draws),
        *(_f1(f, (f,), _flagged, lambda c, flag: c.flags.get(flag), (records, old, new), draws) for f in FLAGS),
        _share("wrongly refused", everybody, refused_old, refused_new, draws),
        _share("abstained", everybody, unsure_old, unsure_new, draws),
    )
    return Compared(part, len(records), lines, sum(refused_old), sum(refused_new))


def _flagged(record: Record, flag: Any) -> bool:
    return flag in record.flags


def _places(records: Sequence[Record], said: Sequence[Classification]) -> list[bool]:
    """Whether the likeliest department is the right one."""
    return [
        bool(one.departments) and one.departments[0][0] == record.department
        for record, one in zip(records, said, strict=True)
    ]


def _refused(records: Sequence[Record], said: Sequence[Classification]) -> list[bool]:
    """Whether the house would refuse the writer by mistake: what stands in doubt goes to a person, and refuses nobody."""
    automatic, _ = refused(truth(records), given(said))
    return [bool(one) for one in automatic]


def _draws(records: Sequence[Record], seed: int) -> Numbers:
    """(rounds, messages): how often each message is drawn, the messages of an author together."""
    authors = sorted({record.author for record in records})
    number = {author: at for at, author in enumerate(authors)}
    of_message = np.array([number[record.author] for record in records], dtype=np.intp)
    if not authors:
        return np.zeros((ROUNDS, 0))
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(len(authors), np.full(len(authors), 1 / len(authors)), size=ROUNDS)
    return np.asarray(drawn[:, of_message], dtype=np.float64)


def _share(name: str, counts: NDArray[np.bool_], old: Sequence[bool], new: Sequence[bool], draws: Numbers) -> Headline:
    before, after = np.array(old, dtype=bool) & counts, np.array(new, dtype=bool) & counts
    whole = np.maximum(draws @ counts.astype(float), 1)
    low, high = _between((draws @ after.astype(float) - draws @ before.astype(float)) / whole)
    total = max(1, int(counts.sum()))
    return Headline(
        name, float(before.sum()) / total, float(after.sum()) / total, low, high, int((before != after).sum())
    )


def _f1(
    name: str,
    names: Sequence[Any],
    wanted: Callable[[Record, Any], bool],
    given: Callable[[Classification, Any], bool | None],
    both: tuple[Sequence[Record], Sequence[Classification], Sequence[Classification]],
    draws: Numbers,
) -> Headline:
    """Macro F1 over the labels that occur; one label's F1 when there is one."""
    records, old, new = both
    true = np.array([[wanted(r, label) for label in names] for r in records], dtype=bool).reshape(-1, len(names))
    before, after = (
        np.array([[bool(given(c, label)) for label in names] for c in said], dtype=bool).reshape(-1, len(names))
        for said in (old, new)
    )
    once = np.ones((1, len(records)))
    low, high = _between(_macro(draws, true, after) - _macro(draws, true, before))
    different = int(((before == true).all(axis=1) != (after == true).all(axis=1)).sum())
    return Headline(
        name, float(_macro(once, true, before)[0]), float(_macro(once, true, after)[0]), low, high, different
    )


def _macro(draws: Numbers, true: NDArray[np.bool_], said: NDArray[np.bool_]) -> Numbers:
    """(rounds,) the mean F1 of the labels that occur in a draw; a draw in which none occurs and none is said counts as 1."""
    right = draws @ (true & said).astype(float)
    either = draws @ true.astype(float) + draws @ said.astype(float)
    occurs = draws @ true.astype(float) > 0
    # One label alone counts, too, where it was only given by mistake.
    counts = either > 0 if true.shape[1] == 1 else occurs
    f1 = np.where(either > 0, 2 * right / np.maximum(either, 1), 1.0)
    total = counts.sum(axis=1)
    return np.asarray(np.where(total > 0, (f1 * counts).sum(axis=1) / np.maximum(total, 1), 1.0), dtype=np.float64)


def _between(differences: Numbers) -> tuple[float, float]:
    low, high = np.percentile(differences, [_TAIL, 100 - _TAIL])
    return float(low), float(high)
