"""Words about somebody's health, read from health_words.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field

from config.strict_yaml import validated

SHIPPED: Final = Path(__file__).resolve().parent / "health_words.yaml"

_Word = Annotated[str, Field(pattern=r"^[^\W\d_][^\d_*]{2,39}\*?$")]
_Words = Annotated[tuple[_Word, ...], Field(min_length=1, max_length=200)]


class HealthWords(BaseModel, extra="forbid", frozen=True):
    """The words of each language. They are looked for in all languages at once: a name is the same in a wrong one."""

    fr: _Words
    nl: _Words
    de: _Words
    en: _Words

    def every(self) -> tuple[str, ...]:
        """All words, each once."""
        return tuple(dict.fromkeys((*self.fr, *self.nl, *self.de, *self.en)))


def load_health_words(path: Path = SHIPPED) -> HealthWords:
    """Read the words. Raises DataError, in words, when the file is missing or wrong."""
    return validated(HealthWords, path)


@cache
def health_words() -> HealthWords:
    """The shipped words, read once."""
    return load_health_words()
