"""The report of a month as it holds: as approved, else as the register says now; and what differs since it was approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from report.figures import Report
from report.month import month_report
from store import reports
from store.database import Store
from store.reports import Kept
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Erratum:
    """A figure that the register now gives otherwise. `split` and `value` name it; "received" and "closed" have no value."""

    split: str
    value: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Current:
    """A report and what people made of it. `errata` is empty for a draft."""

    report: Report
    kept: Kept
    errata: tuple[Erratum, ...] = ()

    @property
    def approved(self) -> bool:
        """Whether its figures are frozen."""
        return self.kept.approved_at is not None


async def current(store: Store, viewer: Viewer, first: date, *, today: date, compare: bool = False) -> Current:
    """The report of a month; with `compare`, an approved one beside what the register says today."""
    async with store.read() as tx:
        kept = await reports.of_month(tx, first)
    if kept.approved_at is None:
        return Current(await month_report(store, viewer, first, today=today), kept)
    frozen = Report.model_validate_json(kept.body)
    if not compare:
        return Current(frozen, kept)
    today_says = await month_report(store, viewer, first, today=today)
    return Current(frozen, kept, tuple(_errata(frozen, today_says)))


def _errata(before: Report, now: Report) -> Iterator[Erratum]:
    """Of what no day's work changes any more: what was received, and what was closed, in the month."""
    for name in ("received", "closed"):
        if getattr(before, name) != getattr(now, name):
            yield Erratum(name, "", getattr(before, name), getattr(now, name))
    if before.robots is not None and before.robots != now.robots:
        yield Erratum("apart", "robots", before.robots, now.robots or 0)
    pairs = [(name, before.splits[name], now.splits.get(name, {})) for name in before.splits]
    for name, then, today in (
        *pairs,
        ("refused", before.refused, now.refused),
        ("outcome", before.outcomes, now.outcomes),
        *([] if before.causes is None else [("cause", before.causes, now.causes or {})]),
    ):
        for value in {**then, **today}:
            if then.get(value, 0) != today.get(value, 0):
                yield Erratum(name, value, then.get(value, 0), today.get(value, 0))
