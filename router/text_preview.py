"""How a text looks to a member on one channel, with invented values or those of a past case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from config.departments import department_name
from config.vocabulary import DEPARTMENTS, Channel, Language
from config.wording import SituationText, wording
from router.acknowledgement import AckText, compose, house_values
from router.dates import in_full
from router.text_samples import NAME, sample_values

# What is told of the reference and the name of a past case.
_MASKED: Final = "PM-2026-••••••-••"


@dataclass(frozen=True, slots=True)
class Past:
    """What a preview takes from a past case."""

    name: str
    kind: str
    department: str | None
    received_on: date
    due_on: date | None


def preview(
    situation: str, language: Language, text: SituationText, channel: Channel, past: Past | None = None
) -> AckText:
    """The text as it would go out. Raises config.filling.TextError when it cannot be read."""
    values = house_values(language) | sample_values(language)
    if past is not None:
        values |= _values_of(past, language)
    has_due = past is None or past.due_on is not None
    department = next((one for one in DEPARTMENTS if past and one == past.department), None)
    kind = past.kind if past else "complaint"
    holds = {
        "complaint": kind == "complaint",
        "question": kind == "question",
        "callback": situation == "urgent",
        "mediation": situation == "mediation",
        "medical": situation == "medical",
        "letter": situation == "medical",
        "decision": situation == "medical",
        "suicide": True,
        "need": True,
        "department": past is None or department is not None,
        "body": True,
        "due": has_due,
        "case": True,
    }
    flags = {name if held else f"no_{name}" for name, held in holds.items()} | {"weekdays", "to_open"}
    name = past.name if past else NAME
    return compose(wording()[language], text, channel, values, flags, "" if situation == "anonymous" else name)


def _values_of(past: Past, language: Language) -> dict[str, str]:
    department = next((one for one in DEPARTMENTS if one == past.department), None)
    kind = past.kind if past.kind in ("complaint", "question") else "other"
    what = wording()[language].what
    return {
        "reference": _MASKED,
        "received_on": in_full(past.received_on, language),
        "due_on": in_full(past.due_on, language) if past.due_on else "",
        "department": department_name(department, language) if department else "",
        "what": what["complaint"] if kind == "complaint" else what["question"] if kind == "question" else what["other"],
    }
