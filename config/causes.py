"""What was behind a complaint: the short list from which whoever closes a case chooses, read from causes.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, RootModel, model_validator

from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import Language

SHIPPED: Final = Path(__file__).resolve().parent / "causes.yaml"


class Cause(BaseModel, extra="forbid", frozen=True):
    """One cause. One that is not `offered` any more keeps its name for the cases that were closed with it."""

    id: Annotated[str, Field(pattern=r"^[a-z_]{2,24}$")]
    names: FourLanguages
    offered: bool = True


class Causes(RootModel[Annotated[tuple[Cause, ...], Field(min_length=1, max_length=24)]], frozen=True):
    """All causes, in the order in which they are offered."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [one.id for one in self.root]
        if len(set(ids)) != len(ids):
            raise ValueError("a cause is given twice")
        if not self.offered():
            raise ValueError("no cause is offered")
        return self

    def offered(self) -> tuple[str, ...]:
        """The ids of those that can be chosen."""
        return tuple(one.id for one in self.root if one.offered)

    def names(self, language: Language) -> Mapping[str, str]:
        """What each is called, by its id, in their order."""
        return {one.id: one.names.in_language(language) for one in self.root}


def load_causes(path: Path = SHIPPED) -> Causes:
    """Read the list. Raises DataError, in words, when it is missing or wrong."""
    return validated(Causes, path)


@cache
def causes() -> Causes:
    """The shipped list, read once."""
    return load_causes()
