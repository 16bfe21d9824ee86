"""What the page of doors needs from the house behind it: which doors the settings open, and looking whether one works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from config.vocabulary import Channel

# What a look at a door found, in the words of `doors.check`: "answers", or what is in the way.
Finding = Literal[
    "answers",
    "refused",  # The provider does not take our account and token.
    "no_number",  # The number is none of this account.
    "elsewhere",  # The provider calls another house, or none.
    "trouble",  # The provider says that it could not reach us.
    "away",  # No answer.
    "wrong_answer",  # Something answered that is none of ours.
    "no_room",  # We would take nothing: the disk is full.
]


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A door that the settings open, besides mailboxes. `recipient`: to whom test messages go by it, "" for nobody.
    `into_files`: nothing leaves by it, and what would have been sent is kept as files."""

    channel: Channel
    account: str
    recipient: str = ""
    into_files: bool = False


class DoorChecks(Protocol):
    """The house. Nothing here changes anything that a member could see."""

    def opened(self) -> Sequence[OpenDoor]:
        """Every door that the settings open, besides mailboxes."""
        ...

    async def check(self, door: OpenDoor) -> Finding:
        """Whether it works, by the provider's own word or by going through it from outside. It takes some seconds at most."""
        ...
