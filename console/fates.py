"""What became of what came in: each message of each day by its one fate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, get_args

from aiohttp import web

from console.days import day_of, midnight
from console.site import Handler, Site, Who
from router import deadlines
from store import doors, operations
from store.inbox import Fate

_DAYS: Final = 14
FATES: Final = get_args(Fate)


class Fates:
    """Handler of `/console/fates`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What came in on each day, by channel, and what became of it."""
        last = day_of(request.query.get("until", "")) or deadlines.received_day(who.now)
        shown = [last - timedelta(days=back) for back in range(_DAYS)]
        async with self._site.store.read() as tx:
            found = await doors.fates(
                tx, [(day, midnight(day)) for day in shown], until=midnight(last + timedelta(days=1))
            )
            wrong = await operations.contradictions(tx)
        sums = doors.in_sum(found)
        return await self._site.page(
            "fates.html",
            who,
            here="fates",
            days=[(day, [row for row in found if row.day == day]) for day in shown],
            sums=sums,
            items=sum(row.items for row in found),
            open=sum(row.open for row in found),
            # A column for each fate that something had; the others are named below, so that the table is not wider than a screen.
            fates=[fate for fate in FATES if sums.get(fate)],
            every_fate=FATES,
            wrong={name: count for name, count in wrong.items() if count},
            last=last,
            earlier=last - timedelta(days=_DAYS),
            later=min(last + timedelta(days=_DAYS), deadlines.received_day(who.now)),
        )


def routes(site: Site) -> list[tuple[str, str, str, Handler, Any]]:
    """The page of this file: method, path, name, handler, right."""
    return [("GET", "/console/fates", "fates", Fates(site).show, "supervises")]
