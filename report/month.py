"""Asking the register for the figures of a month."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from report import figures
from report.figures import Advice, Month, Report
from report.hiding import hidden
from report.themes import themes
from store import recommendations, reporting
from store.database import Store, Tx
from store.ratings import SCORES
from store.viewer import Viewer

# This month and the twelve before it.
TREND: Final = 13
# Before the first case of any register.
_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Who asks on the command line, and the clock: everything is counted, nothing is read but what may be quoted.
HOUSE: Final = Viewer(0, "guichet", "supervisor")


async def month_report(store: Store, viewer: Viewer, first: date, *, today: date) -> Report:
    """The report of the month that begins on `first`, in Brussels, as the register says today."""
    start, end = figures.bounds(first)
    async with store.read() as tx:
        groups = await reporting.groups(tx, viewer, start, end)
        before = await _groups(tx, viewer, figures.earlier(first, 1))
        year_ago = await _groups(tx, viewer, figures.earlier(first, 12))
        acknowledged = await reporting.acknowledged(tx, viewer, start, end)
        closed = await reporting.closed(tx, viewer, start, end)
        clocks = await reporting.clocks_due(tx, viewer, first, figures.last_day(first))
        scores = Counter(await reporting.scores(tx, viewer, start, end))
        trend = [await _month(tx, viewer, figures.earlier(first, back), today) for back in reversed(range(TREND))]
        merged = await reporting.merged(tx, viewer, start, end)
        robots = await reporting.robots(tx, viewer, start, end)
        told = await reporting.told(tx, viewer, start, end)
        advice = await _advice(tx, viewer, start, end)
    return Report(
        first=first,
        asked_on=today,
        received=sum(one.count for one in groups),
        merged=merged,
        splits=figures.split(groups),
        before=figures.split(before),
        year_ago=figures.split(year_ago),
        trend=_from_the_beginning(trend),
        refused=figures.refused(groups),
        robots=robots,
        acknowledged=figures.span([figures.hours_between(start, end) for start, end, _ in acknowledged]),
        resolved=figures.resolved(closed),
        clocks=figures.clocks(clocks, today),
        closed=len(closed),
        outcomes=figures.outcomes(closed),
        causes=figures.causes(closed),
        scores={score: scores[score] for score in SCORES},
        advice=advice,
        # Masking takes a while and no database.
        themes=await asyncio.to_thread(themes, told),
    )


async def _advice(tx: Tx, viewer: Viewer, start: datetime, end: datetime) -> Advice:
    """Recommendations made in the month, and what has become by now of all that were made until its end. Those on sealed cases
    are left out for everybody: the report is one, whoever opens it."""
    viewer = replace(viewer, medical=False)
    made = await recommendations.by_month(tx, viewer, since=start, until=end)
    ever = await recommendations.by_month(tx, viewer, since=_EVER, until=end)
    return Advice(
        made=_total(made, "made"),
        open=_total(ever, "open", "accepted"),
        followed=_total(ever, "done"),
        declined=_total(ever, "refused"),
    )


def _total(by_department: Mapping[str, Mapping[str, int]], *names: str) -> int:
    return sum(counts[name] for counts in by_department.values() for name in names)


async def _groups(tx: Tx, viewer: Viewer, first: date) -> list[reporting.Group]:
    return await reporting.groups(tx, viewer, *figures.bounds(first))


async def _month(tx: Tx, viewer: Viewer, first: date, today: date) -> Month:
    received = await reporting.received(tx, viewer, *figures.bounds(first))
    clocks = figures.clocks(await reporting.clocks_due(tx, viewer, first, figures.last_day(first)), today)
    kept = sum(one.kept for one in clocks)
    due = kept + sum(one.missed for one in clocks)
    return Month(first=first, received=received, due=due, kept=kept, hides=any(hidden(one.parts) for one in clocks))


def _from_the_beginning(trend: Sequence[Month]) -> tuple[Month, ...]:
    """Months before the first case are a gap, not zero."""
    begun = False
    found = []
    for month in trend:
        begun = begun or bool(month.received)
        found.append(month if begun else month.model_copy(update={"received": None}))
    return tuple(found)
