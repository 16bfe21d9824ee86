"""What the page of a member's details needs from the house: how they are reached, and changing it with two codes (rule C4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from channels.form.case_contract import CodeOutcome, CodeSent
from channels.message import Sender
from channels.web.contact_field import Wrong

# Why an address is not taken: it is one of theirs already, one of ours, or none that we can send a code to; `mail`: without it
# there would be no mail address left.
Refused = Literal["known", "ours", "no_texts", "mail"]


@dataclass(frozen=True, slots=True)
class OwnContact:
    """One address of the member, masked; `arrives`: nothing came back from there. `changes`: it can be replaced here."""

    id: int
    kind: str
    shown: str
    arrives: bool
    changes: bool


@dataclass(frozen=True, slots=True)
class NewContact:
    """The change that is asked for: what comes, and the contact whose place it takes, 0 for none."""

    sender: Sender
    instead_of: int = 0


class ContactDoor(Protocol):
    """The house behind the page of a member's details. `token` is what the browser's cookie holds, `browser` a secret of it."""

    def read(self, typed: str) -> Sender | Wrong:
        """The contact that was typed, or what is wrong with it."""
        ...

    async def mine(self, token: str) -> Sequence[OwnContact]:
        """The addresses of the member whose case this is; none for a link that opens nothing."""
        ...

    async def ask(self, token: str, browser: str, wanted: NewContact) -> CodeSent | Refused:
        """Send six digits to the address on file, for this very change in this browser."""
        ...

    async def prove(self, token: str, browser: str, wanted: NewContact, code: str) -> CodeSent | CodeOutcome:
        """Try them; where they are right, others go to the new address: "sent"."""
        ...

    async def confirm(self, token: str, browser: str, wanted: NewContact, code: str) -> str | CodeOutcome:
        """Try those, and change how the member is reached. Returns the token of a link that goes on from there."""
        ...
