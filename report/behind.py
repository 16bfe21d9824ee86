"""The cases behind a number of the report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Final

from report import figures
from report.themes import behind_theme
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
    that there is not. Of a time limit, `value` is its name and how it ended ("union.missed"), of a theme its
    department and its word."""
    if by not in _COUNTED_HERE:
        return await reporting.rows(tx, viewer, *figures.bounds(first), by=by, value=value, limit=limit)
    ids = await _COUNTED_HERE[by](tx, viewer, first, today, value)
    return None if ids is None else await reporting.rows_of(tx, viewer, ids[:_MOST_IDS], limit=limit)


async def _clock(tx: Tx, viewer: Viewer, first: date, today: date, value: str) -> list[int] | None:
    clock, _, wanted = value.partition(".")
    if wanted not in ENDS:
        return None
    ends = await reporting.clocks_due(tx, viewer, first, figures.last_day(first))
    ids = [one.case_id for one in ends if one.clock == clock and wanted in ("due", figures.ended(one, today))]
    return ids[::-1]


async def _score(tx: Tx, viewer: Viewer, first: date, _: date, value: str) -> list[int] | None:
    if value not in map(str, SCORES):
        return None
    return (await reporting.rated(tx, viewer, *figures.bounds(first), int(value)))[::-1]


async def _theme(tx: Tx, viewer: Viewer, first: date, _: date, value: str) -> list[int] | None:
    department, _dot, word = value.partition(".")
    return behind_theme(await reporting.told(tx, viewer, *figures.bounds(first)), department, word)


async def _times(tx: Tx, viewer: Viewer, first: date, _: date, what: str) -> list[int] | None:
    start, end = figures.bounds(first)
    if what == "acknowledged":
        return [case_id for _, _, case_id in await reporting.acknowledged(tx, viewer, start, end)][::-1]
    if what == "resolved":
        closed = await reporting.closed(tx, viewer, start, end)
        return [one.case_id for one in closed if figures.has_a_result(one)][::-1]
    return None


Counting = Callable[[Tx, Viewer, date, date, str], Awaitable[list[int] | None]]
# Numbers that are no count of a column: the latest of their cases first.
_COUNTED_HERE: Final[Mapping[str, Counting]] = {"clock": _clock, "score": _score, "theme": _theme, "times": _times}
