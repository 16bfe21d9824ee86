"""What the invented people write and what colleagues make of it, read from `themes/` (a file for each department or kind of
matter) and from `manners.yaml` (how people begin and end)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel

from config.strict_yaml import validated
from config.vocabulary import Department, Flag, Kind, Language

# Colleagues write among themselves in one of these two.
InHouse = Literal["fr", "nl"]
ByLanguage = Mapping[Language, tuple[str, ...]]

# Lines of a paragraph stand wrapped in the files; items of a list and quoted lines stand alone.
_WRAPPED: Final = re.compile(r"(?<=[^\n])\n(?=[^\n>-])")
_HERE: Final = Path(__file__).parent


class Theme(BaseModel, frozen=True):
    """What people write about. `weight` is how often it comes. Words in [brackets] are what a classifier would point at, for the
    department or the kind; [flag|words] for a flag; {month}, {day}, {days}, {amount}, {place} and {name} are filled in.

    `texts` are texts by their subject, `letters` stand whole, with their own beginning and end; `said` is what is told in a
    conversation, with what is wished for.
    """

    id: str
    weight: int
    kind: Kind = "complaint"
    flags: tuple[Flag, ...] = ()
    mailbox: str = ""
    texts: Mapping[Language, Mapping[str, str]]
    letters: Mapping[Language, Mapping[str, str]] = {}
    said: Mapping[Language, tuple[tuple[str, str], ...]] = {}


class Topic(BaseModel, frozen=True):
    """Themes of one department, and what its colleagues write about them: answers for who was right and who was not (where that
    makes a difference), notes,
    (question to the department, what it answered), recommendations."""

    department: Department | None = None
    themes: tuple[Theme, ...]
    founded: ByLanguage = {}
    unfounded: ByLanguage = {}
    notes: Mapping[InHouse, tuple[str, ...]]
    asked: Mapping[InHouse, tuple[tuple[str, str], ...]] = {}
    recommended: Mapping[InHouse, tuple[str, ...]] = {}


class Speech(BaseModel, frozen=True):
    """How a member speaks with the robot, and with a colleague: of each exchange (what the colleague writes, what the member
    answers)."""

    hello: str
    yes: str
    no: str
    nothing_more: str
    person: str
    exchanges: tuple[tuple[tuple[str, str], ...], ...]


class Manners(BaseModel, frozen=True):
    """How people begin and end, what they add, what they write back, and what they say of us afterwards."""

    greetings: ByLanguage
    asides: ByLanguage
    endings: ByLanguage
    replies: ByLanguage
    protests: ByLanguage
    comments: ByLanguage
    answer_greetings: Mapping[Language, str]
    drafts: Mapping[Language, str]
    speech: Mapping[Language, Speech]


@cache
def topics() -> Mapping[str, Topic]:
    """Every topic by the name of its file, read once."""
    return {path.stem: validated(Topic, path) for path in sorted((_HERE / "themes").glob("*.yaml"))}


@cache
def manners() -> Manners:
    """As the file says, read once."""
    return validated(Manners, _HERE / "manners.yaml")


def unwrapped(text: str) -> str:
    """A text from a file as somebody wrote it: a line for each paragraph."""
    return _WRAPPED.sub(" ", text.strip())


def in_house(language: str) -> InHouse:
    """In which language colleagues write about a case."""
    return "nl" if language == "nl" else "fr"
