"""What the heads learn from: labelled messages, and the short sayings in the folder `sayings` beside it, both as lessons.

A lesson is a message as it was read, with the right class of each head that is known. A saying is a few words
that tell one label and leave the others open; it widens the vocabulary beyond what the corpus happens to tell.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from classifier import components, corpus, features, pipeline
from classifier.classification import Text
from classifier.corpus import Record
from classifier.encoder import Encoder
from classifier.features import FACTS, Floats
from classifier.heads import HEADS, NOWHERE
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, LANGUAGES, Language

# Sayings come without sender or channel: only what their words tell of themselves counts.
_SAID: Final = np.array([name.startswith(("hint:", "language:")) for name in FACTS])
_NO: Final = "not_"
_SLIPS: Final = 0.05
_SMALL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Lesson:
    """`message` as it came, and as it was read. `pieces`: the numbers of the encoder's pieces, `damaged` those of the same text
    without accents and with slips of the keyboard. `targets`: {head: class
    number}; a head that is missing is unknown. `author` and `scenario` are "" for a saying."""

    message: Text
    reading: features.Reading
    pieces: tuple[int, ...]
    damaged: tuple[int, ...]
    targets: Mapping[str, int]
    author: str = ""
    scenario: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """A few words and the one label they tell: a department, a kind, a flag, or "not_" and a flag."""

    language: Language
    label: str
    text: str


def sayings(corpus_dir: Path = corpus.FOLDER) -> list[Saying]:
    """All sayings of a corpus, files and lines in order; none where it has none.

    Raises `corpus.CorpusError` for a line that is no label, tab and text.
    """
    known = {*DEPARTMENTS, *KINDS, *FLAGS, *(f"{_NO}{flag}" for flag in FLAGS)}
    found: list[Saying] = []
    for language in LANGUAGES:
        path = corpus_dir / corpus.SAYINGS / f"{language}.tsv"
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            label, tab, text = line.partition("\t")
            if not tab or label not in known or not text.strip():
                raise corpus.CorpusError(f"{path.name}:{number}: not a label, a tab and a saying")
            found.append(Saying(language, label, text.strip()))
    return found


def from_records(records: Sequence[Record], encoder: Encoder, mended: Callable[[str], str] = str) -> list[Lesson]:
    """A lesson from each message. What it teaches must not depend on how well its language is told: that is known here.

    `mended` puts slips of the keyboard right, as the running pipeline does once there are words to do it by.
    """
    return [
        _lesson(
            record.message, record.language, record_targets(record), encoder, record.author, record.scenario, mended
        )
        for record in records
    ]


def from_sayings(said: Sequence[Saying], encoder: Encoder) -> list[Lesson]:
    """A lesson from each saying."""
    found: list[Lesson] = []
    for saying in said:
        lesson = _lesson(Text("chat", saying.text), saying.language, _saying_targets(saying.label), encoder)
        lesson.reading.facts[~_SAID] = 0
        found.append(lesson)
    return found


def _lesson(
    text: Text,
    language: Language,
    targets: dict[str, int],
    encoder: Encoder,
    author: str = "",
    scenario: str = "",
    mended: Callable[[str], str] = str,
) -> Lesson:
    capped = pipeline.capped(text.text)
    reading = features.read(text, capped, language, mended)
    if reading.contentless:
        # The rules decide these; the heads would only learn that nothing means something.
        targets = {}
    whole, slipped = (
        tuple(piece for part in encoder.cut_parts([mended(sentence.text) for sentence in read]) for piece in part)
        for read in (components.encoded(text, capped), components.encoded(text, with_slips(capped)))
    )
    return Lesson(text, reading, whole, slipped, targets, author, scenario)


def with_slips(text: str) -> str:
    """The text as somebody in a hurry types it: no accents, one letter in twenty changed places with the next, and every
    other text in small letters throughout. The same text gives the same."""
    rng = random.Random(text)  # noqa: S311 - slips, not secrets
    bare = [char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)]
    for place in range(len(bare) - 1):
        if bare[place].isalpha() and bare[place + 1].isalpha() and rng.random() < _SLIPS:
            bare[place], bare[place + 1] = bare[place + 1], bare[place]
    typed = "".join(bare)
    return typed.lower() if rng.random() < _SMALL else typed


def record_targets(record: Record) -> dict[str, int]:
    """The class number of each head. What is off scope has no department to learn from."""
    targets: dict[str, int] = {flag: int(flag in record.flags) for flag in FLAGS}
    targets["kind"] = KINDS.index(record.kind)
    if "off_scope" not in record.flags:
        targets["department"] = HEADS["department"].index(record.department or NOWHERE)
    return targets


def _saying_targets(label: str) -> dict[str, int]:
    if label in DEPARTMENTS:
        return {"department": HEADS["department"].index(label), "off_scope": 0}
    if label in KINDS:
        return {"kind": HEADS["kind"].index(label)}
    if label.startswith(_NO):
        return {label.removeprefix(_NO): 0}
    return {label: 1} | ({"doctor": 0} if label == "off_scope" else {"off_scope": 0} if label == "doctor" else {})


def facts_of(lessons: Sequence[Lesson]) -> Floats:
    """(lessons, facts)."""
    return np.stack([lesson.reading.facts for lesson in lessons])
