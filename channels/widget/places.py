"""How many connections each sender and each conversation holds in this process (rule W4)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Places:
    """Counts connections while they last. What nobody holds is forgotten at once, so memory is bounded by connections."""

    _senders: Counter[str] = field(default_factory=Counter)
    _sessions: dict[str, list[Callable[[], None]]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def of_sender(self, sender: str, most: int) -> Iterator[bool]:
        """Hold a place for a sender; gives False when all of theirs are taken."""
        if self._senders[sender] >= most:
            yield False
            return
        self._senders[sender] += 1
        try:
            yield True
        finally:
            self._senders[sender] -= 1
            if not self._senders[sender]:
                del self._senders[sender]

    @contextmanager
    def of_session(self, session: str, most: int, leave: Callable[[], None]) -> Iterator[None]:
        """Hold a place in a conversation. When all are taken the oldest must leave: `leave` of that one is called.

        The oldest is most likely a page that was closed without a word; who writes now is in front of the newest.
        """
        places = self._sessions[session]
        if len(places) >= most:
            places.pop(0)()
        places.append(leave)
        try:
            yield
        finally:
            if leave in places:
                places.remove(leave)
            if not places and self._sessions.get(session) is places:
                del self._sessions[session]
