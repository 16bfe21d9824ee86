"""What the dialogue asks of the house's knowledge; its contents and how they are found are another room's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from config.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer on the procedure, in the language asked for. `short` is for text messages; empty when `answer` is short.

    `second` answers the other question, where two were asked in one line.
    """

    id: str
    answer: str
    short: str = ""
    second: Entry | None = None


class Knowledge(Protocol):
    """Finds the entry that answers a question by its meaning."""

    def find(self, text: str, language: Language) -> Entry | None:
        """The entry for this question, or None when no entry surely answers it."""
        ...
