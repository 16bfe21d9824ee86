"""Telephone numbers as Twilio writes them: "+32470001103", and "whatsapp:+32470001103" for an account of WhatsApp."""

from __future__ import annotations

import re
from typing import Final

WHATSAPP: Final = "whatsapp:"
# ITU-T E.164: at most fifteen digits, and no country begins with 0.
_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# What no person's telephone sends from: a short code, or a name in letters of at most eleven signs.
_MACHINE: Final = re.compile(r"\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}", re.ASCII)


def number_of(address: str) -> str:
    """The address without its channel, control signs and blanks; at most 40 characters."""
    bare = address.removeprefix(WHATSAPP)
    return "".join(sign for sign in bare if sign.isprintable() and not sign.isspace())[:40]


def is_number(number: str) -> bool:
    """Whether it can be written to: a whole number in E.164."""
    return _E164.fullmatch(number) is not None


def is_machine(number: str) -> bool:
    """Whether it is a sender that only a machine has, and that takes no answer."""
    return _MACHINE.fullmatch(number) is not None
