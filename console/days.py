"""Days as they stand in addresses and forms, and the moments at which they begin in Brussels."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from router.deadlines import BRUSSELS

# Beyond these a day is a slip of the keyboard, and reckoning with it could leave the calendar.
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2200, 1, 1)


def day_of(text: str) -> date | None:
    """The day written so (2026-11-24); None when it is none, or one that nobody means."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _FIRST < found < _LAST else None


def midnight(day: date) -> datetime:
    """The moment when a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=BRUSSELS)
