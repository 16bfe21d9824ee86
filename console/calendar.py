"""The calendar of deadlines: how many open cases are due on each day of a month, and which on one day."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from console.days import day_of
from console.site import Handler, Site, Who
from router import deadlines
from store import due_days


class Calendar:
    """Handler of `/console/deadlines`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A month in weeks from Monday to Sunday; `day` lists what is due on it."""
        today = deadlines.received_day(who.now)
        chosen = day_of(request.query.get("day", ""))
        month = day_of(f"{request.query.get('month', '')[:7]}-01") or (chosen or today).replace(day=1)
        weeks = calendar.Calendar(firstweekday=0).monthdatescalendar(month.year, month.month)
        async with self._site.store.read() as tx:
            counts = await due_days.counts(tx, who.viewer, first=weeks[0][0], last=weeks[-1][-1])
            late = await due_days.late(tx, who.viewer, today=today)
            due = await due_days.on_day(tx, who.viewer, chosen) if chosen else []
        return await self._site.page(
            "calendar.html",
            who,
            here="deadlines",
            month=month,
            weeks=weeks,
            counts=counts,
            working={day: self._works(day) for week in weeks for day in week},
            most=max(counts.values(), default=0),
            total=_in_month(counts, month),
            late=late,
            chosen=chosen,
            due=due,
            before=(month - timedelta(days=1)).replace(day=1),
            after=(month + timedelta(days=31)).replace(day=1),
        )

    def _works(self, day: date) -> bool:
        return deadlines.is_working_day(day, saturdays=self._site.saturdays)


def routes(site: Site) -> list[tuple[str, str, str, Handler, Any]]:
    """The page of this file: method, path, name, handler, right."""
    return [("GET", "/console/deadlines", "deadlines", Calendar(site).show, "supervises")]


def _in_month(counts: Mapping[date, int], month: date) -> int:
    return sum(count for day, count in counts.items() if (day.year, day.month) == (month.year, month.month))
