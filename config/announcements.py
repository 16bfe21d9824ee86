"""What stands before members while a door is in trouble: the ready sentences as data, and the ones that stand now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import BaseModel, Field, model_validator

from config.strict_yaml import validated
from config.vocabulary import CHANNELS, LANGUAGES, Channel, Language

SHIPPED: Final = Path(__file__).resolve().parent / "announcements.yaml"
# Two text messages hold the robot's greeting and this.
LONGEST: Final = 280
# The ways that are offered in place of a door in trouble, the quickest first.
_INSTEAD: Final[tuple[Channel, ...]] = ("webform", "phone", "counter", "email", "letter")

# Language → the sentence in it.
Sentence = Mapping[Language, str]
Standing = Mapping[Language, tuple[str, ...]]
_Ready = Annotated[str, Field(min_length=10, max_length=LONGEST, pattern=r"^[^\n]*\{door\}[^\n]*\{works\}[^\n]*$")]
_Named = Annotated[str, Field(min_length=3, max_length=40)]


class Announcements(BaseModel, extra="forbid", frozen=True):
    """The ready sentences, and what doors are called in them."""

    ready: Mapping[str, Mapping[Language, _Ready]]
    doors: Mapping[Channel, Mapping[Language, _Named]]

    @model_validator(mode="after")
    def _whole(self) -> Announcements:
        for texts in (*self.ready.values(), *self.doors.values()):
            if set(texts) != set(LANGUAGES):
                raise ValueError(f"a sentence or a name is missing in a language: {sorted(texts)}")
        if set(self.doors) != set(CHANNELS):
            raise ValueError("a channel has no name")
        return self

    def filled(self, ready: str, door: Channel, down: Collection[str]) -> Sentence:
        """A ready sentence about a door in every language; `down` are the doors that are not offered in its place."""
        instead = [way for way in _INSTEAD if way != door and way not in down] or ["phone"]
        return {
            language: text.replace("{door}", self.doors[door][language]).replace(
                "{works}", ", ".join(self.doors[way][language] for way in instead)
            )
            for language, text in self.ready[ready].items()
        }


def load_announcements(path: Path = SHIPPED) -> Announcements:
    """Read the ready sentences. Raises DataError, in words, when the file is missing or wrong."""
    return validated(Announcements, path)


@cache
def announcements() -> Announcements:
    """The shipped ones, read once."""
    return load_announcements()


def standing() -> Standing:
    """The sentences that stand before members now, by language."""
    return _standing


def stand(sentences: Sequence[Sentence]) -> None:
    """Let this process say these sentences to members, and no others."""
    global _standing  # noqa: PLW0603 (one process tells all its members the same)
    _standing = MappingProxyType(
        {language: tuple(one[language] for one in sentences) for language in LANGUAGES} if sentences else {}
    )


_standing: Standing = MappingProxyType({})
