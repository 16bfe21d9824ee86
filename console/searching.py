"""Searching: a reference goes straight to its case; words, numbers and addresses give a list, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from console import snippets
from console.asked import Query, understood
from console.site import Site, Who
from router.deadlines import received_day
from store import finding, hits, views
from store.database import Tx
from store.hits import Piece
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
        query = query_of(who, request.query)
        after = _number(request.query.get("after", ""))
        pieces: Sequence[Piece] = ()
        async with self._site.store.read() as tx:
            if query.reference and await views.case_by_reference(tx, who.viewer, query.reference):
                return self._site.see_other(f"/console/case/{query.reference}")
            found = await page_of(tx, who, query, request.query)
            if found.shown:
                pieces = await hits.pieces(tx, who.viewer, [row.id for row in found.shown])
        shown = found.shown
        more = urlencode({"q": query.typed, "after": found.last}) if found.last else ""
        here = {"q": query.typed, **({"after": str(after)} if after is not None else {})}
        return await self._site.page(
            "search.html",
            who,
            asked=query.typed,
            reference=query.reference,
            mistyped=query.mistyped and not shown,
            rows=shown,
            back=f"/console/search?{urlencode(here)}",
            stands=_number(request.query.get("at", "")) or 0,
            hits=snippets.hits(query.asked.words, {row.id: row.person for row in shown if not row.sealed}, pieces),
            next=more and f"/console/search?{more}",
            first=after is not None and f"/console/search?{urlencode({'q': query.typed})}",
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found, in its order, and the id of its last case when there are more; else 0."""

    shown: Sequence[Row] = ()
    last: int = 0


def query_of(who: Who, asked: Mapping[str, str]) -> Query:
    """What somebody looks for, from the query of an address."""
    return understood(asked.get("q", "").strip()[:_LONGEST_QUERY], year=received_day(who.now).year)


async def page_of(tx: Tx, who: Who, query: Query, asked: Mapping[str, str]) -> Page:
    """What is found, a page at a time; nothing for a reference, which leads to its case, and where nothing was asked."""
    if not query.typed or query.reference:
        return Page()
    after = _number(asked.get("after", ""))
    rows = await finding.found(tx, who.viewer, query.asked, before=after, limit=PAGE + 1)
    named = await _named(tx, who, query) if after is None else ()
    # What was named stands first, and not once more among the others.
    shown = [*named, *(row for row in rows[:PAGE] if row.reference not in query.named)]
    return Page(shown, rows[PAGE - 1].id if len(rows) > PAGE else 0)


async def _named(tx: Tx, who: Who, query: Query) -> Sequence[Row]:
    """The cases whose references were typed, those that this person may read."""
    found = [await views.case_by_reference(tx, who.viewer, reference) for reference in query.named]
    return [row for row in found if row is not None and not row.locked]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else None
