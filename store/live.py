"""Live hints about conversations: whoever watches one hears at once that something happened in it.

They carry no words of anybody: what was said stands in the register. A hint may be lost, for whoever watches looks again by
themselves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal

# Whoever watches this hears of every conversation: the page of all that go on.
ALL: Final = 0
# Hints that wait for one watcher. Who takes none for so long looks at everything anyway.
_MOST: Final = 16


@dataclass(frozen=True, slots=True)
class Hint:
    """Something happened in a conversation. "new": look again. "typing": somebody writes, a colleague with their `name`, or the
    member without one. "read": a colleague has read the member's lines up to the message `last`."""

    conversation_id: int
    what: Literal["new", "typing", "read"] = "new"
    name: str = ""
    last: int = 0


class _Watcher:
    """One who watches: what waits for them, and the future that they wait on."""

    __slots__ = ("_hints", "_wanted")

    def __init__(self) -> None:
        self._hints: deque[Hint] = deque(maxlen=_MOST)
        self._wanted: asyncio.Future[None] | None = None

    def give(self, hint: Hint) -> None:
        if hint not in self._hints:
            self._hints.append(hint)
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)

    async def next(self) -> Hint:
        while not self._hints:
            self._wanted = asyncio.get_running_loop().create_future()
            await self._wanted
        return self._hints.popleft()


class Live:
    """Hints within this process."""

    def __init__(self) -> None:
        self._watchers: dict[int, set[_Watcher]] = {}

    @property
    def watched(self) -> frozenset[int]:
        """The conversations that somebody here watches."""
        return frozenset(self._watchers)

    async def tell(self, hint: Hint) -> None:
        """Tell everybody who watches this conversation, in this process or in any. Never fails."""
        self.spread(hint)

    def spread(self, hint: Hint) -> None:
        """Tell who watches it in this process."""
        for name in (hint.conversation_id, ALL):
            for watcher in self._watchers.get(name, ()):
                watcher.give(hint)

    async def watch(self, conversation_id: int) -> AsyncIterator[Hint]:
        """Hints for as long as it is iterated. The first is "new", as soon as nothing can be missed any more."""
        mine = _Watcher()
        self._watchers.setdefault(conversation_id, set()).add(mine)
        try:
            yield Hint(conversation_id)
            while True:
                yield await mine.next()
        finally:
            others = self._watchers[conversation_id]
            others.discard(mine)
            if not others:
                del self._watchers[conversation_id]

    async def run(self) -> None:
        """Carry hints between processes until cancelled. Within one process there is nothing to carry."""

    async def close(self) -> None:
        """Give back what is held open."""
