"""The closed lists of what the texts of `config/texts` may name, and reading one of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from config.filling import Allowed, Parsed, TextError, flags_in, names_in, render
from config.filling import parse as parse_with
from config.gsm7 import GSM7, GSM7_DOUBLE
from config.typography import plain_for_sms, sms_parts, typographic
from config.vocabulary import Language

__all__ = [
    "FLAGS",
    "GSM7",
    "GSM7_DOUBLE",
    "NAMES",
    "Parsed",
    "TextError",
    "flags_in",
    "names_in",
    "parse",
    "plain_for_sms",
    "render",
    "sms_parts",
    "typographic",
]

NAMES: Final = frozenset(
    {
        "reference",
        "due_on",
        "received_on",
        "written_on",
        "changed_on",
        "name",
        "what",
        "department",
        "case_url",
        "code",
        "letter_url",
        "about",
        "body",
        "body_contact",
        "callback",
        "coordinator",
        "office",
        "phone",
        "mail",
        "post",
        "emergency",
        "suicide_fr",
        "suicide_nl",
        "talk_fr",
        "talk_nl",
        "talk_de",
        "talk_en",
    }
)
FLAGS: Final = frozenset(
    {
        "to_open",
        "to_withdraw",
        "to_copy",
        "to_contact",
        "to_confirm",
        "to_add",
        "to_replace",
        "to_end",
        "to_access",
        "due",
        "no_due",
        "case",
        "letter",
        "no_letter",
        "body",
        "no_body",
        "department",
        "no_department",
        "decision",
        "callback",
        "suicide",
        "no_suicide",
        "need",
        # What the message is, where that is sure; several texts speak of a complaint only where it is one.
        "complaint",
        "no_complaint",
        "question",
        "no_question",
        "medical",
        "mediation",
        "weekdays",
        "saturdays",
        # Where others may read over the member's shoulder (SMS and WhatsApp show on locked screens), or not.
        "discreet",
        "open",
    }
)
_ALLOWED: Final = Allowed(NAMES, FLAGS)


@lru_cache(maxsize=512)
def parse(text: str, language: Language) -> Parsed:
    """A text of the house, read. Raises TextError."""
    return parse_with(text, language, _ALLOWED)
