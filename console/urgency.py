"""Which cases come first, in the words people use for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from router.deadlines import add_working_days
from store.views import Row

Urgency = Literal["late", "soon", "week", "later", "none"]


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one urgency, in their order."""

    urgency: Urgency
    rows: tuple[Row, ...]


def urgency(due_on: date | None, today: date) -> Urgency:
    """ "soon" is up to the next working day, "week" up to Sunday, "none" where no date is promised."""
    if due_on is None:
        return "none"
    if due_on < today:
        return "late"
    if due_on <= _soon(today):
        return "soon"
    return "week" if due_on <= _sunday(today) else "later"


def span(name: str, today: date) -> tuple[date | None, date | None]:
    """The first and last day on which what has this urgency is due, each included; None is no bound. Not for "none"."""
    soon, sunday, day = _soon(today), _sunday(today), timedelta(days=1)
    return {
        "late": (None, today - day),
        "soon": (today, soon),
        # From Friday on, "this week" holds no day that is not soon.
        "week": (soon + day, sunday),
        "later": (max(soon, sunday) + day, None),
    }[name]


def _soon(today: date) -> date:
    """Who works on Friday has one day left for what is due on Monday."""
    return max(today + timedelta(days=1), add_working_days(today, 1))


def _sunday(today: date) -> date:
    return today + timedelta(days=6 - today.weekday())


def grouped(rows: Iterable[Row], today: date) -> tuple[Group, ...]:
    """Rows that are sorted by due date, in groups."""
    return tuple(Group(name, tuple(found)) for name, found in groupby(rows, lambda row: urgency(row.due_on, today)))


def by_reason(rows: Iterable[Row]) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """Resting rows, those that wait for their member, whose clock is paused, apart from the others."""
    found = tuple(rows)
    for_member = tuple(row for row in found if row.paused_for == "member")
    others = tuple(row for row in found if row.paused_for != "member")
    return tuple((name, part) for name, part in (("waiting", for_member), ("resting", others)) if part)
