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
from typing import Any, Final, cast

from classifier.classification import Text
from config.vocabulary import CHANNELS, DEPARTMENTS, FLAGS, KINDS, LANGUAGES, Channel, Department, Flag, Kind, Language

FOLDER: Final = Path(__file__).parent / "corpus"
# Which part of the authors is kept for the test, and never seen in training or calibration.
TEST_SHARE: Final = 0.2
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
    """Sixteen digits that change with any message: by them a model and the corpus it learnt from know each other."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
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


def split(records: Sequence[Record], *, seed: int) -> tuple[list[Record], list[Record]]:
    """(training, test): no author and no scenario is in both.

    An author is in the test by a hash of the name, so a corpus that grows leaves everybody where they were. A scenario goes
    with its authors; one which authors of both sides wrote about goes to one side by its own hash, and what the others
    wrote about it is left out of both.
    """
    held = {record.author for record in records if share(f"{seed}:author:{record.author}") < TEST_SHARE}
    sides: dict[str, set[bool]] = {}
    for record in records:
        sides.setdefault(record.scenario, set()).add(record.author in held)
    tested = {
        scenario: share(f"{seed}:scenario:{scenario}") < TEST_SHARE if len(of_both) > 1 else True in of_both
        for scenario, of_both in sides.items()
    }
    training = [r for r in records if r.author not in held and not tested[r.scenario]]
    test = [r for r in records if r.author in held and tested[r.scenario]]
    return training, test


def share(name: str) -> float:
    """A number from 0 to 1 that depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
