"""Labels as arrays: what messages have (`truth`) and what a classifier gave them (`given`), for measures without loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.classification import Classification
from classifier.corpus import Record
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, LANGUAGES

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Numbers = NDArray[np.float64]

# The questions on which a classifier may say that it is not sure.
QUESTIONS: Final = ("kind", "off_scope", "anonymous", "doctor", "department")
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"kind": KINDS, "flags": FLAGS, "department": DEPARTMENTS}
NONE: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """n messages: `language`, `kind` and `department` (n,) as places in their lists, `NONE` without; `flags` (n, 5)."""

    language: Ints
    kind: Ints
    flags: Bools
    department: Ints

    def take(self, rows: Bools | Ints) -> Labels:
        """Only these messages."""
        return Labels(self.language[rows], self.kind[rows], self.flags[rows], self.department[rows])

    def yes(self, group: str) -> Bools:
        """(n, labels of the group): which label each message has."""
        if group == "flags":
            return self.flags
        chosen = self.kind if group == "kind" else self.department
        return np.asarray(chosen[:, None] == np.arange(len(GROUPS[group]))[None, :])


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What a classifier said of n messages: decisions, the probability of the decided kind (n,), of each flag (n, 5) and
    of each department (n, 11), by which these are ranked; and the questions on which it was not sure (n, 5)."""

    labels: Labels
    kind_p: Numbers
    flags_p: Numbers
    places: Numbers
    abstained: Bools

    def take(self, rows: Bools | Ints) -> Given:
        """Only these messages."""
        return Given(
            self.labels.take(rows), self.kind_p[rows], self.flags_p[rows], self.places[rows], self.abstained[rows]
        )

    @property
    def ranked(self) -> Ints:
        """(n, 11): departments, the likeliest first."""
        return np.argsort(-self.places, axis=1, kind="stable")


def truth(records: Sequence[Record]) -> Labels:
    """The labels of the records."""
    return Labels(
        language=_places([record.language for record in records], LANGUAGES),
        kind=_places([record.kind for record in records], KINDS),
        flags=np.array([[flag in record.flags for flag in FLAGS] for record in records], dtype=bool).reshape(-1, 5),
        department=_places([record.department for record in records], DEPARTMENTS),
    )


def given(found: Sequence[Classification]) -> Given:
    """What the classifications say."""
    chances = [dict(item.departments) for item in found]
    return Given(
        labels=Labels(
            language=_places([item.language for item in found], LANGUAGES),
            kind=_places([item.kind for item in found], KINDS),
            flags=np.array([[item.flags[flag] for flag in FLAGS] for item in found], dtype=bool).reshape(-1, 5),
            department=_places([item.department for item in found], DEPARTMENTS),
        ),
        kind_p=np.array([item.probabilities["kind"][item.kind] for item in found], dtype=float),
        flags_p=np.array([[item.probability(flag) for flag in FLAGS] for item in found], dtype=float).reshape(-1, 5),
        places=np.array([[one.get(name, 0.0) for name in DEPARTMENTS] for one in chances], dtype=float).reshape(-1, 11),
        abstained=np.array([[q in item.abstained for q in QUESTIONS] for item in found], dtype=bool).reshape(-1, 5),
    )


def _places(values: Sequence[str | None], known: Sequence[str]) -> Ints:
    at: dict[str | None, int] = {name: place for place, name in enumerate(known)}
    return np.array([at.get(value, NONE) for value in values], dtype=np.int64)
