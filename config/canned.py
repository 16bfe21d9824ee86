"""Texts that colleagues put into the box of a conversation, read from canned.yaml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, RootModel, model_validator

from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "canned.yaml"
_HOLE: Final = re.compile(r"\{([^{}]*)\}")


class Canned(BaseModel, extra="forbid", frozen=True):
    """One text. `title` is what colleagues choose it by, in their language; `text` what the member reads, in theirs."""

    id: Annotated[str, Field(pattern=r"^[a-z]{2,16}$")]
    title: FourLanguages
    text: FourLanguages

    @model_validator(mode="after")
    def _fills_nothing_else(self) -> Self:
        wrong = {hole for language in LANGUAGES for hole in _HOLE.findall(self.text.in_language(language))} - {"me"}
        if wrong:
            raise ValueError(f"there is no name '{min(wrong)}'")
        return self

    def words(self, language: Language, *, me: str) -> str:
        """The text for a member. `me`, how the colleague signs, is never looked at again (rule R1)."""
        return _HOLE.sub(lambda _: me, self.text.in_language(language))


class CannedTexts(RootModel[Annotated[tuple[Canned, ...], Field(min_length=1, max_length=40)]], frozen=True):
    """All of them, in the order in which they are offered."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.id for one in self.root]
        if len(set(names)) != len(names):
            raise ValueError("an id is given twice")
        return self

    def find(self, name: str) -> Canned | None:
        """The text with this id."""
        return next((one for one in self.root if one.id == name), None)


def load_canned(path: Path = SHIPPED) -> CannedTexts:
    """The texts of a file. Raises DataError when one is missing a language or is wrong."""
    return validated(CannedTexts, path)


@cache
def canned() -> CannedTexts:
    """The shipped texts, read once."""
    return load_canned()
