"""The lists: a queue by urgency, one's own cases, closed ones, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from aiohttp import web

from channels.reference import parse_reference
from config.vocabulary import QUEUES
from console import urgency
from console.site import Site, Who
from router import deadlines
from store import views
from store.views import Filter, Row

_SHOWS: Final = ("all", "mine", "unassigned", "closed")
_LONGEST_QUERY: Final = 200
# A day or sixteen digits of microseconds, a dot, and an id that a database takes.
_LONGEST_CURSOR: Final = 28
# Digits as a reference has them, whoever mistyped one: worth saying so rather than finding nothing.
_LIKE_REFERENCE: Final = re.compile(r"\s*(?:PM\W{0,3})?(?:\d\W{0,3}){11,16}", re.IGNORECASE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Lists:
    """Handlers of `/console/`, `/console/queue/{queue}` and `/console/search`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def everything(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Cases of all queues. Who reads no case at all is told what they are here for."""
        if not who.may("reads"):
            return await self._site.page("no_cases.html", who, guessed="guessed" in request.query)
        return await self._list(request, who, None)

    async def mine(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One's own cases."""
        return await self._list(request, who, None, show="mine")

    async def queue(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One queue."""
        queue = request.match_info["queue"]
        if queue not in QUEUES:
            raise web.HTTPNotFound
        return await self._list(request, who, queue)

    async def _list(self, request: web.Request, who: Who, queue: str | None, *, show: str = "") -> web.Response:
        show = show or _known_show(request.query.get("show", ""))
        wanted = Filter(queue=queue, mine=show == "mine", unassigned=show == "unassigned")
        after = request.query.get("after", "")
        today = deadlines.received_day(who.now)
        first: Sequence[Row] = ()
        async with self._site.store.read() as tx:
            if show == "closed":
                rows = await views.closed(tx, who.viewer, wanted, before=_moment_cursor(after), limit=views.PAGE + 1)
            else:
                if not after:
                    in_distress = Filter(queue, mine=wanted.mine, unassigned=wanted.unassigned, urgent=True)
                    first = await views.listing(tx, who.viewer, in_distress, limit=200)
                others = Filter(queue, mine=wanted.mine, unassigned=wanted.unassigned, urgent=False)
                rows = await views.listing(tx, who.viewer, others, after=_day_cursor(after), limit=views.PAGE + 1)
        more = len(rows) > views.PAGE
        rows = rows[: views.PAGE]
        return await self._site.page(
            "list.html",
            who,
            here=queue or ("mine" if request.path.endswith("/mine") else "all"),
            queue=queue,
            show=show,
            first=first,
            groups=() if show == "closed" else urgency.grouped(rows, today),
            closed=rows if show == "closed" else (),
            after=after,
            next=_cursor(rows[-1], show) if more else "",
            guessed="guessed" in request.query,
            moved=request.query.get("moved", "") if request.query.get("moved", "") in QUEUES else "",
            sealed="sealed" in request.query,
            path=request.path,
        )

    async def search(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A reference, in any spacing and case, goes straight to its case; words are looked for in the texts."""
        asked = request.query.get("q", "").strip()[:_LONGEST_QUERY]
        reference = parse_reference(asked)
        async with self._site.store.read() as tx:
            if reference and await views.case_by_reference(tx, who.viewer, reference):
                return self._site.see_other(f"/console/case/{reference}")
            mistyped = reference is None and bool(_LIKE_REFERENCE.fullmatch(asked))
            rows: Sequence[Row] = ()
            if asked and not reference and not mistyped:
                rows = await views.listing(tx, who.viewer, Filter(state="all", text=asked), limit=views.PAGE)
        return await self._site.page(
            "search.html", who, asked=asked, reference=reference, mistyped=mistyped, rows=rows, most=views.PAGE
        )


def _known_show(wanted: str) -> str:
    return wanted if wanted in _SHOWS else "all"


def _cursor(row: Row, show: str) -> str:
    if show == "closed":
        # Whole microseconds: a float of this size would be off by some.
        since = (row.closed_at or _EPOCH) - _EPOCH
        return f"{since // timedelta(microseconds=1)}.{row.id}"
    return f"{(row.due_on or date.max).isoformat()}.{row.id}"


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
