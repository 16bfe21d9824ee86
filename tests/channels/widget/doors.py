"""A faithful house in memory for the tests of the chat: it keeps keys hashed and messages in order, and answers as a bot.

What it holds outlives the server that it stands behind, as a register does.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from channels.contract import StoreUnavailableError
from channels.message import Choice
from channels.web.body import Upload
from channels.widget.contract import Conversation, Hint, Shown, ShownFile, StagedFile
from config.vocabulary import Language


@dataclass
class Told:
    """One conversation."""

    conversation: Conversation
    lines: list[Shown] = field(default_factory=list)
    files: dict[str, Upload] = field(default_factory=dict)
    listeners: list[asyncio.Queue[Hint]] = field(default_factory=list)


@dataclass
class MemoryChatDoor:
    """`answers` is what the bot says to a text; to anything else it repeats what it got. `kept_after` is how slow the disk
    is, `deaf` makes it forget every second hint."""

    answers: dict[str, tuple[str, tuple[Choice, ...]]] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    begun: int = 0
    said: list[tuple[str, str, str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    silent: bool = False
    full: bool = False
    deaf: bool = False
    kept_after: float = 0.0
    watching: int = 0
    hints: int = 0

    async def begin(self, language: Language, origin: str) -> tuple[str, Conversation]:
        """As the protocol says."""
        if self.full:
            raise StoreUnavailableError
        self.begun += 1
        key = secrets.token_urlsafe(32)
        conversation = Conversation(f"c{self.begun}", language, origin)
        self.keys[_digest(key)] = conversation.id
        self.told[conversation.id] = Told(conversation)
        return key, conversation

    async def resume(self, key: str) -> Conversation | None:
        """As the protocol says."""
        found = self.keys.get(_digest(key))
        return self.told[found].conversation if found else None

    async def say(
        self, conversation: Conversation, client_id: str, text: str, choice: str, files: Sequence[str]
    ) -> int:
        """As the protocol says; the bot answers a moment later."""
        await asyncio.sleep(self.kept_after)
        if self.full:
            raise StoreUnavailableError
        told = self.told[conversation.id]
        for line in told.lines:
            if line.client_id == client_id:
                return line.id
        self.said.append((conversation.id, text, choice))
        sent = [told.files.pop(token) for token in files if token in told.files]
        shown = tuple(ShownFile(file.name, len(file.content)) for file in sent)
        line = self._add(told, Shown(0, "you", text, _now(), client_id=client_id, files=shown, sign="kept"))
        if not self.silent:
            answer, choices = self.answers.get(text, (f"You said: {text}", ()))
            self._add(told, Shown(0, "bot", answer, _now(), choices=choices))
        return line.id

    async def since(self, conversation: Conversation, last_id: int) -> list[Shown]:
        """As the protocol says."""
        return [line for line in self.told[conversation.id].lines if line.id > last_id]

    async def watch(self, conversation: Conversation) -> AsyncIterator[Hint]:
        """As the protocol says."""
        told, mine = self.told[conversation.id], asyncio.Queue[Hint]()
        told.listeners.append(mine)
        self.watching += 1
        try:
            yield Hint("new")
            while True:
                yield await mine.get()
        finally:
            self.watching -= 1
            told.listeners.remove(mine)

    async def typing(self, conversation: Conversation) -> None:
        """As the protocol says."""
        self.typed.append(conversation.id)

    async def stage(self, conversation: Conversation, file: Upload) -> StagedFile:
        """As the protocol says."""
        if self.full:
            raise StoreUnavailableError
        token = secrets.token_urlsafe(16)
        self.told[conversation.id].files[token] = file
        return StagedFile(token, file.name, len(file.content))

    async def staged(self, conversation: Conversation, tokens: Sequence[str]) -> list[StagedFile]:
        """As the protocol says."""
        files = self.told[conversation.id].files
        return [StagedFile(token, files[token].name, len(files[token].content)) for token in tokens if token in files]

    async def unstage(self, conversation: Conversation, token: str) -> None:
        """As the protocol says."""
        self.told[conversation.id].files.pop(token, None)

    def person(self, text: str, name: str = "Anne L., Mediation", conversation: str = "c1") -> None:
        """A mediator writes."""
        self._add(self.told[conversation], Shown(0, "person", text, _now(), name=name))

    def hint(self, hint: Hint, conversation: str = "c1") -> None:
        """Something happens."""
        for listener in self.told[conversation].listeners:
            listener.put_nowait(hint)

    def _add(self, told: Told, line: Shown) -> Shown:
        line = replace(line, id=len(told.lines) + 1)
        told.lines.append(line)
        self.hints += 1
        if not (self.deaf and self.hints % 2):
            self.hint(Hint("new"), told.conversation.id)
        return line


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)
