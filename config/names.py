"""Words in the four languages of the house."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from config.vocabulary import Language

_Words = Annotated[str, Field(min_length=1, max_length=400)]


class FourLanguages(BaseModel, extra="forbid", frozen=True):
    """The same words in each language; none may be missing."""

    fr: _Words
    nl: _Words
    de: _Words
    en: _Words

    def in_language(self, language: Language) -> str:
        """The words in one language."""
        words: str = getattr(self, language)
        return words
