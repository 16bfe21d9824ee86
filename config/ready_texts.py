"""Texts that a colleague puts into an answer and changes before sending, read from config/ready_texts/.

They are no templates: one pass over a closed list of names and conditions (`config.filling`, rule R1).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, Field, RootModel, model_validator

from config.filling import Allowed, TextError, parse, render
from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import LANGUAGES, Kind, Language

FOLDER: Final = Path(__file__).resolve().parent / "ready_texts"
# For an answer on the way, for the last message of a case, for a question to a department.
Use = Literal["answers", "closings", "questions"]
# What stands where nothing is known: a person fills it in, and is asked about it before sending.
BLANK: Final = "____"
# `me` is the colleague, `department` the one that the case is about, `body` another house that handles it.
NAMES: Final = frozenset({"name", "reference", "due_on", "received_on", "department", "me", "body", "body_contact"})
FLAGS: Final = frozenset({"due", "late", "courts"})
_ALLOWED: Final = Allowed(NAMES, FLAGS)
_Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Words(BaseModel, extra="forbid", frozen=True):
    """A text in each language; none may be missing."""

    fr: _Text
    nl: _Text
    de: _Text
    en: _Text


class ReadyText(BaseModel, extra="forbid", frozen=True):
    """One text. `title` is what colleagues choose it by; without `kinds` it is for every kind of case; `outcomes` are those
    with which it ends a case."""

    id: Annotated[str, Field(pattern=r"^[a-z_]{2,32}$")]
    title: FourLanguages
    kinds: tuple[Kind, ...] = ()
    outcomes: tuple[Annotated[str, Field(pattern=r"^[a-z_]{2,24}$")], ...] = ()
    text: Words

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for language in LANGUAGES:
            try:
                parse(getattr(self.text, language), language, _ALLOWED)
            except TextError as error:
                raise ValueError(f"{self.id}, {language}: {error}") from None
        return self

    def words(self, language: Language, values: Mapping[str, str], flags: Set[str]) -> str:
        """The text in a language; a name without a value becomes a blank. `values` are never looked at again."""
        filled = {name: values.get(name, "") or BLANK for name in NAMES}
        return render(parse(getattr(self.text, language), language, _ALLOWED), filled, flags)


class ReadyTexts(RootModel[Annotated[tuple[ReadyText, ...], Field(min_length=1, max_length=100)]], frozen=True):
    """All texts of one use, in the order in which they are offered."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.id for one in self.root]
        if len(set(names)) != len(names):
            raise ValueError("an id is given twice")
        return self

    def for_kind(self, kind: str) -> tuple[ReadyText, ...]:
        """Those that fit a kind of case."""
        return tuple(one for one in self.root if not one.kinds or kind in one.kinds)

    def find(self, name: str) -> ReadyText | None:
        """The text with this id."""
        return next((one for one in self.root if one.id == name), None)


def load_ready_texts(use: Use, folder: Path = FOLDER) -> ReadyTexts:
    """The texts of one use. Raises DataError when one lacks a language or fills a name that does not exist."""
    return validated(ReadyTexts, folder / f"{use}.yaml")


@cache
def ready_texts(use: Use) -> ReadyTexts:
    """The shipped texts, read once."""
    return load_ready_texts(use)
