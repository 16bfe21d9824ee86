"""The words of the letter to the coordinating doctor, read from letter.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field

from config.strict_yaml import validated
from config.vocabulary import Language

SHIPPED: Final = Path(__file__).resolve().parent / "letter.yaml"

_Words = Annotated[str, Field(min_length=1, max_length=400)]


class LetterWords(BaseModel, extra="forbid", frozen=True):
    """What the house writes in the letter; the rest is the member's."""

    sender: _Words
    address: _Words
    member_number: _Words
    place_and_date: _Words
    on_the: _Words
    subject: _Words
    reference: _Words
    salutation: _Words
    opening: _Words
    request: _Words
    enclosed: _Words
    closing: _Words
    signature: _Words
    note: _Words
    page: _Words
    cut: _Words


class Letters(BaseModel, extra="forbid", frozen=True):
    """The letter in each language."""

    fr: LetterWords
    nl: LetterWords
    de: LetterWords
    en: LetterWords


@cache
def letters() -> Letters:
    """The shipped words, read once. Raises DataError when the file is missing or wrong."""
    return validated(Letters, SHIPPED)


def letter_words(language: Language) -> LetterWords:
    """The words in one language. Raises DataError when the file is missing or wrong."""
    words: LetterWords = getattr(letters(), language)
    return words
