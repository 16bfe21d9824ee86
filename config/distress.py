"""The words by which an urgent message is answered with the sentences that fit, read from distress.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from config.strict_yaml import validated
from config.vocabulary import Language

SHIPPED: Final = Path(__file__).resolve().parent / "distress.yaml"

_Words = Mapping[Language, Annotated[tuple[str, ...], Field(min_length=1)]]


class Distress(BaseModel, extra="forbid", frozen=True):
    """Words that speak of suicide, of need (no money, no home, no treatment), and of danger from somebody else.

    `certain`: those that say so outright, by kind. `harmless`: what is passed over, since it only sounds like it.
    """

    suicide: _Words
    need: _Words
    danger: _Words
    certain: Mapping[Literal["suicide", "need", "danger"], _Words]
    harmless: _Words


@cache
def distress() -> Distress:
    """The shipped words, read once. Raises DataError when the file is wrong."""
    return validated(Distress, SHIPPED)
