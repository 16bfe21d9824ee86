"""Lists with a name: kept from the list that is open, shown in the rail, forgotten again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from config.vocabulary import QUEUES
from console import filters
from console.paths import with_query
from console.rights import Right
from console.site import Handler, Site, Who
from console.view_links import address
from store import kept_views
from store.kept_views import LONGEST_NAME, FullError

_VIEW: Final = r"/console/views/{view:\d{1,15}}"


class KeptViews:
    """Handlers of `/console/views`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def keep(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep the list from which the form came, under a name."""
        del request
        queue = who.form.get("queue", "")
        queue_or_all = queue if queue in QUEUES else None
        wanted = filters.chosen(dict(parse_qsl(who.form.get("chosen", "").lstrip("?"))))
        name = " ".join(who.form.get("name", "").split())[:LONGEST_NAME]
        path = address(queue_or_all, wanted)
        if not name:
            return self._site.see_other(with_query(path, "view=nameless"))
        try:
            async with self._site.store.write() as tx:
                await kept_views.keep(
                    tx,
                    who.viewer,
                    name,
                    queue_or_all,
                    {"show": wanted.show, **wanted.narrowed},
                    shared="shared" in who.form,
                    now=who.now,
                )
        except FullError:
            return self._site.see_other(with_query(path, "view=full"))
        return self._site.see_other(with_query(path, "view=kept"))

    async def forget(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Forget a list; the cases in it stay where they are."""
        async with self._site.store.write() as tx:
            if not await kept_views.forget(tx, who.viewer, int(request.match_info["view"]), now=who.now):
                raise web.HTTPNotFound
        return self._site.see_other("/console/?view=forgotten")


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right that each asks for."""
    page = KeptViews(site)
    return [
        ("POST", "/console/views", "view-keep", page.keep, "reads"),
        ("POST", f"{_VIEW}/forget", "view-forget", page.forget, "reads"),
    ]


def said(query: Mapping[str, str]) -> str:
    """What was just done with a kept list, for the page to tell; "" for nothing."""
    done = query.get("view", "")
    return done if done in ("kept", "forgotten", "nameless", "full") else ""
