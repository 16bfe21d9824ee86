"""Searching: a reference goes straight to its case; words, numbers and addresses give a list, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from console.asked import understood
from console.site import Site, Who
from store import finding, views
from store.lists import PAGE
from store.views import Row

_LONGEST_QUERY: Final = 200
_LONGEST_ID: Final = 15


class Search:
    """The handler of `/console/search`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def search(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The case of a reference, or a page of what was found."""
        query = understood(request.query.get("q", "").strip()[:_LONGEST_QUERY])
        after = _number(request.query.get("after", ""))
        rows: Sequence[Row] = ()
        async with self._site.store.read() as tx:
            if query.reference and await views.case_by_reference(tx, who.viewer, query.reference):
                return self._site.see_other(f"/console/case/{query.reference}")
            if query.typed and not query.reference:
                rows = await finding.found(tx, who.viewer, query.asked, before=after, limit=PAGE + 1)
        more = urlencode({"q": query.typed, "after": rows[PAGE - 1].id}) if len(rows) > PAGE else ""
        return await self._site.page(
            "search.html",
            who,
            asked=query.typed,
            reference=query.reference,
            mistyped=query.mistyped and not rows,
            rows=rows[:PAGE],
            next=more and f"/console/search?{more}",
            first=after is not None and f"/console/search?{urlencode({'q': query.typed})}",
        )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else None
