"""How a case is told to its member: one line of time, departments by their names. For the page and for the copy of it."""

from __future__ import annotations

from typing import Any

from channels.form.contract import CaseView
from channels.web import texts
from config.departments import department_name
from config.vocabulary import DEPARTMENTS, Language


def told(case: CaseView, language: Language) -> dict[str, Any]:
    """What the templates of a case need beside the case itself; the newest entry of its time line comes first."""
    return {
        "case": case,
        "timeline": sorted((*case.events, *case.messages), key=lambda entry: entry.at, reverse=True),
        "event_detail": lambda event: (
            _why(event.detail, language) if event.what == "paused" else _named(event.detail, language)
        ),
        "department": _named(case.department, language),
    }


def _named(detail: str, language: Language) -> str:
    """Return the name of a department for its id; other details are words already."""
    return next((department_name(known, language) for known in DEPARTMENTS if known == detail), detail)


def _why(reason: str, language: Language) -> str:
    """What we wait for, in words."""
    return texts.pages()[language][f"pause.{reason}"]
