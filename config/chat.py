"""The words of conversations, read from config/chat: what the robot says, what it understands, and its manners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, model_validator

from config.strict_yaml import DataError, validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "chat"

_Text = Annotated[str, Field(min_length=1, max_length=2000)]
_Line = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\n]*$")]
_Phrases = tuple[Annotated[str, Field(min_length=1, max_length=80)], ...]
# What a list of phrases means, beside the four languages that one may ask for.
Meant = Literal[
    "yes", "no", "skip", "back", "stop", "person", "help", "status", "change", "anonymous", "about_you", "transcript",
    "add", "done", "fine", "thanks", "greeting", "small", "filler", "insult", "scold", "wish", "no_wish", "asking",
    "wondering", "told", "person_alone", "another", "has", "not_you", "but", "name_lead", "name_word", "no_name",
    "contact_lead", "number_word", "linking", "correction", "signs_yes", "signs_no",
    "ours", "ours_dialect", "anybody", "for_whom", "says",
]  # fmt: skip


class ChatText(BaseModel, extra="forbid", frozen=True):
    """One text: as chats show it, and, where that is too long for a text message or to be asked again, shorter."""

    long: _Text
    short: _Text = ""


class ChatTexts(BaseModel, extra="forbid", frozen=True):
    """All texts of one language. `relations` says whom somebody writes for where no name was given."""

    language: Language
    choices: Mapping[str, _Line]
    relations: Mapping[str, _Line]
    texts: Mapping[str, ChatText]


class ChatWords(BaseModel, extra="forbid", frozen=True):
    """Phrases by what they mean, in all languages at once: members mix them. A * is any ending of the last word."""

    languages: Mapping[Language, _Phrases]
    meaning: Mapping[Meant, Mapping[Language, _Phrases] | _Phrases]
    # For whom somebody may write, by what that person is to them.
    kin: Mapping[Literal["parent", "child", "partner", "sibling", "relative", "friend"], _Phrases]

    def phrases(self, meant: Meant) -> tuple[str, ...]:
        """The phrases of one meaning."""
        listed = self.meaning.get(meant, ())
        if isinstance(listed, tuple):
            return listed
        return tuple(phrase for phrases in listed.values() for phrase in phrases)


class Manners(BaseModel, extra="forbid", frozen=True):
    """How patient the robot is, in minutes, and when it may speak first (hours of Brussels)."""

    remind_after: Mapping[Literal["chat", "telegram", "whatsapp", "sms"], Annotated[int, Field(ge=0)]]
    remind_from: time
    remind_until: time
    close_after: Annotated[int, Field(ge=1200)]
    wait_for_person: Annotated[int, Field(ge=1)]
    wait_for_person_urgent: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _reminds_before_it_closes(self) -> Manners:
        if any(minutes >= self.close_after for minutes in self.remind_after.values()):
            raise ValueError("a reminder must come before the conversation is closed")
        return self

    def reminder(self, shape: Literal["chat", "telegram", "whatsapp", "sms"]) -> timedelta | None:
        """After how much silence one reminder is sent; None where none is."""
        minutes = self.remind_after.get(shape, 0)
        return timedelta(minutes=minutes) if minutes else None


def load_chat_texts(folder: Path = SHIPPED) -> Mapping[Language, ChatTexts]:
    """All languages. Raises DataError when a file is missing, wrong, or says another language than its name."""
    found: dict[Language, ChatTexts] = {}
    for language in LANGUAGES:
        texts = validated(ChatTexts, folder / f"{language}.yaml")
        if texts.language != language:
            raise DataError(f"{language}.yaml: says it is {texts.language}")
        found[language] = texts
    return found


@cache
def chat_words() -> ChatWords:
    """The shipped phrases, read once. Raises DataError when the file is wrong."""
    return validated(ChatWords, SHIPPED / "words.yaml")


@cache
def manners() -> Manners:
    """The shipped manners, read once. Raises DataError when the file is wrong."""
    return validated(Manners, SHIPPED / "manners.yaml")
