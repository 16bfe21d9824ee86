"""Searching: a reference goes straight to its case, words are looked for in the texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from channels.reference import parse_reference
from console.site import Site, Who
from store import lists, views
from store.lists import Filter
from store.views import Row

_LONGEST_QUERY: Final = 200
# Digits as a reference has them, whoever mistyped one: worth saying so rather than finding nothing.
_LIKE_REFERENCE: Final = re.compile(r"\s*(?:PM\W{0,3})?(?:\d\W{0,3}){11,16}", re.IGNORECASE)


class Search:
    """The handler of `/console/search`."""

    def __init__(self, site: Site) -> None:
        self._site = site

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
                rows = await lists.listing(tx, who.viewer, Filter(state="all", text=asked), limit=lists.PAGE)
        return await self._site.page(
            "search.html", who, asked=asked, reference=reference, mistyped=mistyped, rows=rows, most=lists.PAGE
        )
