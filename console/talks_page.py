"""The page of conversations that go on: who waits for a person, whom a colleague has, whom the robot has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from console.site import Site, Who
from console.streams import Parts, Streams
from console.talk_contract import Talk
from store.live import ALL, Hint
from store.talks import MOST

_STAGES: Final = ("waiting", "person", "robot")
# So many seconds are between two looks at everything, however much is said.
_PAUSE: Final = 1.0


class TalksPage:
    """Handlers of `/console/conversations` and its stream."""

    def __init__(self, site: Site, streams: Streams) -> None:
        self._site = site
        self._streams = streams

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page."""
        del request
        return await self._site.page("talks.html", who, here="talks", **_grouped(await self._going_on(who)))

    async def events(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The list anew whenever something happens, and from time to time because waits grow."""

        async def draw(now: Who, hints: Sequence[Hint]) -> Parts:
            # Who types changes nothing here.
            if hints and all(hint.what != "new" for hint in hints):
                return ()
            found = await self._going_on(now)
            html = self._site.pages.draw("talks_list.html", now.language, now.now, who=now, **_grouped(found))
            waiting = sum(talk.stage == "waiting" for talk in found)
            return [("list", {"html": html, "waiting": waiting})]

        return await self._streams.serve(request, who, ALL, draw, pause=_PAUSE)

    async def _going_on(self, who: Who) -> Sequence[Talk]:
        async with self._site.store.read() as tx:
            return await self._site.talks.going_on(tx, who.viewer)


def _grouped(found: Sequence[Talk]) -> dict[str, Any]:
    groups = [(stage, [talk for talk in found if talk.stage == stage]) for stage in _STAGES]
    return {"groups": [(stage, talks) for stage, talks in groups if talks], "most": MOST}
