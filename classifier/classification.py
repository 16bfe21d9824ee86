"""What the classifier says about one message: labels with calibrated probabilities, and the words that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from config.vocabulary import Channel, Department, Flag, Kind, Language

IdentityField = Literal["name", "on_behalf", "member_number", "national_number", "iban", "phone", "email", "birth_date"]
# What the person somebody writes for is to them. A "ward" is under guardianship or administration; a "client" is anybody
# whom a lawyer, a union or a social worker stands for; "somebody" when only a name or a mandate was given.
Relation = Literal[
    "child",
    "parent",
    "partner",
    "sibling",
    "relative",
    "friend",
    "client",
    "patient",
    "resident",
    "employee",
    "ward",
    "somebody",
]
# Why a question is left to a person: no answer is likely enough; what looks like praise or an idea may well be a complaint;
# likely, but not so certain as it must be before anything is done by itself; not likely, but too likely to be left out; no
# department's work is in it; it says nothing; no model has read it.
Reason = Literal[
    "undecided", "perhaps_complaint", "not_certain_enough", "possible", "none_fits", "says_nothing", "not_read"
]


@dataclass(frozen=True, slots=True)
class Text:
    """What the classifier reads. `text` is the new text of a message, without quoted history."""

    channel: Channel
    text: str
    subject: str = ""
    from_name: str = ""
    from_address: str = ""
    language_hint: Language | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What spoke for a label. Offsets count characters in `Text.text`; `start` -1 when found in the subject or address.
    `part`: single words, or the whole sentence that weighed most. Weights of both are logits."""

    label: str
    start: int
    end: int
    text: str
    weight: float
    part: Literal["words", "sentence"] = "words"

    def as_json(self) -> dict[str, Any]:
        """As the register keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring sentences in one language: characters `start` to `end` of `Text.text`, and how sure that is, 0 to 1."""

    start: int
    end: int
    language: Language
    probability: float

    def as_json(self) -> dict[str, Any]:
        """As the register keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found about the writer, or, as "on_behalf", about whom they write for.

    Offsets count characters in `Text.text`; both are -1 for what stood in the sender's fields or in the subject.
    """

    what: IdentityField
    value: str = field(repr=False)
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """For whom somebody writes: what that person is to the writer, and their name where it was given."""

    relation: Relation
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the writer says they are. Third persons named in the text are not the writer.

    `birth_date` is ISO 8601. `found` holds the same with the places where it stood, in the order of the text.
    """

    name: str = ""
    member_number: str = ""
    national_number: str = field(default="", repr=False)
    iban: str = field(default="", repr=False)
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    birth_date: str = field(default="", repr=False)
    on_behalf: OnBehalf | None = None
    found: tuple[Found, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Classification:
    """The labels of one message.

    `flags` are the decisions at the shipped thresholds, `probabilities` what they were taken from: {"kind": {label: p},
    "anonymous": p, …}. `department` is None when off scope or when none can be told. `abstained` names the questions on which
    the classifier was not sure ("kind", "off_scope", "anonymous", "doctor", "department"); empty when it was sure of all.
    `because` gives the reason of each of them (`Reason`).
    `words` were read, of which the model's vocabulary does not hold `unknown_words`: counted, and kept nowhere.
    `languages` are the passages of a message written in several languages, in order; empty when it is all in `language`.
    """

    language: Language
    kind: Kind
    flags: Mapping[Flag, bool]
    department: Department | None
    departments: tuple[tuple[Department, float], ...]
    probabilities: Mapping[str, Any]
    abstained: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    model: str
    identity: Identity = Identity()
    words: int = 0
    unknown_words: int = 0
    languages: tuple[Passage, ...] = ()
    because: Mapping[str, Reason] = field(default_factory=dict)

    def probability(self, flag: Flag) -> float:
        """Calibrated probability of a flag, 0 to 1."""
        return float(self.probabilities.get(flag, 0.0))

    def as_json(self) -> dict[str, Any]:
        """The line that `guichet classify` prints (without the id), and what the register keeps."""
        return {
            "language": self.language,
            "kind": self.kind,
            **{
                flag: bool(self.flags.get(flag, False))
                for flag in ("anonymous", "off_scope", "doctor", "urgent", "second_line")
            },
            "department": self.department,
            "departments": [[name, round(p, 4)] for name, p in self.departments],
            "probabilities": self.probabilities,
            "abstained": bool(self.abstained),
            "abstained_on": list(self.abstained),
            "abstained_because": dict(self.because),
            "evidence": [item.as_json() for item in self.evidence],
            "languages": [passage.as_json() for passage in self.languages],
            "model": self.model,
        }
