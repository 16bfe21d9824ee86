"""Where the classifier is wrong: confusion, its most confident errors, and what errors have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from classifier.corpus import Record
from classifier.features import readable
from classifier.lexicon import words
from classifier.measuring.labels import NONE, Bools, Given, Ints, Labels
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS

NOWHERE: Final = "none"
_WORST: Final = 20
_SHORTENED: Final = 160
# An author with fewer messages than this says nothing about authors.
_LEAST: Final = 5
_MOST_AUTHORS: Final = 5
_BANDS: Final = ((5, "up to 5 words"), (12, "6 to 12"), (40, "13 to 40"), (120, "41 to 120"))


class Confusion(NamedTuple):
    """`counts[i][j]`: messages that are `labels[i]` and were called `labels[j]`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Mistake(NamedTuple):
    """One wrong decision: on which question, what was said and how surely, what is right, and the beginning of the text."""

    id: str
    language: str
    question: str
    said: str
    right: str
    probability: float
    text: str


class Habit(NamedTuple):
    """A sort of message: how many there are, and on how many of them kind or department is wrong."""

    sort: str
    name: str
    messages: int
    wrong: int


def confusions(truth: Labels, found: Given) -> dict[str, Confusion]:
    """Kind against kind, department against department; messages without one are a row and a column of their own."""
    return {
        "kind": _confusion(KINDS, truth.kind, found.labels.kind),
        "department": _confusion((*DEPARTMENTS, NOWHERE), truth.department, found.labels.department),
    }


def _confusion(labels: tuple[str, ...], wanted: Ints, given: Ints) -> Confusion:
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    # The place of "none" is the last.
    np.add.at(counts, (wanted % len(labels), given % len(labels)), 1)
    return Confusion(labels, tuple(tuple(row) for row in counts.tolist()))


def worst(records: Sequence[Record], truth: Labels, found: Given) -> tuple[Mistake, ...]:
    """The twenty most confident wrong decisions, one for each message and question."""
    wrong = np.flatnonzero(found.labels.kind != truth.kind).tolist()
    candidates: list[tuple[float, int, str, str, str]] = [
        (float(found.kind_p[row]), row, "kind", KINDS[found.labels.kind[row]], KINDS[truth.kind[row]]) for row in wrong
    ]
    placed = found.labels.department != NONE
    for row in np.flatnonzero(placed & (found.labels.department != truth.department)).tolist():
        said, right = DEPARTMENTS[found.labels.department[row]], _department(truth.department[row])
        candidates.append((float(found.places[row].max()), row, "department", said, right))
    for place, flag in enumerate(FLAGS):
        given = found.labels.flags[:, place]
        for row in np.flatnonzero(given != truth.flags[:, place]).tolist():
            p = float(found.flags_p[row, place])
            said, right = ("yes", "no") if given[row] else ("no", "yes")
            candidates.append((p if given[row] else 1 - p, row, flag, said, right))
    candidates.sort(key=lambda one: (-one[0], one[1], one[2]))
    return tuple(
        Mistake(records[row].id, records[row].language, question, said, right, round(p, 4), shortened(records[row]))
        for p, row, question, said, right in candidates[:_WORST]
    )


def _department(place: int) -> str:
    return NOWHERE if place == NONE else DEPARTMENTS[place]


def shortened(record: Record) -> str:
    """The beginning of subject and text in one line, without signs that no file would take."""
    line = " ".join(readable(f"{record.message.subject} {record.message.text}").split())
    return line if len(line) <= _SHORTENED else line[: _SHORTENED - 1].rstrip() + "…"


def in_common(records: Sequence[Record], truth: Labels, found: Given) -> tuple[Habit, ...]:
    """How often kind or department is wrong by language, channel, length and author; of the authors only the five worst."""
    wrong = (found.labels.kind != truth.kind) | (found.labels.department != truth.department)
    sorts: Mapping[str, Callable[[Record], str]] = {
        "language": lambda record: record.language,
        "channel": lambda record: record.message.channel,
        "length": length_band,
        "author": lambda record: record.author,
    }
    habits: list[Habit] = []
    for sort, name_of in sorts.items():
        found_here = _habits(sort, [name_of(record) for record in records], wrong)
        if sort == "author":
            found_here = [habit for habit in found_here if habit.messages >= _LEAST][:_MOST_AUTHORS]
        habits += found_here
    return tuple(habits)


def _habits(sort: str, names: Sequence[str], wrong: Bools) -> list[Habit]:
    """The sorts of message, those with the largest share of errors first."""
    places = np.array(names, dtype=str)
    found = [
        Habit(sort, str(name), int((places == name).sum()), int(wrong[places == name].sum()))
        for name in np.unique(places)
    ]
    return sorted(found, key=lambda habit: (-habit.wrong / habit.messages, habit.name))


def length_band(record: Record) -> str:
    """How long a text is, in words."""
    count = len(words(record.message.text))
    return next((name for most, name in _BANDS if count <= most), "over 120")
