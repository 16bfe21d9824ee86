"""The figures of one month as data: what the Executive Committee is told, and what is kept once it is approved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from pydantic import BaseModel

from config.vocabulary import CHANNELS, DEPARTMENTS, KINDS, LANGUAGES
from router.deadlines import BRUSSELS, received_day
from store.reporting import ClockEnd, Closed, Group

# Cases about a medical adviser are counted apart, whatever department they touch; and those that are no department's.
MEDICAL, NONE = "medical", "none"
_SPLITS: Final[Mapping[str, tuple[Callable[[Group], str], tuple[str, ...]]]] = {
    "kind": (lambda one: one.kind, KINDS),
    "department": (lambda one: MEDICAL if one.sealed else one.department or NONE, (*DEPARTMENTS, MEDICAL, NONE)),
    "channel": (lambda one: one.channel, CHANNELS),
    "language": (lambda one: one.language, LANGUAGES),
}
_FOUNDED: Final = ("founded", "partly_founded")
# How a complaint ends of which somebody said whether it was founded.
JUDGED: Final = (*_FOUNDED, "not_founded")


class Span(BaseModel, frozen=True):
    """How long something took, for `count` cases, in hours: half of them took no longer than `median`, nine of ten no longer than
    `ninth`. None when there was none."""

    count: int
    median: float | None = None
    ninth: float | None = None


class Clock(BaseModel, frozen=True):
    """What became of the clocks of one kind that fell due in the month. `due` is the sum of the others."""

    clock: str
    due: int
    kept: int
    missed: int
    running: int

    @property
    def parts(self) -> Mapping[str, int]:
        """How they ended."""
        return {"kept": self.kept, "missed": self.missed, "running": self.running}


class Month(BaseModel, frozen=True):
    """A month of the trend. `due` and `kept` are clocks; `received` is None before the register begins. `hides`: of some clocks
    counts are hidden in what leaves the house; None in reports approved before that was said."""

    first: date
    received: int | None
    due: int
    kept: int
    hides: bool | None = None


class Theme(BaseModel, frozen=True):
    """What people complained about: the word that decided for a department, in how many cases, and how some put it."""

    department: str
    word: str
    count: int
    examples: tuple[str, ...]


class Advice(BaseModel, frozen=True):
    """Recommendations to departments: made in the month, and of all those ever made still open, followed, or declined."""

    made: int
    open: int
    followed: int
    declined: int


class Report(BaseModel, frozen=True):
    """A month. `splits`, `before` and `year_ago` count received cases by name of split and value, for the month, the one before
    and the same month a year ago. `asked_on` is the day on which the register was asked."""

    first: date
    asked_on: date
    received: int
    merged: int
    splits: Mapping[str, Mapping[str, int]]
    before: Mapping[str, Mapping[str, int]]
    year_ago: Mapping[str, Mapping[str, int]]
    trend: tuple[Month, ...]
    refused: Mapping[str, int]
    # What was no message for us (spam, a robot's letter): in no other figure. None in reports approved before it was told.
    robots: int | None = None
    acknowledged: Span
    resolved: Span
    clocks: tuple[Clock, ...]
    closed: int
    outcomes: Mapping[str, int]
    # What was behind them; None in reports that were approved before anybody was asked.
    causes: Mapping[str, int] | None = None
    scores: Mapping[int, int]
    themes: tuple[Theme, ...] = ()
    advice: Advice | None = None

    @property
    def complete(self) -> bool:
        """Whether the month was over when the register was asked."""
        return self.asked_on >= following(self.first)

    @property
    def due(self) -> int:
        """The clocks that came to their day and whose end is known: kept or missed."""
        return sum(one.kept + one.missed for one in self.clocks)

    @property
    def kept(self) -> int:
        """Those of them that were kept."""
        return sum(one.kept for one in self.clocks)

    @property
    def judged(self) -> int:
        """Complaints closed in the month of which somebody said whether they were founded."""
        return sum(self.outcomes.get(outcome, 0) for outcome in JUDGED)

    @property
    def founded(self) -> int:
        """Those of them that were founded, or partly."""
        return sum(self.outcomes.get(outcome, 0) for outcome in _FOUNDED)


def following(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def earlier(first: date, months: int) -> date:
    """The first day of the month that lies so many months before."""
    month = first.year * 12 + first.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)


def bounds(first: date) -> tuple[datetime, datetime]:
    """The moments at which a month begins and ends, in Brussels."""
    return midnight(first), midnight(following(first))


def last_day(first: date) -> date:
    """The last day of the month."""
    return following(first) - timedelta(days=1)


def split(groups: Sequence[Group]) -> dict[str, dict[str, int]]:
    """Received cases by each split, every value of it named, with 0 where there was none."""
    found: dict[str, dict[str, int]] = {}
    for name, (of, values) in _SPLITS.items():
        counts = dict.fromkeys(values, 0)
        for one in groups:
            counts[of(one)] = counts.get(of(one), 0) + one.count
        found[name] = counts
    return found


def refused(groups: Sequence[Group]) -> dict[str, int]:
    """Those that were not handled, by the reason."""
    counts = {"anonymous": 0, "off_scope": 0}
    for one in groups:
        if one.refused:
            counts[one.refused] = counts.get(one.refused, 0) + one.count
    return counts


def clocks(ends: Sequence[ClockEnd], today: date) -> tuple[Clock, ...]:
    """How the clocks ended, by kind. One that still runs after its day is missed."""
    counted: dict[str, Counter[str]] = {}
    for one in ends:
        counted.setdefault(one.clock, Counter())[ended(one, today)] += 1
    return tuple(
        Clock(clock=name, due=counts.total(), kept=counts["kept"], missed=counts["missed"], running=counts["running"])
        for name, counts in sorted(counted.items())
    )


def ended(one: ClockEnd, today: date) -> str:
    """How a clock ended: "kept", "missed", or "running"."""
    if one.ended_at is not None:
        return "kept" if received_day(one.ended_at) <= one.due_on else "missed"
    if one.state == "met":
        return "kept"
    return "missed" if one.due_on < today else "running"


def span(hours: Sequence[float]) -> Span:
    """Median and ninth decile by nearest rank: values that some case really had."""
    ordered = sorted(hours)
    if not ordered:
        return Span(count=0)

    def rank(tenths: int) -> float:
        return round(ordered[max(0, -(-len(ordered) * tenths // 10) - 1)], 4)

    return Span(count=len(ordered), median=rank(5), ninth=rank(9))


def hours_between(start: datetime, end: datetime) -> float:
    """Never negative: a mailbox may date a mail after we had it."""
    return max(0.0, (end - start).total_seconds() / 3600)


def resolved(closed: Sequence[Closed]) -> Span:
    """From receipt to the end, of complaints that were handled."""
    return span([hours_between(one.received_at, one.closed_at) for one in closed if has_a_result(one)])


def has_a_result(one: Closed) -> bool:
    """Whether it is a complaint that was handled."""
    return one.kind == "complaint" and not one.refused


def outcomes(closed: Sequence[Closed]) -> dict[str, int]:
    """How complaints ended."""
    return dict(Counter(one.outcome for one in closed if one.kind == "complaint").most_common())


def causes(closed: Sequence[Closed]) -> dict[str, int]:
    """What was behind complaints that ended, as whoever closed them said; NONE where nobody said."""
    return dict(Counter(one.cause or NONE for one in closed if one.kind == "complaint").most_common())


def midnight(day: date) -> datetime:
    """The moment at which a day begins, in Brussels."""
    return datetime.combine(day, time(), BRUSSELS)
