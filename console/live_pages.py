"""What changes while a list or a case is open: new cases wait behind a button, and colleagues on one case see each other.

Nothing on the page moves by itself. The register is looked at every few seconds rather than listening for hints: mail, the
clock and colleagues all change cases, in any process, and whoever looks again cannot have missed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from config.vocabulary import QUEUES
from console import filters
from console.case_page import CasePage, LockedError, MergedError, ReasonWantedError
from console.filters import Chosen
from console.list_rows import first_page
from console.rights import Right
from console.site import Handler, Site, Who
from console.streams import Parts, Streams
from console.words import catalogue
from router import deadlines
from store import presence, views
from store.live import Hint

_PAUSE: Final = 4.0
_NOT_OPEN: Final = (LockedError, ReasonWantedError, MergedError)


class LivePages:
    """Handlers of the streams behind lists and cases."""

    def __init__(self, site: Site, streams: Streams) -> None:
        self._site = site
        self._streams = streams
        self._page = CasePage(site)

    async def of_list(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Which cases stand on the first page of a list, and who has one of them open or writes there; again when one of
        these changes."""
        queue = request.query.get("queue", "")
        if queue and not (queue in QUEUES and who.viewer.has_queue(queue)):
            raise web.HTTPNotFound
        chosen = filters.chosen(request.query)
        last: dict[str, Any] = {}

        async def draw(now: Who, hints: Sequence[Hint]) -> Parts:
            del hints
            fresh = await self._listed(now, queue or None, chosen)
            if fresh == last:
                return ()
            last.clear()
            last.update(fresh)
            return [("list", fresh)]

        return await self._streams.serve(request, who, None, draw, pause=_PAUSE)

    async def _listed(self, who: Who, queue: str | None, chosen: Chosen) -> dict[str, Any]:
        wanted = chosen.filter(queue, deadlines.received_day(who.now))
        async with self._site.store.read() as tx:
            shown = await first_page(tx, who, wanted, chosen)
            # That somebody reads a sealed case is for those who may read it too.
            readable = [row.id for row in shown if not row.locked]
            opened = await presence.others(tx, who.viewer, readable, now=who.now)
            writing = await presence.writing(tx, who.viewer, readable, now=who.now)
        return {
            "cases": [row.reference for row in shown],
            "open": {row.reference: ", ".join(opened[row.id]) for row in shown if row.id in opened},
            "writing": {row.reference: ", ".join(writing[row.id]) for row in shown if row.id in writing},
        }

    async def of_case(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The version that a case has by now, its last note, who else has it open and who writes; again when one of these
        changes."""
        try:
            async with self._site.store.read() as tx:
                row = await self._page.find(tx, who, request)
        except _NOT_OPEN as error:
            return await self._page.refusal(who, error)
        last: dict[str, Any] = {}
        touched: list[datetime] = []

        async def draw(now: Who, hints: Sequence[Hint]) -> Parts | None:
            del hints
            fresh = await self._standing(now, request)
            if fresh is None:
                return None
            if not touched or now.now - touched[-1] >= presence.TOUCH:
                touched[:] = [now.now]
                async with self._site.store.write() as tx:
                    await presence.touch(tx, now.viewer, row.id, now=now.now)
            if fresh == last:
                return ()
            last.clear()
            last.update(fresh)
            return [("case", fresh)]

        try:
            return await self._streams.serve(request, who, None, draw, pause=_PAUSE)
        finally:
            async with self._site.store.write() as tx:
                await presence.leave(tx, who.viewer, row.id)

    async def _standing(self, who: Who, request: web.Request) -> dict[str, Any] | None:
        try:
            async with self._site.store.read() as tx:
                row = await self._page.find(tx, who, request)
                opened = await presence.others(tx, who.viewer, [row.id], now=who.now)
                writing = await presence.writing(tx, who.viewer, [row.id], now=who.now)
                note, by = await views.last_note(tx, who.viewer, row.id)
        except MergedError:
            # The page says so when it is loaded again.
            return {"version": 0, "note": 0, "by": "", "others": "", "writing": ""}
        except (LockedError, ReasonWantedError, web.HTTPNotFound):
            return None
        return {
            "version": row.version,
            # A note changes nothing that a form could be stale for, so it is told beside the version.
            "note": note,
            "by": by or catalogue()[who.language]["actor.system"],
            "others": ", ".join(opened.get(row.id, ())),
            "writing": ", ".join(writing.get(row.id, ())),
        }


def routes(site: Site, streams: Streams) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right that each asks for."""
    live = LivePages(site, streams)
    return [
        ("GET", "/console/events", "list-events", live.of_list, "reads"),
        ("GET", "/console/case/{reference}/events", "case-events", live.of_case, "reads"),
    ]
