"""What was put aside: messages held for a decision, and those taken for automatic ones."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.site import Site, Who
from console.story import told
from store import aside, audit, correspondence, views

_PAGE: Final = 50


class Asides:
    """Handlers of `/console/held` and `/console/robots`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def held(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Messages that name a case without proof of belonging to it. Those about sealed cases are read on the case."""
        del request
        async with self._site.store.read() as tx:
            found = await correspondence.held_messages(tx, who.viewer)
            rows = {held.case_id: await views.case(tx, who.viewer, held.case_id) for held in found}
        shown = [
            (held, row, None if row.sealed else told(held.message.reply or held.message.text))
            for held in found
            if (row := rows[held.case_id]) is not None and not row.locked
        ]
        return await self._site.page("held.html", who, here="held", shown=shown)

    async def robots(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Items taken for automatic ones, the latest first."""
        before = request.query.get("before", "")
        async with self._site.store.read() as tx:
            found = await aside.robots(
                tx, who.viewer, before=int(before) if before.isdecimal() and len(before) < 16 else None, limit=_PAGE + 1
            )
        more = len(found) > _PAGE
        found = found[:_PAGE]
        return await self._site.page(
            "robots.html",
            who,
            here="robots",
            rows=found,
            next=found[-1].id if more else 0,
            done="done" in request.query,
            before=before,
        )

    async def robot(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One of them, read for the person who decides. Reading is recorded: nobody knows yet what it is about."""
        item_id = int(request.match_info["item"])
        async with self._site.store.read() as tx:
            item = await aside.robot(tx, who.viewer, item_id)
        if item is None:
            raise web.HTTPNotFound
        message = await self._site.desk.understood(item.id)
        async with self._site.store.write() as tx:
            await audit.write(tx, actor=who.actor, act="robot.viewed", at=who.now, detail={"item": item.id})
        return await self._site.page(
            "robot.html",
            who,
            here="robots",
            item=item,
            message=message,
            story=told(message.reply or message.text) if message else None,
        )

    async def not_a_robot(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A person wrote this after all: it becomes a case."""
        item_id = int(request.match_info["item"])
        async with self._site.store.write() as tx:
            item = await aside.robot(tx, who.viewer, item_id)
            if item is None or not await self._site.desk.not_a_robot(tx, who.viewer, item.id, now=who.now):
                raise web.HTTPNotFound
            await audit.write(tx, actor=who.actor, act="robot.overruled", at=who.now, detail={"item": item.id})
        await self._site.desk.wake_intake([item.id])
        return self._site.see_other("/console/robots?done")
