"""One address by which a person can be reached, as somebody types it: a mail address or a telephone number.

Nothing is repaired here. Whoever mends an address silently writes to somebody else, so what is odd is named and given back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final, Literal

from channels.form.fields import LONGEST, international, is_mail_address
from channels.message import Sender
from channels.twilio_sms.costs import Policy, never_texted

# What is wrong with an address; each has its sentence where it is asked for. "foreign": we send no texts there (rule H7).
Wrong = Literal["empty", "signs", "several", "unclear", "foreign"]
WRONG: Final[tuple[Wrong, ...]] = ("empty", "signs", "several", "unclear", "foreign")
# Signs between two addresses; a slash stands within Belgian numbers.
_BETWEEN: Final = re.compile(r"[,;|]|\s(?:/|et|en|und|and|ou|of|oder|or|&)\s")


def read(typed: str, countries: Collection[str]) -> Sender | Wrong:
    """The contact that was typed, or what is wrong with it. `countries` are the calling codes that texts go to."""
    text = typed.strip(" ")
    if not text:
        return "empty"
    # Control signs, line ends, marks that turn the direction, and halves of a sign are never part of an address.
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for sign in text):
        return "signs"
    if "@" in text:
        if is_mail_address(text) and len(text) <= LONGEST["email"]:
            return Sender("email", text.lower())
        return "several" if text.count("@") > 1 else "unclear"
    number = international(text)
    if number is None:
        parts = [part for part in _BETWEEN.split(text) if part.strip()]
        return "several" if len(parts) > 1 and all(international(part) for part in parts) else "unclear"
    return "foreign" if never_texted(number, Policy(tuple(countries))) else Sender("phone", number)


def masked(kind: str, address: str) -> str:
    """So much of an address as its owner knows it by: "m•••@mail.example", "••• 45"; "" for what is neither."""
    if kind == "email":
        local, _, domain = address.partition("@")
        return f"{local[:1]}•••@{domain}"
    return f"••• {address[-2:]}" if kind == "phone" else ""
