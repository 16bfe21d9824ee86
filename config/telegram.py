"""The words for what comes by Telegram without words of its own, and for groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel

from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import Language

SHIPPED: Final = Path(__file__).resolve().parent / "telegram.yaml"
NoteName = Literal["photo", "document", "voice", "video", "sticker", "place", "contact", "poll", "unknown"]
_HOLE = re.compile(r"\{([a-z]+)\}")


class Notes(BaseModel, extra="forbid", frozen=True):
    """How what is no text stands in the story of a case."""

    photo: FourLanguages
    document: FourLanguages
    voice: FourLanguages
    video: FourLanguages
    sticker: FourLanguages
    place: FourLanguages
    contact: FourLanguages
    poll: FourLanguages
    unknown: FourLanguages


class TelegramWords(BaseModel, extra="forbid", frozen=True):
    """All of them. `group` is what is said, once, in a group that we are asked in."""

    notes: Notes
    group: FourLanguages

    def note(self, name: NoteName, language: Language, values: Mapping[str, str]) -> str:
        """The words for one thing, its holes filled in one pass: a value is never looked at again (rule R1)."""
        words: FourLanguages = getattr(self.notes, name)
        return _HOLE.sub(lambda hole: values.get(hole[1], ""), words.in_language(language))


@cache
def telegram_words() -> TelegramWords:
    """The shipped words, read once. Raises DataError when the file is wrong."""
    return validated(TelegramWords, SHIPPED)
