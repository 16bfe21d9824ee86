"""What narrows a list: read from the address of the page and written back into it, so that a view can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from config.vocabulary import CHANNELS, DEPARTMENTS, FLAGS, KINDS, LANGUAGES
from console import urgency
from store.lists import Filter

SHOWS: Final = ("all", "unassigned", "mine", "resting", "closed")
DUE: Final = ("late", "soon", "week", "later", "none")
# What may be chosen in each field; who has a case is a number, and no list.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "due": DUE,
    "kind": KINDS,
    "department": DEPARTMENTS,
    "flag": FLAGS,
    "language": LANGUAGES,
    "channel": CHANNELS,
}
# As many digits as the number of a person may have.
_LONGEST_ID: Final = 15


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose to see, "" for all. `show` is the tab; only what the house knows is ever in here."""

    show: str = "all"
    due: str = ""
    kind: str = ""
    department: str = ""
    flag: str = ""
    language: str = ""
    channel: str = ""
    assignee: str = ""

    @property
    def narrowed(self) -> Mapping[str, str]:
        """The fields that narrow the tab, with what was chosen in each."""
        names = (field.name for field in fields(self) if field.name != "show")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def but(self, **changed: str) -> Chosen:
        """The same with other choices."""
        return replace(self, **changed)

    def query(self, **more: str) -> str:
        """As the end of an address: "?show=closed&kind=complaint", or "" where nothing was chosen."""
        chosen = {"show": self.show if self.show != "all" else "", **self.narrowed, **more}
        return (text := urlencode({name: value for name, value in chosen.items() if value})) and f"?{text}"

    def filter(self, queue: str | None, today: date) -> Filter:
        """As the register understands it."""
        return Filter(
            queue=queue,
            mine=self.show == "mine",
            unassigned=self.show == "unassigned",
            assignee=int(self.assignee) if self.assignee else None,
            kind=self.kind,
            department=self.department,
            flag=self.flag,
            language=self.language,
            channel=self.channel,
            due=urgency.span(self.due, today) if self.due in ("late", "soon", "week", "later") else None,
            undated=self.due == "none",
        )


def chosen(query: Mapping[str, str], *, show: str = "") -> Chosen:
    """What an address asks for; what nobody could have chosen counts as nothing. `show` overrules its tab."""
    wanted = show or query.get("show", "")
    found: dict[str, Any] = {"show": wanted if wanted in SHOWS else "all"}
    for name, choices in CHOICES.items():
        value = query.get(name, "")
        found[name] = value if value in choices else ""
    assignee = query.get("assignee", "")
    found["assignee"] = assignee if assignee.isascii() and assignee.isdecimal() and len(assignee) <= _LONGEST_ID else ""
    return Chosen(**found)
