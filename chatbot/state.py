"""Where a conversation stands: one frozen value that the register keeps as JSON after every turn.

An older row lacks fields, a newer one has fields that this version does not know (two versions run side by side during
an update). The first get their defaults, the second are carried along in `beyond` and written back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from config.vocabulary import Kind, Language

VERSION: Final = 1
Shape = Literal["chat", "telegram", "whatsapp", "sms"]
# Here the other side is a telephone number, which is only a claim: it can be forged, and is passed on (rule H6). Where a case
# stands is one neutral sentence there, of a medical matter nothing at all, and no link.
CLAIMED: Final[frozenset[Shape]] = frozenset({"sms", "whatsapp"})
# What a file was seen to be; what it holds is for people.
FileKind = Literal["picture", "voice", "document", "other"]
# "waiting": a person was asked for and nobody has come yet. "taken": a person has the conversation.
Hand = Literal["", "waiting", "taken"]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_FACTS_BEYOND: Final = "facts_beyond"


@dataclass(frozen=True, slots=True)
class File:
    """A file that the member sent: what they called it, and of which kind it is."""

    name: str = field(repr=False)
    kind: FileKind


@dataclass(frozen=True, slots=True)
class Facts:
    """What the member has told. `story` and `wish` hold their own words, in order; `questions` what they asked and got answered.

    `represented` is for whom they write: a name where one was given, else empty with `relation` set. `mandate`: whether
    that person agrees ("yes", "no", "" when not known). `earlier` keeps what was corrected since; nothing is forgotten.
    """

    story: tuple[str, ...] = field(default=(), repr=False)
    wish: tuple[str, ...] = field(default=(), repr=False)
    questions: tuple[str, ...] = field(default=(), repr=False)
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    member_number: str = field(default="", repr=False)
    represented: str = field(default="", repr=False)
    relation: str = ""
    mandate: Literal["", "yes", "no"] = ""
    files: tuple[File, ...] = field(default=(), repr=False)
    earlier: tuple[str, ...] = field(default=(), repr=False)
    anonymous: bool = False
    contested: bool = False

    @property
    def matter(self) -> bool:
        """True when there is something to register."""
        return bool(self.story or self.files)


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands.

    `step` is the key of the question that is open, "new" before the first word, "registering" while the house registers,
    "closed" at the end. `asked` counts how often each question was put since it last brought something. `told` are
    explanations given once. `offered` are the choices of the last turn, for those who answer by number. `resume` is the
    question that waits behind a side step (an offer of a person). `reference` is the case that was registered or
    proven here, `proving` the one whose code we wait for. Times are aware.
    """

    shape: Shape
    language: Language
    language_chosen: bool = False
    # Whether an answer finds the member without our asking how: a phone's number, a chat of Telegram.
    reachable: bool = False
    step: str = "new"
    resume: str = ""
    facts: Facts = Facts()
    kind: Kind = "other"
    flags: tuple[str, ...] = ()
    asked: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    skipped: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    turns: int = 0
    hand: Hand = ""
    hand_until: datetime | None = None
    hand_urgent: bool = False
    registered: Literal["", "yes", "abandoned"] = ""
    reference: str = ""
    due_on: str = ""
    case_url: str = ""
    # What was said between the order to register and the reference; it is added to the case as soon as that is there.
    owed: tuple[str, ...] = field(default=(), repr=False)
    proving: str = ""
    heard_at: datetime | None = None
    reminded: bool = False
    closed: str = ""
    beyond: Mapping[str, Any] = field(default_factory=lambda: _NOTHING, repr=False)

    def to_json(self) -> dict[str, Any]:
        """As the register keeps it: JSON types only."""
        data: dict[str, Any] = dict(self.beyond)
        for item in dataclasses.fields(self):
            if item.name != "beyond":
                data[item.name] = _plain(getattr(self, item.name))
        data["facts"] |= data.pop(_FACTS_BEYOND, {})
        return data | {"version": VERSION}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The state that was kept. Raises KeyError when it has neither shape nor language."""
        known = {item.name for item in dataclasses.fields(cls)} - {"beyond"}
        values = {name: value for name, value in data.items() if name in known}
        for name in ("skipped", "flags", "told", "offered", "owed"):
            values[name] = tuple(values.get(name, ()))
        for name in ("hand_until", "heard_at"):
            if values.get(name):
                values[name] = datetime.fromisoformat(values[name])
        values["facts"] = _facts(values.get("facts", {}))
        values["asked"] = MappingProxyType(dict(values.get("asked", {})))
        beyond = {name: value for name, value in data.items() if name not in known and name != "version"}
        unknown = {name: value for name, value in data.get("facts", {}).items() if name not in _FACTS}
        if unknown:
            beyond[_FACTS_BEYOND] = unknown
        return cls(**{"shape": data["shape"], "language": data["language"], **values}, beyond=MappingProxyType(beyond))


_FACTS: Final = frozenset(item.name for item in dataclasses.fields(Facts))


def _facts(data: Mapping[str, Any]) -> Facts:
    values = {name: value for name, value in data.items() if name in _FACTS}
    for name in ("story", "wish", "questions", "earlier"):
        values[name] = tuple(values.get(name, ()))
    values["files"] = tuple(File(item["name"], item["kind"]) for item in values.get("files", ()))
    return Facts(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    return value


def begin(shape: Shape, language: Language, *, phone: str = "") -> State:
    """A conversation in which nobody has spoken. `phone` (E.164) is the number that a text message comes from."""
    return State(shape, language, reachable=shape != "chat", facts=Facts(phone=phone))
