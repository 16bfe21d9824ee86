"""Live parts of open pages, by Server-Sent Events: something happened, and here is the part of the page anew.

Whoever has a stream open is asked again for their session and rights before each part, and at least every 20 seconds: it
ends within a minute of signing out or losing a right (rule S3).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final, cast

from aiohttp import web

from channels.web.middleware import security_headers
from console.site import Site, Who
from store import users
from store.live import ALL, Hint

# What goes out: (event, data) pairs.
Parts = Sequence[tuple[str, Any]]
# Draws what is new, for hints (none: time has passed). None ends the stream: it is not for this person any more.
Draw = Callable[[Who, Sequence[Hint]], Awaitable[Parts | None]]

BEAT_SECONDS: Final = 20.0
# Streams that one person may have open: a list, and a few conversations. One more ends the oldest: whoever goes quickly from
# case to case has left the pages behind them before the connections are seen to be gone, and a page that is still looked at
# comes back by itself.
_MOST: Final = 12
# With those that are ending.
_AT_ALL: Final = 48
# Hints that wait for one who does not read; they look at everything once they do.
_WAITING: Final = 64
# A client that lost the stream comes back after so many milliseconds.
_AGAIN: Final = 3000


class Streams:
    """The streams of this process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open: set[asyncio.Queue[Hint | None]] = set()
        self._of_person: defaultdict[int, list[asyncio.Queue[Hint | None]]] = defaultdict(list)
        self._held: Counter[int] = Counter()

    async def end(self, app: web.Application) -> None:
        """End them all: the process stops, and every page comes back to another one by itself (rule Q7)."""
        del app
        for hints in self._open:
            hints.put_nowait(None)

    async def serve(
        self, request: web.Request, who: Who, talk_id: int | None, draw: Draw, *, pause: float
    ) -> web.StreamResponse:
        """Watch a conversation, or all of them, until either side has gone. Between two parts are `pause` seconds at least,
        so that many hints cost one look. Of None nothing is heard: whatever it is, it is looked at every `pause` seconds."""
        person = who.viewer.user_id
        if self._held[person] >= _AT_ALL:
            raise web.HTTPTooManyRequests
        while len(self._of_person[person]) >= _MOST:
            self._of_person[person].pop(0).put_nowait(None)
        hints: asyncio.Queue[Hint | None] = asyncio.Queue()
        watching = asyncio.create_task(_ticks(hints, pause) if talk_id is None else self._watch(talk_id, hints))
        self._open.add(hints)
        self._of_person[person].append(hints)
        self._held[person] += 1
        try:
            return await self._pour(request, who, hints, draw, pause)
        finally:
            self._held[person] -= 1
            if hints in self._of_person[person]:
                self._of_person[person].remove(hints)
            self._open.discard(hints)
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self, talk_id: int, hints: asyncio.Queue[Hint | None]) -> None:
        async with aclosing(cast(Any, self._site.talks.watch(talk_id))) as watched:
            async for hint in watched:
                if hints.qsize() < _WAITING:
                    hints.put_nowait(hint)

    async def _pour(
        self, request: web.Request, who: Who, hints: asyncio.Queue[Hint | None], draw: Draw, pause: float
    ) -> web.StreamResponse:
        headers = {
            **security_headers(self._site.base_url),
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            # A proxy must not keep what should be seen at once.
            "X-Accel-Buffering": "no",
        }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        with suppress(ConnectionError):
            await response.write(f"retry: {_AGAIN}\n\n".encode())
            while (fresh := await _next(hints)) is not None:
                now = await self._still(request, who)
                parts = await draw(now, fresh) if now is not None else None
                if parts is None:
                    await response.write(_event("gone", {}))
                    break
                await response.write(b"".join(_event(name, data) for name, data in parts) or b":\n\n")
                await asyncio.sleep(pause)
        return response

    async def _still(self, request: web.Request, who: Who) -> Who | None:
        """Who is behind the stream by now. A page that is merely open is no use of the session: it ends as it would."""
        now = self._site.clock()
        async with self._site.store.read() as tx:
            session = await users.session_of(tx, self._site.session_cookie.read(request), now=now)
        if session is None or session.user.id != who.viewer.user_id:
            return None
        found = self._site.who(session, who.language, now, {})
        return found if found.may("reads") else None


async def _ticks(hints: asyncio.Queue[Hint | None], seconds: float) -> None:
    while True:
        if hints.empty():
            hints.put_nowait(Hint(ALL))
        await asyncio.sleep(seconds)


async def _next(hints: asyncio.Queue[Hint | None]) -> list[Hint] | None:
    """What has come; nothing after a while without anything; None at the end."""
    found: list[Hint] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(BEAT_SECONDS):
            first = await hints.get()
            if first is None:
                return None
            found.append(first)
    while not hints.empty():
        more = hints.get_nowait()
        if more is None:
            return None
        if more not in found:
            found.append(more)
    return found


def _event(name: str, data: Any) -> bytes:
    """One event (HTML standard, 9.2): JSON has no line breaks of its own."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode("utf-8", "replace")
