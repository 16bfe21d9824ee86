"""Stories from the templates beside this file: a subject, a text, and what a classifier would make of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from babel.dates import get_month_names
from pydantic import BaseModel

from classifier.classification import Classification, Evidence, Identity
from config.strict_yaml import validated
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, Department, Flag, Kind, Language
from gateway.demo.people import PLACES

_MARK: Final = re.compile(r"\[(?:(?P<flag>[a-z_]+)\|)?(?P<words>[^\]]+)\]")
MODEL: Final = "demo"


class Theme(BaseModel, frozen=True):
    """What people write about. `texts` are (subject, text) by language; `weight` is how often it comes."""

    id: str
    weight: int
    department: Department | None = None
    kind: Kind = "complaint"
    flags: tuple[Flag, ...] = ()
    mailbox: str = ""
    texts: Mapping[Language, tuple[tuple[str, str], ...]]


class Stories(BaseModel, frozen=True):
    """The whole file."""

    themes: tuple[Theme, ...]
    greetings: Mapping[Language, tuple[str, ...]]
    asides: Mapping[Language, tuple[str, ...]]
    replies: Mapping[Language, tuple[str, ...]]
    answers: Mapping[Language, tuple[str, ...]]
    notes: tuple[str, ...]
    recommendations: tuple[str, ...]
    comments: Mapping[Language, tuple[str, ...]]


@cache
def stories() -> Stories:
    """The templates, read once."""
    return validated(Stories, Path(__file__).with_name("stories.yaml"))


@dataclass(frozen=True, slots=True)
class Story:
    """A message as somebody wrote it. `found` is what a classifier would say."""

    theme: Theme
    subject: str
    text: str
    found: Classification


def tell(theme: Theme, language: Language, month: int, name: str, rng: Random) -> Story:
    """A story of a theme in a language, about something of a month (1 to 12), signed with `name` if there is one."""
    subject, told = rng.choice(theme.texts[language])
    words = {
        "{month}": get_month_names("wide", locale=language)[month],
        "{amount}": f"{rng.randrange(18, 640)},{rng.choice(('00', '50', '80'))}",
        "{days}": str(rng.randrange(9, 70)),
        "{place}": rng.choice(PLACES[language]),
    }
    if language == "fr" and words["{month}"][0] in "ao":
        told, subject = told.replace("de {month}", "d’{month}"), subject.replace("de {month}", "d’{month}")
    for mark, word in words.items():
        told, subject = told.replace(mark, word), subject.replace(mark, word)
    if theme.kind == "other":
        whole = told
    else:
        parts = [rng.choice(stories().greetings[language]), told, rng.choice(stories().asides[language])]
        signature = "" if "anonymous" in theme.flags else name
        whole = "\n\n".join(part for part in (*parts, signature) if part)
    text, evidence = _read(whole, theme)
    found = _found(theme, language, evidence, rng)
    if "anonymous" not in theme.flags and theme.kind != "other":
        found = replace(found, identity=Identity(name=name))
    return Story(theme, subject, text, found)


def answer_read(language: Language) -> Classification:
    """What a classifier would say of a few words that a member writes back."""
    return Classification(
        language=language,
        kind="other",
        flags=dict.fromkeys(FLAGS, False),
        department=None,
        departments=(),
        probabilities={"kind": {"other": 0.94, "complaint": 0.04}, **dict.fromkeys(FLAGS, 0.01)},
        abstained=(),
        evidence=(),
        model=MODEL,
    )


def _read(marked: str, theme: Theme) -> tuple[str, tuple[Evidence, ...]]:
    """The text without its marks, and the marked words as evidence."""
    text, end = "", 0
    evidence: list[Evidence] = []
    for mark in _MARK.finditer(marked):
        text += marked[end : mark.start()]
        label = mark["flag"] or theme.department or theme.kind
        start = len(text)
        text += mark["words"]
        evidence.append(Evidence(label, start, len(text), mark["words"], 1.4 + len(evidence) * 0.1))
        end = mark.end()
    return text + marked[end:], tuple(evidence)


def _found(theme: Theme, language: Language, evidence: tuple[Evidence, ...], rng: Random) -> Classification:
    sure = round(rng.uniform(0.88, 0.995), 4)
    unsure = rng.random() < 0.1
    kinds = {kind: round((1 - sure) / 4, 4) for kind in KINDS} | {theme.kind: sure}
    flags: dict[str, Any] = {
        flag: round(rng.uniform(0.85, 0.99) if flag in theme.flags else rng.uniform(0.001, 0.06), 4) for flag in FLAGS
    }
    abstained: tuple[str, ...] = ()
    because: dict[str, Any] = {}
    if unsure and theme.department and not theme.flags:
        abstained, because = ("department",), {"department": "undecided"}
    elif unsure and theme.flags and theme.flags[0] in ("off_scope", "anonymous"):
        abstained, because = (theme.flags[0],), {theme.flags[0]: "not_certain_enough"}
        flags[theme.flags[0]] = 0.72
    return Classification(
        language=language,
        kind=theme.kind,
        flags={flag: flag in theme.flags for flag in FLAGS},
        department=None if "off_scope" in theme.flags else theme.department,
        departments=_departments(theme, unsure=bool(abstained), rng=rng),
        probabilities={"kind": kinds, **flags},
        abstained=abstained,
        evidence=evidence,
        model=MODEL,
        because=because,
    )


def _departments(theme: Theme, *, unsure: bool, rng: Random) -> tuple[tuple[Department, float], ...]:
    if theme.department is None or "off_scope" in theme.flags:
        return ()
    first = round(rng.uniform(0.41, 0.52) if unsure else rng.uniform(0.78, 0.97), 4)
    others = rng.sample([name for name in DEPARTMENTS if name != theme.department], 2)
    return (
        (theme.department, first),
        (others[0], round((1 - first) * 0.6, 4)),
        (others[1], round((1 - first) * 0.3, 4)),
    )
