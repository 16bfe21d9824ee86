"""STOP, START and HELP: the three words that every member of a text service can rely on, in four languages.

Only a message that is nothing but the word counts: "Please stop the debits" is a complaint. The words are data
(config/chat/sms.yaml), those which Twilio acts on by itself included.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from channels.twilio_sms.segments import economical
from config.directory import directory
from config.sms import Asked, sms_words
from config.vocabulary import Language

# A longer text is a message, whatever stands in it.
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Keyword:
    """What was asked, and the language of the word where only one language has it."""

    asked: Asked
    language: Language | None = None


def recognise(text: str) -> Keyword | None:
    """The keyword that a message consists of; None for any other message."""
    if len(text) > _LONGEST:
        return None
    word = _folded(text)
    for asked, by_language in sms_words().keywords.items():
        spoken = [language for language, known in by_language.items() if word in map(_folded, known)]
        if spoken:
            return Keyword(asked, spoken[0] if len(spoken) == 1 else None)
    return None


def answer(asked: Asked, language: Language) -> str:
    """What the member is told, ready for SMS: in one part."""
    return economical(sms_words().answers[asked][language].replace("{phone}", directory().office.phone))


def _folded(text: str) -> str:
    """Without case, accents, and the dots and quotes that people put around: "« Arrêt ! »" is "arret"."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in plain).split())
