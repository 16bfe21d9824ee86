"""The labelled messages in `classifier/corpus/*.jsonl`: reading, checking, and the split that keeps authors together.

One message a line: id, author, scenario, channel, language, from_name, from_address, subject, text, kind, flags, department.
Every text is invented.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from classifier.classification import Text
from classifier.duplicates import near
from config.vocabulary import CHANNELS, DEPARTMENTS, FLAGS, KINDS, LANGUAGES, Channel, Department, Flag, Kind, Language

FOLDER: Final = Path(__file__).parent / "corpus"
# In the folder of a corpus: short utterances, by language, that tell one label each (`lessons.py`).
SAYINGS: Final = "sayings"
# Which part of the authors is kept for the test, and which sets temperatures and thresholds.
TEST_SHARE: Final = 0.15
CALIBRATION_SHARE: Final = 0.1
_FIELDS: Final = (
    "id",
    "author",
    "scenario",
    "channel",
    "language",
    "from_name",
    "from_address",
    "subject",
    "text",
    "kind",
    "flags",
    "department",
)


class CorpusError(ValueError):
    """A line of the corpus is not what it must be; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled message."""

    id: str
    author: str
    scenario: str
    language: Language
    message: Text
    kind: Kind
    flags: frozenset[Flag]
    department: Department | None


def read(folder: Path = FOLDER) -> list[Record]:
    """All records, files and lines in order. Raises `CorpusError` for a broken line, a double id, or no message at all."""
    records: list[Record] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            if not line.strip():
                continue
            try:
                record = parse(line)
                if record.id in seen:
                    raise ValueError("the id was used before")
            except ValueError as error:
                raise CorpusError(f"{path.name}:{number}: {error}") from error
            seen.add(record.id)
            records.append(record)
    if not records:
        raise CorpusError(f"no messages in {folder}")
    return records


def fingerprint(folder: Path = FOLDER) -> str:
    """Sixteen digits that change with any message or saying: by them a model and the corpus it learnt from know each other."""
    digest = hashlib.sha256()
    for path in [*sorted(folder.glob("*.jsonl")), *sorted((folder / SAYINGS).glob("*.tsv"))]:
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)}:".encode() + content)
    return digest.hexdigest()[:16]


def parse(line: str) -> Record:
    """One line. Raises `ValueError` saying what is wrong with it."""
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    if missing := [name for name in _FIELDS if name not in data]:
        raise ValueError(f"missing: {', '.join(missing)}")
    if unknown := sorted(set(data) - set(_FIELDS)):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    _check(data)
    flags = frozenset(cast(list[Flag], data["flags"]))
    return Record(
        id=data["id"],
        author=data["author"],
        scenario=data["scenario"],
        language=cast(Language, data["language"]),
        message=Text(
            channel=cast(Channel, data["channel"]),
            text=data["text"],
            subject=data["subject"],
            from_name=data["from_name"],
            from_address=data["from_address"],
        ),
        kind=cast(Kind, data["kind"]),
        flags=flags,
        department=cast(Department | None, data["department"]),
    )


def _check(data: dict[str, Any]) -> None:
    for name in _FIELDS[:10]:
        if not isinstance(data[name], str):
            raise ValueError(f"{name} is not a string")
    for name in ("id", "author", "scenario"):
        if not data[name]:
            raise ValueError(f"{name} is empty")
    for name, allowed in (("channel", CHANNELS), ("language", LANGUAGES), ("kind", KINDS)):
        if data[name] not in allowed:
            raise ValueError(f"{name} {data[name]!r} is none of {', '.join(allowed)}")
    if not isinstance(data["flags"], list) or not set(data["flags"]) <= set(FLAGS):
        raise ValueError(f"flags {data['flags']!r} are not all of {', '.join(FLAGS)}")
    if data["department"] is not None and data["department"] not in DEPARTMENTS:
        raise ValueError(f"department {data['department']!r} is unknown")
    if "off_scope" in data["flags"] and data["department"] is not None:
        raise ValueError("off scope, but with a department")
    if {"off_scope", "doctor"} <= set(data["flags"]):
        raise ValueError("the mutual's own adviser is never off scope")


class Parts(NamedTuple):
    """The corpus in three: what the weights learn from, what sets temperatures and thresholds, what is only measured on."""

    training: list[Record]
    calibration: list[Record]
    test: list[Record]


def split(records: Sequence[Record], *, seed: int) -> Parts:
    """Three parts: no author and no scenario is in two of them, and nothing in one says nearly what a later one says.

    An author's part is told by a hash of the name, so a corpus that grows leaves everybody where they were. A scenario goes
    with its authors; one which authors of several parts wrote about goes to one of these by its own hash, and what the others
    wrote about it is left out, as is what resembles a message of a part that must not be known (`duplicates.near`).
    """
    homes: dict[str, set[int]] = {}
    for record in records:
        homes.setdefault(record.scenario, set()).add(_part(f"{seed}:author:{record.author}"))
    chosen = {
        scenario: sorted(parts)[int(share(f"{seed}:scenario:{scenario}") * len(parts))]
        for scenario, parts in homes.items()
    }
    parts = Parts([], [], [])
    for record in records:
        part = _part(f"{seed}:author:{record.author}")
        if part == chosen[record.scenario]:
            parts[part].append(record)
    calibration = _unlike(parts.calibration, parts.test)
    return Parts(_unlike(parts.training, [*calibration, *parts.test]), calibration, parts.test)


def _part(name: str) -> int:
    place = share(name)
    return 2 if place < TEST_SHARE else 1 if place < TEST_SHARE + CALIBRATION_SHARE else 0


def _unlike(records: list[Record], kept_apart: list[Record]) -> list[Record]:
    alike = {place for place, _ in near(_texts(records), _texts(kept_apart))}
    return [record for place, record in enumerate(records) if place not in alike]


def _texts(records: Sequence[Record]) -> list[str]:
    return [record.message.text for record in records]


def share(name: str) -> float:
    """A number from 0 to 1 that depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
