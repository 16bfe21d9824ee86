"""What may happen in a conversation. Times are aware; words for members are in the language of the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from chatbot.state import File
from classifier.classification import Classification, Identity
from config.vocabulary import Language

Distress = Literal["suicide", "need", "danger"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The member opened the chat and has said nothing yet."""


@dataclass(frozen=True, slots=True)
class Said:
    """The member said something, pressed a choice, or sent files.

    `found` is about the conversation so far, `identity` about this line alone: a correction ("no, my number is …") shows
    in the line, while the conversation still begins with the wrong one. `language` is that of this line, where the
    classifier is sure of it. `body`: the id of the other body that the words name (`config/directory.yaml`), if any.
    `distress`: the kinds of it that the words speak of; `outright`: they say so beyond doubt; `in_jest`: they only sound like it.
    """

    text: str = field(repr=False)
    at: datetime
    found: Classification
    identity: Identity = field(default_factory=Identity)
    choice: str = ""
    files: tuple[File, ...] = ()
    language: Language | None = None
    body: str = ""
    distress: frozenset[Distress] = frozenset()
    outright: bool = False
    in_jest: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The house has registered the matter. `sent_to`: the masked address to which a receipt went, if one did.

    `answers_by` is the department that answers, in words; `mediation`: the Mediation service has it. `letter_url`: the
    ready letter to the coordinating doctor.
    """

    reference: str
    due_on: date | None = None
    case_url: str = field(default="", repr=False)
    queue: str = ""
    answers_by: str = ""
    mediation: bool = False
    letter_url: str = field(default="", repr=False)
    sent_to: str = ""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A person has the conversation now. `by`: as the member knows them ("Anne, Mediation")."""

    by: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The person is done; the robot goes on."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The clock looked at this conversation. Harmless at any time and as often as wanted."""


@dataclass(frozen=True, slots=True)
class Left:
    """The member cannot or does not want to be written to any more: STOP by text message, a blocked robot."""


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code went out if the reference exists; this event is the same when it does not."""


@dataclass(frozen=True, slots=True)
class CodeChecked:
    """Whether the code was the right one. When it was, `StatusKnown` or `StatusUnknown` follows."""

    ok: bool


@dataclass(frozen=True, slots=True)
class StatusKnown:
    """Where a case stands, for somebody who has proven that it is theirs. `stage`, `next_step`: sentences for members."""

    reference: str
    stage: str
    due_on: date | None = None
    next_step: str = ""
    case_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StatusUnknown:
    """Nothing may be told here: no such case, a sealed one, or too many tries. All three look the same."""


@dataclass(frozen=True, slots=True)
class CopyAnswered:
    """What became of an order to send a copy to `address`.

    "sent": a link is on its way there. "guarded": it goes out only where that address is on file for the case, and whether it
    is, nobody is told here: this answer is the same when nothing went out. "not_now": nothing goes there at present.
    """

    address: str = field(repr=False)
    outcome: Literal["sent", "guarded", "not_now"]


Event = (
    Opened
    | Said
    | Registered
    | TakenOver
    | GivenBack
    | TimePassed
    | Left
    | CodeSent
    | CodeChecked
    | StatusKnown
    | StatusUnknown
    | CopyAnswered
)


@dataclass(frozen=True, slots=True)
class House:
    """Whether a person can come now. `opens_at`: when the team is there again, None while it is there.

    `wait_minutes`: how long members wait at present, None when it is not known. `announced`: what every member should know
    before they write, by language.
    """

    opens_at: datetime | None = None
    wait_minutes: int | None = None
    announced: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """True while mediators are there."""
        return self.opens_at is None
