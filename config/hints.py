"""The words by which the form says which department a story is most likely for, read from hints.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, RootModel, model_validator

from config.strict_yaml import validated
from config.vocabulary import DEPARTMENTS, LANGUAGES, Department, Language

SHIPPED: Final = Path(__file__).resolve().parent / "hints.yaml"

_Words = Annotated[tuple[Annotated[str, Field(min_length=3, max_length=60)], ...], Field(min_length=8)]


class Hints(RootModel[Mapping[Department, Mapping[Language, _Words]]], frozen=True):
    """Words and phrases of each department in each language; one that ends in * stands for every ending of its last word."""

    @model_validator(mode="after")
    def _whole_and_clear(self) -> Self:
        problems = [f"department '{name}' is missing" for name in DEPARTMENTS if name not in self.root]
        for department, by_language in self.root.items():
            problems += [f"{department}: '{name}' is missing" for name in LANGUAGES if name not in by_language]
        for language in LANGUAGES:
            owner: dict[str, Department] = {}
            for department, by_language in self.root.items():
                for word in by_language.get(language, ()):
                    if word.casefold() in owner:
                        problems.append(f"{language}: '{word}' stands under {owner[word.casefold()]} and {department}")
                    owner[word.casefold()] = department
        if problems:
            raise ValueError("; ".join(problems))
        return self


def load_hints(path: Path = SHIPPED) -> Hints:
    """Words by department and language. Raises DataError when one is missing, doubled or wrong."""
    return validated(Hints, path)


@cache
def hints() -> Hints:
    """The shipped words, read once."""
    return load_hints()
