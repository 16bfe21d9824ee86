"""What the console needs from the house behind conversations: what goes on, one whole, and the acts of the colleague in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from config.vocabulary import Channel, Language
from store.conversations import Stage
from store.database import Tx
from store.live import Hint
from store.viewer import Viewer

Speaker = Literal["member", "robot", "colleague"]


class GoneError(Exception):
    """There is no such conversation, or it is not for this person; both look the same."""


class TakenError(Exception):
    """Somebody else has the conversation; `by` is their name, "" when nobody has it any more."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class OverError(Exception):
    """The conversation has ended."""


class TooLongError(Exception):
    """The text does not fit into one message of the channel; `most` is how many signs do."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation in a list. `first_words` is the beginning of what was told, `name` the member's, each "" where unknown.

    `waits_since`: since when the member waits for a person, or for an answer of the one who has it; None where they do not.
    Of one that is not `readable` only what stands beside the dialogue's own state is known.
    """

    id: int
    channel: Channel
    language: Language
    stage: Stage
    urgent: bool
    sealed: bool
    name: str
    first_words: str
    reference: str
    case_id: int | None
    holder_id: int | None
    holder: str
    started_at: datetime
    waits_since: datetime | None
    version: int
    readable: bool = True


@dataclass(frozen=True, slots=True)
class TalkLine:
    """A line. `unread`: the house has not read it yet, and its words are empty for who may not see medical matters.

    `offered` is what the robot gave to press; `files` are names and sizes in bytes; `delivery` as the outbox has it.
    """

    id: int
    who: Speaker
    name: str
    text: str
    at: datetime
    unread: bool = False
    offered: tuple[str, ...] = ()
    files: tuple[tuple[str, int], ...] = ()
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """What the robot has understood. Everything is in the member's words; `on_behalf` is a name or a relation in words."""

    kind: str
    flags: tuple[str, ...]
    story: tuple[str, ...]
    wish: tuple[str, ...]
    questions: tuple[str, ...]
    name: str
    email: str
    phone: str
    member_number: str
    on_behalf: str
    mandate: str
    anonymous: bool
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WholeTalk:
    """A conversation with its lines. `most` is how many signs a message of its channel takes; `signs_as` how the viewer is
    named to the member."""

    talk: Talk
    lines: Sequence[TalkLine]
    understood: Understood
    most: int
    signs_as: str


class Talks(Protocol):
    """The house. Acts are one transaction each and written into the audit; whoever watches hears of them afterwards."""

    async def going_on(self, tx: Tx, viewer: Viewer) -> Sequence[Talk]:
        """What goes on and may be known to the viewer: who waits, urgent ones first and then who waits longest; what colleagues
        have; what the robot has, the last heard first."""
        ...

    async def waiting(self, tx: Tx, viewer: Viewer) -> int:
        """How many wait for a person, of those that the viewer may know of."""
        ...

    async def of_case(self, tx: Tx, viewer: Viewer, case_id: int) -> int | None:
        """The conversation that goes on with the member of a case."""
        ...

    async def whole(self, tx: Tx, viewer: Viewer, talk_id: int, *, after: int = 0) -> WholeTalk:
        """One conversation, ended or not, with its lines behind `after`. Raises GoneError."""
        ...

    async def take(self, viewer: Viewer, talk_id: int, *, had: int | None, now: datetime) -> None:
        """Have the conversation; the robot is silent from now on. `had` is who had it when the viewer looked.

        Raises GoneError, OverError, and TakenError when somebody else has it meanwhile.
        """
        ...

    async def say(self, viewer: Viewer, talk_id: int, text: str, *, now: datetime) -> None:
        """Write to the member. Raises GoneError, OverError, TooLongError, and TakenError when the viewer does not have it."""
        ...

    async def give_back(self, viewer: Viewer, talk_id: int, *, now: datetime) -> None:
        """Let the robot go on, which says so. Raises as `say`."""
        ...

    async def typing(self, viewer: Viewer, talk: Talk) -> None:
        """Tell the member that the viewer is writing. Never fails."""
        ...

    async def seen(self, talk: Talk, last: int) -> None:
        """Tell the member that their lines up to this one were read. Never fails."""
        ...

    def watch(self, talk_id: int) -> AsyncIterator[Hint]:
        """Hints about a conversation, or about all (store.live.ALL), for as long as it is iterated."""
        ...
