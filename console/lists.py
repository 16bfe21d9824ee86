"""The lists: a queue by urgency, one's own cases and closed ones, narrowed by what stands in the address."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from config.vocabulary import QUEUES
from console import filters, kept_views
from console.filters import Chosen
from console.list_acting import acting, standing
from console.list_rows import cursor, found, moment_text
from console.site import Site, Who
from console.view_links import address
from router import deadlines
from store import lists, users
from store.kept_views import LONGEST_NAME
from store.lists import PAGE


class Lists:
    """Handlers of `/console/`, `/console/mine` and `/console/queue/{queue}`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def everything(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Cases of all queues. Who reads no case at all is told what they are here for."""
        if not who.may("reads"):
            return await self._site.page("no_cases.html", who, guessed="guessed" in request.query)
        return await self._list(request, who, None, filters.chosen(request.query))

    async def mine(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One's own cases."""
        return await self._list(request, who, None, filters.chosen(request.query, show="mine"))

    async def queue(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One queue."""
        queue = request.match_info["queue"]
        if queue not in QUEUES or not who.viewer.has_queue(queue):
            raise web.HTTPNotFound
        return await self._list(request, who, queue, filters.chosen(request.query))

    async def _list(self, request: web.Request, who: Who, queue: str | None, chosen: Chosen) -> web.Response:
        after = request.query.get("after", "")
        today = deadlines.received_day(who.now)
        wanted = chosen.filter(queue, today)
        async with self._site.store.read() as tx:
            page = await found(tx, who, wanted, chosen, after)
            people = [user for user in await users.listing(tx) if user.role in ("mediator", "supervisor")]
            acts = await acting(tx, who, request.query, queue, page.all, today)
            is_empty = not page.all and not after and not chosen.narrowed and chosen.show == "all"
            last = (
                await lists.closed(tx, who.viewer, wanted.but(urgent=None, resting=None), limit=1) if is_empty else ()
            )
        rows, more = page.rows[:PAGE], len(page.rows) > PAGE
        is_own = request.path.endswith("/mine")
        # The tab of one's own cases is the page itself there.
        shown = chosen.but(show="all") if is_own else chosen
        return await self._site.page(
            "list.html",
            who,
            here=queue or ("mine" if is_own else "all"),
            queue=queue,
            chosen=chosen,
            link=lambda **changed: f"{request.path}{shown.but(**changed).query()}",
            choices=filters.CHOICES,
            shows=filters.SHOWS,
            people=people,
            first=page.first,
            groups=page.groups(chosen, today),
            resting=page.reasons(chosen),
            more_rest=len(page.resting) > PAGE,
            closed=rows if chosen.show == "closed" else (),
            last_closed=last[0].closed_at if last else None,
            **standing(page.in_order(chosen, today), request.query),
            back=f"{request.path}{shown.query(after=after)}",
            acting=who.may("handles") and chosen.show != "closed",
            after=after,
            next=f"{request.path}{shown.query(after=cursor(rows[-1], chosen.show))}" if more else "",
            reached=page.reached and deadlines.received_day(page.reached[0]),
            further=f"{request.path}{shown.query(after=moment_text(page.reached))}" if page.reached else "",
            path=request.path,
            view_path="" if is_own else address(queue, chosen),
            events="" if after else f"/console/events{chosen.query(queue=queue or '')}",
            view_said=kept_views.said(request.query),
            longest_name=LONGEST_NAME,
            **acts,
            **_said(request),
        )


def _said(request: web.Request) -> dict[str, Any]:
    """What the page before did, to be told on this one."""
    moved = request.query.get("moved", "")
    return {
        "guessed": "guessed" in request.query,
        "moved": moved if moved in QUEUES else "",
        "sealed": "sealed" in request.query,
    }
