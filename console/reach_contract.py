"""What the console needs from the house to change how a member is reached (rule C4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from channels.message import Sender
from channels.web.contact_field import Wrong
from store.contact_changes import Act, Change
from store.database import Tx
from store.people import Contact
from store.viewer import Viewer

# How a colleague knows that it is the member who wants it: by telephone after questions, at the counter with an identity card,
# in a letter, or otherwise.
How = Literal["phone", "counter", "letter", "other"]
HOWS: Final[tuple[How, ...]] = ("phone", "counter", "letter", "other")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a case with the addresses that are theirs; `case_id` is one of their own cases."""

    case_id: int
    name: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change. `contact_id` is the one that ends or is replaced, `sender` what comes; `member` the case of whose it is, where
    a case has several members."""

    act: Act
    how: How
    words: str
    contact_id: int | None = None
    sender: Sender | None = None
    member: int | None = None


class CannotReachError(Exception):
    """The change is none: `why` names the sentence that says so."""

    def __init__(self, why: Literal["known", "ours"]) -> None:
        super().__init__(why)
        self.why = why


class Reach(Protocol):
    """How members are reached. Everything with a `tx` happens inside the caller's transaction and is undone with it."""

    def read(self, typed: str) -> Sender | Wrong:
        """The contact that was typed, or what is wrong with it."""
        ...

    async def members(self, tx: Tx, case_id: int) -> Sequence[Member]:
        """The members of a case, each with what is theirs."""
        ...

    async def change(
        self, tx: Tx, viewer: Viewer, case_id: int, wanted: Wanted, *, now: datetime, version: int
    ) -> int | None:
        """Change how a member is reached, and tell the address that was used until now, where it can be told; it is told once the
        change cannot be taken back any more. Returns what is put into the outbox for it.

        Raises store.cases.StaleError when the case is past `version` or the contact is none of it any more, CannotReachError.
        """
        ...

    async def undoable(self, tx: Tx, viewer: Viewer, case_id: int, *, now: datetime) -> tuple[Change, datetime] | None:
        """The change that this viewer has just made, and until when it can be taken back."""
        ...

    async def undo(self, tx: Tx, viewer: Viewer, case_id: int, change_id: int, *, now: datetime) -> bool:
        """Take that change back; False when it is too late."""
        ...
