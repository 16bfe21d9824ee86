"""The words of SMS and WhatsApp, read from chat/sms.yaml: keywords, answers to them, names for what has no words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, Field, model_validator

from config.strict_yaml import validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "chat" / "sms.yaml"

# What a member can ask of a text service with one word.
Asked = Literal["stop", "start", "help"]
ASKED: Final[tuple[Asked, ...]] = get_args(Asked)
Received = Literal["location", "contact", "other"]

_Keyword = Annotated[str, Field(min_length=2, max_length=20)]
_Keywords = Annotated[tuple[_Keyword, ...], Field(min_length=1)]
_Answer = Annotated[str, Field(min_length=20, max_length=300, pattern=r"^(?:[^{}\n]|\{phone\})*$")]
_Name = Annotated[str, Field(min_length=2, max_length=40)]


class SmsWords(BaseModel, extra="forbid", frozen=True):
    """All of them, in every language."""

    keywords: Mapping[Asked, Mapping[Language, _Keywords]]
    answers: Mapping[Asked, Mapping[Language, _Answer]]
    received: Mapping[str, Mapping[Language, _Name]]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wanted = {"keywords": ASKED, "answers": ASKED, "received": get_args(Received)}
        problems = []
        for part, names in wanted.items():
            by_name = getattr(self, part)
            if set(by_name) != set(names):
                problems.append(f"{part}: must hold {', '.join(names)} and nothing else")
            problems += [
                f"{part}.{name}: '{language}' is missing"
                for name, by_language in by_name.items()
                for language in LANGUAGES
                if language not in by_language
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def load_sms_words(path: Path = SHIPPED) -> SmsWords:
    """The words of a file. Raises DataError when one is missing or wrong."""
    return validated(SmsWords, path)


@cache
def sms_words() -> SmsWords:
    """The shipped words, read once."""
    return load_sms_words()
