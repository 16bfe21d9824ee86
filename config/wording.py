"""The texts for members as data: one file per language in config/texts, all of the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from config.strict_yaml import DataError, validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "texts"

_Text = Annotated[str, Field(min_length=1, max_length=6000)]
_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\n]*$")]


class Greeting(BaseModel, extra="forbid", frozen=True):
    """The first line with a name, and without one."""

    named: _Line
    plain: _Line


class SituationText(BaseModel, extra="forbid", frozen=True):
    """One situation: subject line, the long text (mail, letter), the short one (SMS, chat), and who signs."""

    subject: _Line
    signature: Literal["mediation", "complaints"]
    long: _Text
    short: _Text


class Wording(BaseModel, extra="forbid", frozen=True):
    """All texts of one language. `what` names the message by its kind, in the middle of a sentence."""

    language: Language
    greeting: Greeting
    signatures: Mapping[Literal["mediation", "complaints"], _Line]
    what: Mapping[Literal["complaint", "question", "other"], _Line]
    situations: Mapping[str, SituationText]


def load_wording(folder: Path = SHIPPED) -> Mapping[Language, Wording]:
    """All languages. Raises DataError when a file is missing, wrong, or says another language than its name."""
    found: dict[Language, Wording] = {}
    for language in LANGUAGES:
        wording = validated(Wording, folder / f"{language}.yaml")
        if wording.language != language:
            raise DataError(f"{language}.yaml: says it is {wording.language}")
        found[language] = wording
    return found


@cache
def shipped() -> Mapping[Language, Wording]:
    """The texts that came with the code, read once."""
    return load_wording()


def wording() -> Mapping[Language, Wording]:
    """The texts that members get now: the shipped ones, and in their place what was published since (`use`)."""
    return _in_use or shipped()


def use(published: Mapping[str, Mapping[Language, SituationText]]) -> None:
    """Let this process tell members these situations in these words; whatever is not named is told as shipped."""
    global _in_use  # noqa: PLW0603 (one process tells all its members the same)
    _in_use = (
        {
            language: words.model_copy(
                update={
                    "situations": {
                        situation: published.get(situation, {}).get(language, text)
                        for situation, text in words.situations.items()
                    }
                }
            )
            for language, words in shipped().items()
        }
        if published
        else None
    )


_in_use: Mapping[Language, Wording] | None = None
