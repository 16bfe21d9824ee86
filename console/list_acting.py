"""What a list shows for those who act from it: what can be done, what is suggested in triage, and what was just done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from config.vocabulary import QUEUES
from console.bulk import WRONG
from console.pause_days import LONGEST
from console.site import Who
from console.suggesting import suggestion
from store import guesses, list_acts
from store.database import Tx
from store.pauses import REASONS
from store.views import Row

_LONGEST_NUMBER: Final = 15


async def acting(
    tx: Tx, who: Who, query: Mapping[str, str], queue: str | None, rows: Sequence[Row], today: date
) -> dict[str, Any]:
    """The part of the page's context that acts need; `rows` are all that the list shows."""
    guessed = await guesses.of(tx, who.viewer, [row.id for row in rows]) if queue == "triage" else {}
    number, wrong = _number(query.get("did", "")), query.get("acts", "")
    return {
        "guesses": guessed,
        "suggested": {row.id: suggestion(row, guessed.get(row.id)) for row in rows} if queue == "triage" else {},
        "done": await list_acts.of(tx, who.viewer, int(number)) if number else None,
        "wrong": wrong if wrong in WRONG else "",
        "queues": [name for name in QUEUES if name != queue],
        "pause_reasons": REASONS,
        "pause_days": (today + timedelta(days=1), today + LONGEST),
    }


def standing(listed: Sequence[Row], query: Mapping[str, str]) -> dict[str, Any]:
    """Where each case stands in the list, and which has the focus: after an act the one that stands where the last one stood."""
    at = int(_number(query.get("at", "")) or 0)
    return {
        "at_place": {row.id: place for place, row in enumerate(listed, 1)},
        "at": at or "",
        "stands": listed[min(at, len(listed)) - 1].id if at and listed else 0,
    }


def _number(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else ""
