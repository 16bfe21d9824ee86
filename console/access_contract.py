"""What the console needs from the house to answer a request for access: the draft as it will be read, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from store.access_requests import Request
from store.database import Tx
from store.viewer import Viewer

# Whether a case is in the answer: "open" is one about which nobody has said anything yet.
Standing = Literal["taken", "left", "open"]


@dataclass(frozen=True, slots=True)
class Masked:
    """Something that is masked in a case, how often, or that was and is `shown` again."""

    kind: str
    text: str
    count: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """A note or message that can be put in or left out. `sort` is what it is, `own`: it may only be looked at, not left out."""

    kind: Literal["note", "message"]
    id: int
    sort: str
    name: str
    at: datetime
    text: str
    taken: bool
    reason: str


@dataclass(frozen=True, slots=True)
class DraftCase:
    """One case of the person in the draft. `whose` says whose it seems to be by the `name` under its first message: "theirs",
    "unsure", "other". `html` is what will be read of it, "" where it is not in the answer or not open to this viewer."""

    case_id: int
    reference: str
    sealed: bool
    readable: bool
    standing: Standing
    whose: str
    name: str
    html: str = ""
    masked: Sequence[Masked] = ()
    also: Mapping[str, int] = field(default_factory=dict)
    offered: Sequence[Offered] = ()
    of_others: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft as one viewer may see it. Where a case could be kept from them (`sees_everything` is False), nothing says whether
    one is: that this member has a sealed case would say something about their health."""

    cases: Sequence[DraftCase]
    sees_everything: bool
    several: bool

    @property
    def undecided(self) -> int:
        """Cases that this viewer may see, and about which nobody has said anything."""
        return sum(one.standing == "open" for one in self.cases)

    @property
    def closed(self) -> Sequence[DraftCase]:
        """Sealed cases that are in it, and for which this viewer has not said yet why they open them."""
        return [one for one in self.cases if one.standing == "taken" and not one.readable]

    @property
    def whole(self) -> bool:
        """Whether this viewer reads everything that is in it."""
        return self.sees_everything and not self.closed

    @property
    def complete(self) -> bool:
        """Whether it can be handed to a second reader by this viewer."""
        return self.whole and not self.undecided and any(c.standing == "taken" for c in self.cases)


class AccessHouse(Protocol):
    """The house behind answers to requests for access."""

    async def first_choices(self, tx: Tx, viewer: Viewer, request: Request, *, now: datetime) -> Mapping[str, int]:
        """Put the person's own cases that this viewer may open into a request that was just begun, as far as it is sure whose
        they are; how many are in it, and how many are to be looked at."""
        ...

    async def draft(self, tx: Tx, viewer: Viewer, request: Request, readable: Mapping[int, bool]) -> Draft:
        """The draft. `readable` says of sealed cases whether this viewer has said why they open them."""
        ...

    async def frozen(self, tx: Tx, viewer: Viewer, request: Request, *, now: datetime) -> bytes:
        """What goes to the second reader."""
        ...

    def drawn(self, body: bytes) -> str:
        """What was frozen, as markup of ours in the member's language."""
        ...

    def cases_in(self, body: bytes) -> Sequence[int]:
        """The numbers of the cases of which something is in what was frozen."""
        ...

    def archive(self, body: bytes) -> bytes:
        """What was frozen, as the archive that the member fetches."""
        ...

    async def contact_of(self, tx: Tx, request: Request) -> int | None:
        """The mail address by which the member is told and shows who they are; None where none leads to them."""
        ...

    async def tell(self, tx: Tx, request: Request, contact_id: int, *, now: datetime) -> int | None:
        """Let the member know that their answer waits on the page of their case. Returns the outbox's id."""
        ...
