"""What stood in a form that could not be taken, to be given back: nothing secret, and nothing that the page put in by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Passwords, codes and proofs are typed anew each time, and never shown; the token is ours.
SECRET: Final = frozenset({"csrf", "password", "current", "new", "again", "code", "proof", "passkey"})
# What a page puts into its form by itself, and says nothing to the colleague who reads it.
_OURS: Final = frozenset(
    {"act", "at", "back", "error", "gone", "had", "hash", "how", "item", "language_chosen", "live", "next", "outbox"}
    | {"purpose", "quiet", "seen", "session", "sure", "version", "was"}
)
# Fields that have a name in the words of the console; others bear that of the form.
_NAMES: Final[Mapping[str, str]] = {
    "text": "signed_out.typed",
    "outcome": "close.outcome",
    "cause": "close.cause",
    "passed_to": "close.passed_to",
    "measures": "close.measures",
    "recommend_text": "recommend.text",
    "recommend_department": "recommend.whom",
    "recommend_due_on": "recommend.until",
}
_LONG: Final = 60


@dataclass(frozen=True, slots=True)
class TypedField:
    """One field. `words` is the key of its name, "" where only the form has one."""

    name: str
    words: str
    value: str

    @property
    def is_long(self) -> bool:
        """Whether it wants more than a line."""
        return self.name == "text" or "\n" in self.value or len(self.value) > _LONG


def typed_fields(form: Mapping[str, str]) -> list[TypedField]:
    """What somebody typed or chose, the text first."""
    found = [
        TypedField(name, _NAMES.get(name, ""), value.replace("\r\n", "\n"))
        for name, value in form.items()
        if value.strip() and name not in _OURS | SECRET
    ]
    return sorted(found, key=lambda field: field.name != "text")
