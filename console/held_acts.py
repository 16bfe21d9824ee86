"""What a person decides of a message that was held apart: it belongs to the case, or is a matter of its own."""

from __future__ import annotations

from aiohttp import web

from console.case_page import CasePage
from console.site import Site, Who
from store import correspondence, views


class HeldActs:
    """Handlers of the two answers to a held message."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    async def join_held(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A held message belongs to the case that it names: a person has looked."""
        return await self._held(request, who, "joined")

    async def own_case(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A held message is a matter of its own."""
        return await self._held(request, who, "own_case")

    async def _held(self, request: web.Request, who: Who, done: str) -> web.Response:
        held_id = int(request.match_info["held"])
        desk = self._site.desk
        async with self._site.store.write() as tx:
            waiting = {held.id: held for held in await correspondence.held_messages(tx, who.viewer)}
            held = waiting.get(held_id)
            if held is None:
                raise web.HTTPNotFound
            row = await views.case(tx, who.viewer, held.case_id)
            if row is None or not await self._page.may_read(tx, who, row):
                raise web.HTTPNotFound
            if done == "joined":
                await desk.join_held(tx, who.viewer, held_id, now=who.now)
            else:
                await desk.open_held_as_own_case(tx, who.viewer, held_id, now=who.now)
        # Either way the item is read again with what the person said.
        await desk.wake_intake([held.inbox_id])
        return self._site.see_other(f"/console/case/{held.reference}?done={done}")
