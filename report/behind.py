"""The cases behind a number of the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from report import figures
from store import reporting
from store.database import Tx
from store.ratings import SCORES
from store.viewer import Viewer
from store.views import Row

ENDS: Final = ("due", "kept", "missed", "running")
# A database takes so many values in one list; nobody reads on for longer.
_MOST_IDS: Final = 5_000


async def cases_behind(
    tx: Tx, viewer: Viewer, first: date, *, today: date, by: str, value: str, limit: int
) -> Sequence[Row] | None:
    """The cases that a number of the month counts, the latest first, as far as the viewer may know of them; None for a number
    that there is not. Of a time limit, `value` is its name and how it ended: "union.missed"."""
    start, end = figures.bounds(first)
    if by == "clock":
        clock, _, wanted = value.partition(".")
        if wanted not in ENDS:
            return None
        ends = await reporting.clocks_due(tx, viewer, first, figures.last_day(first))
        ids = [one.case_id for one in ends if one.clock == clock and wanted in ("due", figures.ended(one, today))]
        return await reporting.rows_of(tx, viewer, ids[-_MOST_IDS:], limit=limit)
    if by == "score":
        if value not in map(str, SCORES):
            return None
        ids = await reporting.rated(tx, viewer, start, end, int(value))
        return await reporting.rows_of(tx, viewer, ids[-_MOST_IDS:], limit=limit)
    return await reporting.rows(tx, viewer, start, end, by=by, value=value, limit=limit)
