"""What a colleague did themselves: the case of an hour ago is found again by what was done to it."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any, Final

from aiohttp import web

from console.audit_words import pairs
from console.rights import Right
from console.site import Handler, Site, Who
from console.words import catalogue
from router import deadlines
from store import audit, case_around, users
from store.audit import Asked, Line

_PAGE: Final = 100
_LONGEST_ID: Final = 15
_UNTOLD: Final = frozenset({"correction", "labels"})


class OwnActs:
    """The handler of `/console/me/acts`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One's own entries of the audit by day, the latest first; those of a case that one may not know of any more are gone."""
        before = request.query.get("before", "")
        last = int(before) if before.isascii() and before.isdecimal() and len(before) <= _LONGEST_ID else None
        async with self._site.store.read() as tx:
            found = await audit.search(tx, who.viewer, Asked(actor=who.actor), before=last, limit=_PAGE + 1)
            names = {str(user.id): user.name for user in await users.listing(tx)}
            members = await case_around.members(tx, who.viewer, {line.reference for line in found})
        return await self._site.page(
            "own_acts.html",
            who,
            here="me",
            days=[(day, list(lines)) for day, lines in groupby(found[:_PAGE], _day)],
            next=found[_PAGE - 1].id if len(found) > _PAGE else None,
            later=last is not None,
            members=members,
            told=lambda line: pairs(_told(line), catalogue()[who.language], names),
        )


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right it asks for."""
    return [("GET", "/console/me/acts", "me-acts", OwnActs(site).show, "any")]


def _told(line: Line) -> dict[str, Any]:
    """What is worth telling of an act: not its number, nor what is said already by "from" and "to"."""
    return {key: value for key, value in line.detail.items() if key not in _UNTOLD}


def _day(line: Line) -> date:
    return deadlines.received_day(line.at)
