"""What is typed is kept while it is typed: on the server, for this colleague and this case alone."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.actions import moment_of
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.site import Site, Who
from store import drafts
from store.drafts import PURPOSES

_LONGEST: Final = 20_000


class Drafting:
    """The handler of `/console/case/{reference}/draft`."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    async def keep(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep a text, or let it go when it is empty. A page's script asks for no page in return (`quiet`)."""
        kind = next((known for known in PURPOSES if known == who.form.get("purpose", "")), None)
        if kind is None:
            raise web.HTTPUnprocessableEntity
        text = who.form.get("text", "").replace("\r\n", "\n")[:_LONGEST]
        seen = moment_of(who.form.get("seen", ""))
        async with self._site.store.write() as tx:
            try:
                row = await self._page.find(tx, who, request)
            except (LockedError, ReasonWantedError) as error:
                return await self._page.refusal(who, error)
            late = seen is not None and await drafts.sent_since(tx, who.viewer, row.id, kind, since=seen)
            if not late:
                await drafts.keep(tx, who.viewer, row.id, kind, text, now=who.now)
        if who.form.get("quiet"):
            return web.Response(status=204)
        end = f"?done={'draft' if text.strip() else 'draft_gone'}#write"
        return self._site.see_other(f"/console/case/{row.reference}{end}")
