"""Replaying a written dialogue against the real one: README.md beside the dialogues says how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from chatbot.absorbing import only_asks
from chatbot.actions import Action, AddToCase, CheckCode, Register, SendCode, SendTranscript
from chatbot.dialogue import MOST_TURNS, step
from chatbot.events import (
    CodeChecked,
    CodeSent,
    CopyAnswered,
    Event,
    GivenBack,
    House,
    Left,
    Opened,
    Registered,
    Said,
    StatusKnown,
    TakenOver,
    TimePassed,
)
from chatbot.knowledge import Entry
from chatbot.replies import Reply, render
from chatbot.state import File, Shape, State, begin
from chatbot.understanding import tokens_of, understand, without
from classifier.classification import Classification, Text
from classifier.identity import find
from config.vocabulary import Channel, Flag, Language

REFERENCE = "PM-2026-004217-75"
DUE_ON = date(2026, 12, 17)
PHONE = "+32470001103"
# A Tuesday at ten in Brussels.
BEGINNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
_PRESSED = re.compile(r"\[(\w+)\]")
_FILES = re.compile(r"\(((?:picture|voice|document|other)(?:, ?(?:picture|voice|document|other))*)\) ?")
_LATER = re.compile(r"(\d+) (minutes?|hours?|days?) later")


@dataclass(frozen=True)
class Line:
    """One line of a file: its number, its sign (one of > < ! ? @ =), and what stands behind it."""

    number: int
    sign: str
    text: str


@dataclass(frozen=True)
class Written:
    """A dialogue as it was written down."""

    title: str
    language: Language
    channel: Shape
    lines: tuple[Line, ...]
    ending: str
    facts: tuple[tuple[str, str], ...]


class WrongDialogueError(Exception):
    """A file of dialogues is not written as the README says."""


def read(path: Path) -> Written:
    """A file of dialogues. Raises WrongDialogueError."""
    title, heading, lines, ending, facts = "", {}, [], "", []
    for number, raw in _lines(path):
        if raw.startswith("# ") and not title:
            title = raw[2:]
        elif raw[:2] in ("> ", "< ", "! ", "? ", "@ ") and not ending:
            lines.append(Line(number, raw[0], raw[2:].strip()))
        elif raw.startswith("= ") and not ending:
            ending = raw[2:].strip()
        elif ": " in raw and (ending or not lines):
            name, _, value = raw.partition(": ")
            if ending:
                facts.append((name, value.strip()))
            else:
                heading[name] = value.strip()
        else:
            raise WrongDialogueError(f"{path.name}, line {number}: {raw[:60]}")
    if not title or heading.get("channel") not in get_args(Shape) or not ending:
        raise WrongDialogueError(f"{path.name}: a title, a language, a channel or an ending is missing")
    return Written(title, heading["language"], heading["channel"], tuple(lines), ending, tuple(facts))  # type: ignore[arg-type]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    joined: list[tuple[int, str]] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if raw.startswith("  ") and joined:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]} {raw.strip()}")
        elif raw.strip() and not raw.startswith("//"):
            joined.append((number, raw.rstrip()))
    yield from joined


@dataclass
class Replay:
    """A conversation with a house that answers at once."""

    channel: Shape
    language: Language
    state: State = field(init=False)
    now: datetime = BEGINNING
    house: House = field(default_factory=House)
    kind: str = "complaint"
    flags: dict[Flag, bool] = field(default_factory=dict)
    department: str | None = None
    abstained: tuple[str, ...] = ()
    body: str = ""
    distress: frozenset[Any] = frozenset()
    knows: str = ""
    copies: Literal["sent", "guarded", "not_now"] = "sent"
    said: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    every_reply: list[Reply] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    spoken_while_taken: int = 0
    turns: int = 0

    def __post_init__(self) -> None:
        phone = PHONE if self.channel in ("sms", "whatsapp") else ""
        self.state = begin(self.channel, self.language, phone=phone)

    def find(self, text: str, language: Language) -> Entry | None:
        """The knowledge: what the dialogue says that it finds."""
        found = [Entry(name, f"({name})") for name in self.knows.split()]
        return replace(found[0], second=found[1] if len(found) > 1 else None) if found else None

    def classification(self) -> Classification:
        return Classification(
            language=self.language,
            kind=self.kind,  # type: ignore[arg-type]
            flags=dict(self.flags),
            department=self.department,  # type: ignore[arg-type]
            departments=(),
            probabilities={},
            abstained=self.abstained,
            evidence=(),
            model="written",
        )

    def does(self, event: Event) -> tuple[Reply, ...]:
        """One event, and what the house answers to the orders that come of it."""
        # What the register would hold between two turns is JSON; nothing may depend on more.
        kept = State.from_json(self.state.to_json())
        assert kept == self.state
        out = step(kept, event, self, self.house, self.now)
        replies = out.replies
        if replies:
            self.turns += 1
        if self.state.hand == "taken" and not isinstance(event, GivenBack):
            self.spoken_while_taken += len(replies)
        self.state = out.state
        self.actions += out.actions
        self.every_reply += replies
        assert self.state.turns <= MOST_TURNS
        assert render(replies, self.channel, self.state.language) or not replies
        for action in out.actions:
            for answer in self._answers(action):
                replies += self.does(answer)
        return replies

    def _answers(self, action: Action) -> tuple[Event, ...]:
        if isinstance(action, Register):
            return (Registered(REFERENCE, DUE_ON, "https://complaints.example/c/abc", sent_to="m•••@mail.example"),)
        if isinstance(action, SendTranscript):
            return (CopyAnswered(action.address, self.copies),)
        if isinstance(action, SendCode):
            return (CodeSent(),)
        if isinstance(action, CheckCode) and action.code == "123456":
            return (CodeChecked(ok=True), StatusKnown(action.reference, "A person reads it.", DUE_ON))
        return (CodeChecked(ok=False),) if isinstance(action, CheckCode) else ()

    def hears(self, text: str) -> tuple[Reply, ...]:
        """A line of the member as it is written in a file."""
        self.now += timedelta(minutes=1)
        files: tuple[File, ...] = ()
        if found := _FILES.match(text):
            kinds = re.split(r", ?", found.group(1))
            files = tuple(File(f"{kind}-{place}", kind) for place, kind in enumerate(kinds))  # type: ignore[arg-type]
            text = text[found.end() :]
        pressed = _PRESSED.fullmatch(text)
        words = text.replace("\\n", "\n")
        if not pressed and words:
            self.said.append(words)
            # A reference is no fact about the member; a mistyped one is told to be one.
            meant = understand(words)
            self.references += [words] if meant.reference or meant.reference_like else []
        channel: Channel = self.channel
        event = Said(
            text=pressed.group(1) if pressed else words,
            at=self.now,
            found=self.classification(),
            identity=find(Text(channel, "" if pressed else words)),
            choice=pressed.group(1) if pressed else "",
            files=files,
            language=self.language,
            body=self.body,
            distress=self.distress,
        )
        replies = self.does(event)
        self.knows = ""
        return replies

    def learns(self, text: str) -> None:
        """A line with ! : what the classifier says from here on."""
        for word in text.split():
            name, is_, value = word.partition("=")
            if not is_:
                self.flags[name.lstrip("-")] = not name.startswith("-")  # type: ignore[index]
            elif name == "abstained":
                self.abstained = tuple(value.split(","))
            elif name == "distress":
                self.distress = frozenset(value.split(","))
            elif name in ("kind", "department", "body", "language"):
                setattr(self, name, value)
            else:
                raise WrongDialogueError(f"! {word}")

    def meets(self, text: str) -> tuple[Reply, ...] | None:
        """A line with @ : what happens. None when it is nothing that the robot could answer."""
        if later := _LATER.fullmatch(text):
            self.now += timedelta(**{later.group(2).rstrip("s") + "s": int(later.group(1))})
            return self.does(TimePassed())
        if text in ("closed hours", "open hours"):
            self.house = House(opens_at=MORNING) if text == "closed hours" else House()
            return None
        events: dict[str, Event] = {
            "taken over": TakenOver("Anne"),
            "given back": GivenBack(),
            "opened": Opened(),
            "left": Left(),
        }
        if text not in events:
            raise WrongDialogueError(f"@ {text}")
        return self.does(events[text])

    def ending(self) -> str:
        """How it ended, in the words of the files; "open" when it has not."""
        if self.state.hand:
            return "handed_over"
        if self.state.closed == "abandoned" or "abandoned" in {reply.key for reply in self.every_reply}:
            return "abandoned"
        if any(isinstance(action, Register) for action in self.actions):
            return "registered"
        if self.state.step == "closed":
            return "answered" if self.state.closed == "answered" else "goodbye"
        return "answered" if self.state.reference else "open"

    def knows_of(self, name: str) -> list[str]:
        """What the conversation knows under this name of the README."""
        facts = self.state.facts
        several: dict[str, list[str]] = {
            "story": list(facts.story),
            "wish": list(facts.wish),
            "added": [action.text for action in self.actions if isinstance(action, AddToCase)],
            "transcript": [action.address for action in self.actions if isinstance(action, SendTranscript)],
            "represented": [facts.represented, facts.relation],
        }
        if name in several:
            return several[name]
        yes_no = {
            "anonymous": facts.anonymous,
            "contested": facts.contested,
            "urgent": "urgent" in self.state.flags,
            "registered": any(isinstance(action, Register) for action in self.actions),
        }
        if name in yes_no:
            return ["yes" if yes_no[name] else "no"]
        single = {"language": self.state.language, "files": str(len(facts.files)), "mandate": facts.mandate}
        return [single[name] if name in single else getattr(facts, name)]

    def lost(self) -> list[str]:
        """The words of the member that stand neither in the facts nor in what was added to a case."""
        facts = self.state.facts
        held = [
            *facts.story,
            *facts.wish,
            *facts.questions,
            facts.name,
            facts.email,
            facts.phone,
            facts.member_number,
            *facts.earlier,
        ]
        held += [
            facts.represented,
            *self.references,
            *self.knows_of("added"),
            *self.knows_of("transcript"),
            *self.state.owed,
        ]
        registered = [action.facts for action in self.actions if isinstance(action, Register)]
        held += [
            words
            for kept in registered
            for words in (*kept.story, *kept.wish, *kept.questions, kept.name, *kept.earlier)
        ]
        words = {token for text in held for token in tokens_of(text)}
        figures = "".join(re.sub(r"\D", "", text) for text in held)
        return [
            token
            for line in self.said
            if not understand(line).pure and not understand(line).code and not only_asks(line, understand(line))
            for token in without(tokens_of(line), *SMALL)
            if token not in words and not (token.isdigit() and token.lstrip("0") in figures) and len(token) > 3
        ]


# Words that carry no fact: greetings, yes and no, what leads to a name or a number, and what asks for something that was done.
SMALL: Any = (
    "filler", "thanks", "greeting", "small", "yes", "no", "correction", "name_lead", "contact_lead", "skip", "anonymous",
    "person", "status",
)  # fmt: skip


def replay(written: Written) -> tuple[Replay, list[str]]:
    """The dialogue replayed, and everything that went otherwise than it is written; empty when nothing did."""
    house = Replay(written.channel, written.language)
    wrong: list[str] = []
    keys: tuple[str, ...] | None = None
    # The silence that answers these two events may be written down, and need not be.
    may_lack = False
    for line in written.lines:
        if line.sign == "<":
            wanted = () if line.text == "(silent)" else tuple(line.text.split())
            if keys != wanted:
                wrong.append(f"line {line.number}: said {' '.join(keys or ('nothing',))}, written {line.text}")
            keys = None
            continue
        if keys is not None and not may_lack:
            wrong.append(f"line {line.number}: said {' '.join(keys)} before, which is not written")
        keys, may_lack = None, False
        if line.sign == ">":
            keys = tuple(reply.key for reply in house.hears(line.text))
        elif line.sign == "!":
            house.learns(line.text)
        elif line.sign == "?":
            house.knows = line.text
        elif (met := house.meets(line.text)) is not None:
            keys = tuple(reply.key for reply in met)
            may_lack = not keys and line.text in ("taken over", "left")
    if keys:
        wrong.append(f"at the end: said {' '.join(keys)}, which is not written")
    if house.ending() != written.ending:
        wrong.append(f"ended as {house.ending()}, written {written.ending}")
    return house, [*wrong, *_facts_that_differ(house, written)]


def _facts_that_differ(house: Replay, written: Written) -> Iterator[str]:
    for name, value in written.facts:
        if name == "lost":
            continue
        known = house.knows_of(name)
        contained = name in ("story", "wish", "added")
        if not any(value in one if contained else value == one for one in known):
            yield f"{name}: knows {known}, written {value}"
    if lost := house.lost():
        yield f"lost: {lost}"
    if house.spoken_while_taken:
        yield "spoke while a person had the conversation"
