"""Ready texts with their fields filled for one case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.departments import queue_name
from config.directory import directory
from config.ready_texts import ReadyText, Use, ready_texts
from config.typography import typographic
from config.vocabulary import DEPARTMENTS, LANGUAGES, Language
from console.case_file import CaseFile
from console.site import Who
from console.words import ConsoleLanguage
from router import dates, deadlines

_NO_LANGUAGE: Final[Language] = "fr"


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready text as it is offered: its id, what it is called, its words for this member, the outcomes that it ends with."""

    id: str
    title: str
    words: str
    outcomes: tuple[str, ...] = ()


def offered(use: Use, file: CaseFile, who: Who, *, language: Language | None = None) -> Sequence[Ready]:
    """The texts of a use that fit the case, in the member's language or in `language`."""
    return [_filled(one, file, who, language) for one in ready_texts(use).for_kind(file.row.kind)]


def chosen(
    use: Use, name: str, file: CaseFile, who: Who, *, body: str = "", language: Language | None = None
) -> Ready | None:
    """The text with this id; `body` is the id of another house that the member is sent to."""
    found = ready_texts(use).find(name)
    return _filled(found, file, who, language, body) if found else None


def _filled(one: ReadyText, file: CaseFile, who: Who, wanted: Language | None, body: str = "") -> Ready:
    row = file.row
    language: Language = wanted or _spoken(row.language)
    values = {
        "name": file.member.name if file.member else "",
        "reference": row.reference,
        "received_on": dates.in_full(deadlines.received_day(row.received_at), language),
        "due_on": dates.in_full(row.due_on, language) if row.due_on else "",
        "department": queue_name(row.department, language) if row.department in DEPARTMENTS else "",
        "me": who.viewer.name,
    }
    if other := next((known for known in directory().bodies if known.id == body), None):
        values |= {
            "body": typographic(other.names.in_language(language), language),
            "body_contact": typographic(other.contact.in_language(language), language),
        }
    # A date that is over is no promise any more: only a text that says so names it.
    is_late = row.due_on is not None and row.due_on < deadlines.received_day(who.now)
    flags = {
        name
        for name, holds in (
            ("due", row.due_on and not is_late),
            ("late", is_late),
            ("courts", row.queue == "mediation"),
        )
        if holds
    }
    title_language: ConsoleLanguage = who.language
    return Ready(one.id, one.title.in_language(title_language), one.words(language, values, flags), one.outcomes)


def _spoken(language: str) -> Language:
    return next((one for one in LANGUAGES if one == language), _NO_LANGUAGE)
