"""How far a second reader agrees with the labels of the corpus: where two people differ, no classifier can be right for both.

`second_reading.jsonl` holds one line for each message that was read again without seeing its labels:
{"id", "reader", "kind", "flags", "department"}.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.corpus import Record
from classifier.measuring.tables import NAMES, Table, figure
from classifier.measuring.terminal import draw
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, LANGUAGES

__all__ = ["FILE", "Agreement", "ReadingError", "Second", "compare", "draw", "read", "tables"]

FILE: Final = Path(__file__).parent / "second_reading.jsonl"
_FIELDS: Final = {"id", "reader", "kind", "flags", "department"}


class ReadingError(ValueError):
    """The second reading is missing, or a line of it is not what it must be; the message says which."""


@dataclass(frozen=True, slots=True)
class Second:
    """What a second reader said of one message."""

    id: str
    reader: str
    kind: str
    flags: frozenset[str]
    department: str | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One label in one language ("all": in every one): messages read twice, share on which both readers say the same, and
    Cohen's kappa, which leaves out what chance alone would bring (not a number where both always say one thing)."""

    label: str
    language: str
    messages: int
    raw: float
    kappa: float


def read(path: Path = FILE) -> list[Second]:
    """The second reading. Raises `ReadingError`."""
    if not path.exists():
        raise ReadingError(f"nobody has read the messages a second time yet: there is no {path.name}")
    found: list[Second] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line.strip():
            try:
                found.append(_parsed(line))
            except ValueError as error:
                raise ReadingError(f"{path.name}:{number}: {error}") from error
    if not found:
        raise ReadingError(f"{path.name} is empty")
    return found


def _parsed(line: str) -> Second:
    data = json.loads(line)
    if not isinstance(data, dict) or set(data) != _FIELDS:
        raise ValueError(f"not an object of {', '.join(sorted(_FIELDS))}")
    if not isinstance(data["id"], str) or not isinstance(data["reader"], str):
        raise ValueError("id or reader is not a string")
    if data["kind"] not in KINDS:
        raise ValueError(f"kind {data['kind']!r} is unknown")
    if not isinstance(data["flags"], list) or not all(flag in FLAGS for flag in data["flags"]):
        raise ValueError(f"flags {data['flags']!r} are not all known")
    if data["department"] is not None and data["department"] not in DEPARTMENTS:
        raise ValueError(f"department {data['department']!r} is unknown")
    return Second(data["id"], data["reader"], data["kind"], frozenset(data["flags"]), data["department"])


def compare(records: Sequence[Record], second: Sequence[Second]) -> list[Agreement]:
    """Kind and department as a whole and label by label, and each flag; over all, then by language.

    Raises `ReadingError` for a message which the corpus does not have.
    """
    known = {record.id: record for record in records}
    if strange := sorted({one.id for one in second} - set(known)):
        raise ReadingError(f"not in the corpus: {', '.join(strange[:5])}")
    pairs = [(known[one.id], one) for one in second]
    found: list[Agreement] = []
    for language in ("all", *LANGUAGES):
        here = [(record, one) for record, one in pairs if language in ("all", record.language)]
        if here:
            found += [
                Agreement(label, language, len(here), *_agreement([(ask(a), ask(b)) for a, b in here]))
                for label, ask in _questions()
            ]
    return found


def _questions() -> list[tuple[str, Callable[[Record | Second], Hashable]]]:
    asked: list[tuple[str, Callable[[Record | Second], Hashable]]] = [("kind", lambda one: one.kind)]
    asked += [(kind, lambda one, kind=kind: one.kind == kind) for kind in KINDS]  # type: ignore[misc]  # a default
    asked += [(flag, lambda one, flag=flag: flag in one.flags) for flag in FLAGS]  # type: ignore[misc]  # as above
    asked.append(("department", lambda one: one.department))
    asked += [(name, lambda one, name=name: one.department == name) for name in DEPARTMENTS]  # type: ignore[misc]  # as above
    return asked


def _agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> tuple[float, float]:
    """(raw agreement, kappa); Cohen, "A coefficient of agreement for nominal scales", 1960."""
    total = len(pairs)
    raw = sum(one == two for one, two in pairs) / total
    first, second = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)
    chance = sum(count * second[label] for label, count in first.items()) / total**2
    return raw, math.nan if chance == 1 else (raw - chance) / (1 - chance)


def tables(found: Sequence[Agreement]) -> tuple[Table, ...]:
    """One table for raw agreement and kappa: over all, and kappa by language."""
    languages = tuple(dict.fromkeys(one.language for one in found))
    by_label: dict[str, dict[str, Agreement]] = {}
    for one in found:
        by_label.setdefault(one.label, {})[one.language] = one
    rows = tuple(
        (
            label,
            str(each["all"].messages),
            figure(each["all"].raw),
            *(figure(each[language].kappa) for language in languages),
        )
        for label, each in by_label.items()
    )
    heads = tuple("kappa" if language == "all" else f"kappa, {NAMES[language]}" for language in languages)
    note = "Kappa: 0 is chance, 1 is full agreement. A dash: both readers say the same one thing of every message."
    return (
        Table("agreement", "A second reader against the corpus", ("label", "messages", "agree", *heads), rows, note),
    )
