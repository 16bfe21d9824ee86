"""Labels and answers made by hand, so that every measure can be counted on paper."""

from __future__ import annotations

from collections.abc import Sequence

from classifier.classification import Classification, Text
from classifier.corpus import Record
from classifier.measuring.labels import Given, given
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, Department, Flag, Kind, Language


def record(
    number: int,
    *,
    author: str = "",
    language: Language = "fr",
    kind: Kind = "complaint",
    flags: Sequence[Flag] = (),
    department: Department | None = "digital",
    text: str = "Bonjour, rien ne marche.",
) -> Record:
    """One labelled message; each is by an author of its own unless said."""
    message = Text("email", text, "Sujet")
    author = author or f"author-{number}"
    return Record(f"m-{number}", author, f"s-{number}", language, message, kind, frozenset(flags), department)


def answer(
    *,
    language: Language = "fr",
    kind: Kind = "complaint",
    kind_p: float = 0.95,
    flags: dict[Flag, float] | None = None,
    ranked: Sequence[Department] = ("digital",),
    first_p: float = 0.9,
    nowhere: bool = False,
    abstained: Sequence[str] = (),
) -> Classification:
    """What a classifier might say: flags from one half up, departments ranked as given and then the others."""
    chances = dict.fromkeys(FLAGS, 0.02) | (flags or {})
    order = [*ranked, *(name for name in DEPARTMENTS if name not in ranked)]
    places = [(name, first_p if place == 0 else 0.05 / (place + 1)) for place, name in enumerate(order)]
    rest = (1 - kind_p) / 4
    return Classification(
        language=language,
        kind=kind,
        flags={flag: p >= 0.5 for flag, p in chances.items()},
        department=None if nowhere else order[0],
        departments=tuple(places),
        probabilities={"kind": {name: kind_p if name == kind else rest for name in KINDS}, **chances},
        abstained=tuple(abstained),
        evidence=(),
        model="by-hand",
    )


def answers(*found: Classification) -> Given:
    """Several of them as arrays."""
    return given(found)
