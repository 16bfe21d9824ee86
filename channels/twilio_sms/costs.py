"""Which numbers may be written to and how often, since each message costs money (rule H7).

Codes by SMS are pumped to premium numbers abroad: so out only to listed countries, never to a number that costs who
writes to it, a few an hour to one number, and so many in all. Counts come in, a verdict goes out; whoever asks keeps the
counts and rings the alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from phonenumbers import PhoneNumberType

from channels.twilio_sms.numbers import is_number

Reason = Literal["", "number", "country", "costs", "number_rate", "house_rate"]

# How many of our messages one of theirs may bring about without being counted: an answer and a question.
_FOR_EACH_OF_THEIRS: Final = 2
_COSTLY: Final = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


@dataclass(frozen=True, slots=True)
class Policy:
    """`countries`: calling codes without "+", such as "32". The rates are of one hour."""

    countries: tuple[str, ...]
    per_number: int = 3
    in_all: int = 200


@dataclass(frozen=True, slots=True)
class LastHour:
    """What went out in the last hour to this number and to all, and what came from this number."""

    to_number: int
    to_all: int
    from_number: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """ "go"; "hold": later, when the hour has passed; "refuse": never to this number. `alarm`: a person must look."""

    outcome: Literal["go", "hold", "refuse"]
    reason: Reason = ""
    alarm: bool = False


def judge(recipient: str, last_hour: LastHour, policy: Policy) -> Verdict:
    """Whether a message may go to this number (E.164) now.

    Who writes to us by SMS gets answers: a conversation is not held after three of them. Whoever writes pays for each.
    """
    refused = never_texted(recipient, policy)
    if refused:
        return Verdict("refuse", refused)
    if last_hour.to_all >= policy.in_all:
        return Verdict("hold", "house_rate", alarm=True)
    if last_hour.to_number >= policy.per_number + _FOR_EACH_OF_THEIRS * last_hour.from_number:
        return Verdict("hold", "number_rate")
    return Verdict("go")


def never_texted(recipient: str, policy: Policy) -> Reason:
    """Why no text ever goes to this number, "" where one may."""
    if not is_number(recipient):
        return "number"
    try:
        number = phonenumbers.parse(recipient)
    except phonenumbers.NumberParseException:
        return "number"
    if str(number.country_code) not in policy.countries:
        return "country"
    return "costs" if phonenumbers.number_type(number) in _COSTLY else ""
