"""What the web chat needs from the house behind it. The chat knows no store; the tests put a house in memory here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from channels.form.steps import StagedFile
from channels.message import Choice
from channels.web.body import Upload
from config.vocabulary import Language

__all__ = ["ChatDoor", "Choice", "Conversation", "Hint", "Shown", "ShownFile", "StagedFile"]


# Who a line is from, as the member sees it. What a client says of itself is never asked (rule W7).
Who = Literal["bot", "you", "person"]
# What became of a line of the member's. "kept": it is on our disk. "read": a person has opened it. "" for our own lines.
Sign = Literal["", "kept", "read"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, as its key opens it. `origin` is the page that it was begun on: on another, the key opens nothing."""

    id: str
    language: Language
    origin: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file that went with a line, by the name that its sender gave it. Its content is not fetched through the chat."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a conversation. `id` counts from 1 within it; `name` is how we sign a person ("Anne L., Mediation").

    `client_id` is what the member's browser called a line of theirs, "" for ours. Text is plain.
    """

    id: int
    who: Who
    text: str
    at: datetime
    name: str = ""
    client_id: str = ""
    choices: tuple[Choice, ...] = ()
    files: tuple[ShownFile, ...] = ()
    sign: Sign = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """That something happened; what it was stands in the store. "new": look again. "typing": `name` is writing (never for the
    bot). "read": a person has read the member's lines up to `last`."""

    what: Literal["new", "typing", "read"]
    name: str = ""
    last: int = 0


class ChatDoor(Protocol):
    """The house behind the web chat."""

    async def begin(self, language: Language, origin: str) -> tuple[str, Conversation]:
        """Open a conversation and return its key with it: 256 random bits as 43 characters. Only the key's SHA-256 is kept.

        It is called when a browser has a first message to send and before it sends it, so that the message travels under a
        key that the browser holds already. A conversation without a message is nothing, and may be forgotten after an hour.
        Raises StoreUnavailableError.
        """
        ...

    async def resume(self, key: str) -> Conversation | None:
        """Return what a key opens; None for one that is unknown, idle for 24 hours, older than 30 days or ended (rule W3).

        `key` is whatever a client sent, at most 64 characters. It is asked for every message, so it must be cheap.
        """
        ...

    async def say(
        self, conversation: Conversation, client_id: str, text: str, choice: str, files: Sequence[str]
    ) -> int:
        """Keep a message of the member and return its id in the conversation. It is on disk before this returns.

        The same client id again is the same message: nothing is changed and its id is returned, whatever the text says now
        (rule W5). `choice` is the id of the button that was pressed, "" when it was typed; whether it was offered is for the
        house to check. `files` are tokens that `stage` gave in this conversation; those of others are left out. `text` may be
        empty when there are files. Raises StoreUnavailableError.
        """
        ...

    async def since(self, conversation: Conversation, last_id: int) -> list[Shown]:
        """Return every line after `last_id` in order, the member's own included, from the moment that `say` has kept it.

        Ids are given in the order in which lines can be seen: none may appear later below one that was seen.
        """
        ...

    def watch(self, conversation: Conversation) -> AsyncIterator[Hint]:
        """Give hints for as long as it is iterated; closing the iterator ends it.

        The first hint is "new", given as soon as nothing can be missed any more. Hints that come faster than they are taken
        may be folded into one. Hints may get lost: the client asks again by itself, and whenever it comes back.
        """
        ...

    async def typing(self, conversation: Conversation) -> None:
        """Tell whoever handles the conversation that the member is writing. It is not kept, and never fails."""
        ...

    async def stage(self, conversation: Conversation, file: Upload) -> StagedFile:
        """Keep a file for a message that is still being written, for a day. Raises StoreUnavailableError."""
        ...

    async def staged(self, conversation: Conversation, tokens: Sequence[str]) -> list[StagedFile]:
        """Those of these files that wait in this conversation, in order."""
        ...

    async def unstage(self, conversation: Conversation, token: str) -> None:
        """Forget a file that was taken off again. A token that opens nothing here is no error."""
        ...
