"""Addresses and numbers that texts name, read from directory.yaml: the office, help lines, other bodies.

Texts never hold an address themselves; they name an entry here, which carries its source and the day it was checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field, model_validator

from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "directory.yaml"

_Line = Annotated[str, Field(min_length=1, max_length=200)]
# The same in every language, or one for each.
_Local = _Line | FourLanguages


def _in(local: _Local | None, language: Language) -> str:
    if local is None:
        return ""
    return local if isinstance(local, str) else local.in_language(language)


class _Checked(BaseModel, extra="forbid", frozen=True):
    """Where an entry comes from. `checked` is None until somebody has compared it with its source."""

    source: _Line
    checked: date | None = None


class Office(_Checked, frozen=True):
    """The house itself, as members reach it."""

    name: _Line
    phone: _Line
    phone_international: Annotated[str, Field(pattern=r"^\+\d{8,15}$")]
    mail: _Line
    web: _Line
    post: FourLanguages


class Coordinator(_Checked, frozen=True):
    """The coordinating doctor of the union: the lines of the address on a letter, and the address within a text."""

    lines: Annotated[tuple[_Line, ...], Field(min_length=2, max_length=8)]
    in_text: FourLanguages


class HelpLine(_Checked, frozen=True):
    """One help line and the languages that are spoken there."""

    id: _Line
    number: Annotated[str, Field(pattern=r"^[0-9 ]{3,16}$")]
    names: FourLanguages
    speaks: Annotated[tuple[Language, ...], Field(min_length=1)]


class Contact(BaseModel, extra="forbid", frozen=True):
    """How a body is reached; at least one way."""

    phone: _Local | None = None
    mail: _Local | None = None
    web: _Local | None = None
    post: _Local | None = None

    @model_validator(mode="after")
    def _some_way(self) -> Contact:
        if not (self.phone or self.mail or self.web or self.post):
            raise ValueError("a contact needs a phone, mail, web or post")
        return self

    def ways(self, language: Language) -> tuple[tuple[str, str], ...]:
        """The ways with their kind ("phone", "mail", "web", "post"), the quickest first."""
        known = (("phone", self.phone), ("mail", self.mail), ("web", self.web), ("post", self.post))
        return tuple((kind, text) for kind, way in known if (text := _in(way, language)))

    def in_language(self, language: Language) -> str:
        """All ways in one line."""
        return ", ".join(text for _, text in self.ways(language))


class Body(_Checked, frozen=True):
    """Another body that can help. `about` completes "your message is about …"; `words` are what it is recognised by, and
    `called` what houses of its sort are called: who writes such a name may well write about that house."""

    id: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    group: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    about: FourLanguages
    names: FourLanguages
    contact: Contact
    words: Mapping[Language, Annotated[tuple[_Line, ...], Field(min_length=1)]]
    called: tuple[_Line, ...] = ()

    @model_validator(mode="after")
    def _all_languages(self) -> Body:
        missing = [language for language in LANGUAGES if language not in self.words]
        if missing:
            raise ValueError(f"body '{self.id}': no words in {', '.join(missing)}")
        listed = {word for words in self.words.values() for word in words}
        if unknown := [name for name in self.called if name not in listed]:
            raise ValueError(f"body '{self.id}': called what is not among its words: {', '.join(unknown)}")
        return self


class Directory(BaseModel, extra="forbid", frozen=True):
    """The whole directory."""

    office: Office
    coordinator: Coordinator
    help_lines: tuple[HelpLine, ...]
    bodies: tuple[Body, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Directory:
        for what, ids in (("help line", [e.id for e in self.help_lines]), ("body", [e.id for e in self.bodies])):
            twice = sorted({name for name in ids if ids.count(name) > 1})
            if twice:
                raise ValueError(f"{what} named twice: {', '.join(twice)}")
        missing = sorted(NEEDED_LINES - {line.id for line in self.help_lines})
        if missing:
            raise ValueError(f"help line missing: {', '.join(missing)}")
        return self

    def line(self, name: str) -> HelpLine:
        """One help line. Raises KeyError when it does not exist."""
        for line in self.help_lines:
            if line.id == name:
                return line
        raise KeyError(name)

    def unchecked(self) -> tuple[str, ...]:
        """What has still to be compared with its source before going live."""
        entries: list[tuple[str, _Checked]] = [("office", self.office), ("coordinator", self.coordinator)]
        entries += [(line.id, line) for line in self.help_lines]
        entries += [(body.id, body) for body in self.bodies]
        return tuple(name for name, entry in entries if entry.checked is None)


# The help lines which the urgent texts name.
NEEDED_LINES: Final = frozenset({"emergency", "suicide_fr", "suicide_nl", "talk_fr", "talk_nl", "talk_de", "talk_en"})


def load_directory(path: Path = SHIPPED) -> Directory:
    """Read the directory. Raises DataError, in words, when it is missing or wrong."""
    return validated(Directory, path)


@cache
def directory() -> Directory:
    """The shipped directory, read once."""
    return load_directory()
