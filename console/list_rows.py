"""The cases on a page of a list, in the order in which they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from console import urgency
from console.filters import Chosen
from console.site import Who
from store import lists
from store.database import Tx
from store.lists import PAGE, Filter
from store.views import Row

# A day or sixteen digits of microseconds, a dot, and an id that a database takes.
_LONGEST_CURSOR: Final = 28
_MOST_IN_DISTRESS: Final = 200
# So many closed cases are looked at for one page of those that a filter asks for; a link looks further back.
_LOOKED_AT: Final = 20_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """The cases of a page: those in distress and those that rest, on the first page of open cases, and all others, one more
    than a page has where there are more."""

    rows: Sequence[Row]
    first: Sequence[Row] = ()
    resting: Sequence[Row] = ()
    # Where to go on looking, when not all closed cases were looked at.
    reached: tuple[datetime, int] | None = None

    @property
    def all(self) -> Sequence[Row]:
        """All that are shown."""
        return [*self.first, *self.rows[:PAGE], *self.resting[:PAGE]]

    @property
    def goes_on(self) -> bool:
        """Whether there are more than are shown."""
        return len(self.rows) > PAGE or len(self.resting) > PAGE or self.reached is not None

    def groups(self, chosen: Chosen, today: date) -> Sequence[urgency.Group]:
        """Open cases by when they are due."""
        return () if chosen.show in ("closed", "resting") else urgency.grouped(self.rows[:PAGE], today)

    def reasons(self, chosen: Chosen) -> Sequence[tuple[str, Sequence[Row]]]:
        """Those that rest, by what they wait for."""
        return urgency.by_reason(self.rows[:PAGE] if chosen.show == "resting" else self.resting[:PAGE])

    def in_order(self, chosen: Chosen, today: date) -> Sequence[Row]:
        """All that are shown, from the top of the page to its end."""
        closed = self.rows[:PAGE] if chosen.show == "closed" else ()
        grouped = (row for group in self.groups(chosen, today) for row in group.rows)
        return [*self.first, *grouped, *closed, *(row for _, part in self.reasons(chosen) for row in part)]


async def found(tx: Tx, who: Who, wanted: Filter, chosen: Chosen, after: str) -> Found:
    """What a page of a list shows: the first, or the one behind `after`."""
    if chosen.show == "closed":
        return await _closed(tx, who, wanted, chosen, _moment_cursor(after))
    if chosen.show == "resting":
        return Found(await lists.resting(tx, who.viewer, wanted, after=_day_cursor(after), limit=PAGE + 1))
    others = wanted.but(urgent=False, resting=False)
    rows = await lists.listing(tx, who.viewer, others, after=_day_cursor(after), limit=PAGE + 1)
    if after:
        return Found(rows)
    # Somebody in distress is read first, whatever their case waits for.
    first = await lists.listing(tx, who.viewer, wanted.but(urgent=True), limit=_MOST_IN_DISTRESS)
    return Found(rows, first, await lists.resting(tx, who.viewer, wanted.but(urgent=False), limit=PAGE + 1))


async def _closed(tx: Tx, who: Who, wanted: Filter, chosen: Chosen, before: tuple[datetime, int] | None) -> Found:
    back_to = await lists.reach(tx, wanted, before=before, cases_back=_LOOKED_AT) if chosen.narrowed else None
    rows = await lists.closed(tx, who.viewer, wanted, before=before, back_to=back_to, limit=PAGE + 1)
    return Found(rows, reached=back_to if len(rows) <= PAGE else None)


async def first_page(tx: Tx, who: Who, wanted: Filter, chosen: Chosen) -> Sequence[Row]:
    """What the first page of a list shows."""
    return (await found(tx, who, wanted, chosen, "")).all


def cursor(row: Row, show: str) -> str:
    """How an address names the page behind a row."""
    if show == "closed":
        return moment_text((row.closed_at or _EPOCH, row.id))
    day = row.paused_until if show == "resting" else row.due_on
    return f"{(day or date.max).isoformat()}.{row.id}"


def moment_text(place: tuple[datetime, int]) -> str:
    """How an address names the page of closed cases behind this place."""
    # Whole microseconds: a float of this size would be off by some.
    return f"{(place[0] - _EPOCH) // timedelta(microseconds=1)}.{place[1]}"


def _day_cursor(text: str) -> tuple[date, int] | None:
    day, _, number = text[:_LONGEST_CURSOR].partition(".")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        return None


def _moment_cursor(text: str) -> tuple[datetime, int] | None:
    micros, _, number = text[:_LONGEST_CURSOR].partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), int(number)
    except (ValueError, OverflowError):
        return None
