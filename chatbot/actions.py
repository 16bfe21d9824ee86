"""What the house must do for a conversation, in order, in the transaction that records the turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chatbot.state import Facts
from config.vocabulary import Kind, Language


@dataclass(frozen=True, slots=True)
class Register:
    """Open a case with everything that was understood; answer with `Registered`.

    `why`: the member said yes to the summary, or the conversation was abandoned (by them, or by us when nobody came).
    """

    facts: Facts = field(repr=False)
    kind: Kind
    language: Language
    flags: tuple[str, ...]
    why: Literal["yes", "abandoned"]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class HandOver:
    """Put the conversation before people. "asked": the member wants one. "stuck": the robot does not get on. "urgent":
    somebody is in distress. "long": it has taken too many turns."""

    reason: Literal["asked", "stuck", "urgent", "long"]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SendCode:
    """Send a code to the contact that we hold on this case, if it exists; answer with `CodeSent` either way."""

    reference: str


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Check the code that the member typed for `reference`; answer with `CodeChecked`, then with the status."""

    reference: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddToCase:
    """Add the member's words to a case made or proven in this conversation, with the files of this turn."""

    reference: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendTranscript:
    """Send a link to the conversation to this mail address; answer with `CopyAnswered`."""

    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Close:
    """The conversation is over; the next word begins another one.

    "registered": a case was made. "answered": a question was answered or another body named. "declined": the member did
    not want it registered. "nothing": there was no matter. "abandoned": silence.
    """

    reason: Literal["registered", "answered", "declined", "nothing", "abandoned"]


Action = Register | HandOver | SendCode | CheckCode | AddToCase | SendTranscript | Close
