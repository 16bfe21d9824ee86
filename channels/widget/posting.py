"""The same chat by plain requests, for networks that let no socket through, and for texts longer than a frame.

Everything travels in bodies: the key stands in no address (rule W3). Only our own pages may call (rule W2).
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

from aiohttp import web

from channels.web.body import BodyError, read_json
from channels.widget import frames, talking
from channels.widget.contract import Conversation, Shown
from channels.widget.frames import FrameError, Hello
from channels.widget.site import BarredError, ForeignError, Site, StrangerError, session_name

# What a refusal is as a status; the client does the same by either.
_STATUS: Final = {"busy": 429, "store": 503, "empty": 422, "long": 413}


@dataclass(frozen=True, slots=True)
class Posting:
    """Handlers of `/widget/begin`, `/widget/say` and `/widget/poll`."""

    site: Site

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Open a conversation: `{origin, lang}` gives `{t: began, key}`."""
        content, who, sender = await self._read(request)
        await self._resume(Hello("", who.origin, 0), sender)
        answer, _ = await talking.begin(self.site, _or_400(frames.language, content), who.origin, sender)
        return _answer(answer)

    async def say(self, request: web.Request) -> web.StreamResponse:
        """Keep a message: `{key, origin, id, text, choice, files}` gives `{t: kept, client, id}`."""
        content, who, sender = await self._read(request)
        conversation = await self._resume(who, sender)
        if conversation is None:
            raise web.HTTPForbidden
        return _answer(await talking.say(self.site, conversation, _or_400(frames.say, content)))

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """Wait for news: `{key, origin, last}` gives `{t: shown, lines}`, empty after some 25 seconds without any.

        `wait: false` answers at once. Somebody who begins to write, and what they read, is told at once too.
        """
        content, who, sender = await self._read(request)
        conversation = await self._resume(who, sender)
        if conversation is None:
            raise web.HTTPForbidden
        limits, gone = self.site.limits, asyncio.Event()
        with (
            self.site.places.of_sender(sender, limits.sockets_an_address) as place,
            self.site.places.of_session(session_name(conversation), limits.sockets_a_session, gone.set),
        ):
            if not place:
                raise web.HTTPTooManyRequests
            seconds = 0.0 if content.get("wait") is False else limits.poll
            return _answer(await self._news(conversation, who.last, seconds, gone))

    async def _news(self, conversation: Conversation, last: int, seconds: float, gone: asyncio.Event) -> dict[str, Any]:
        lines = await self.site.door.since(conversation, last)
        if lines or not seconds:
            return frames.shown(lines)
        waiting = asyncio.create_task(self._wait(conversation, last))
        leaving = asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({waiting, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else frames.shown([])
        finally:
            waiting.cancel()
            leaving.cancel()
            await asyncio.gather(waiting, leaving, return_exceptions=True)

    async def _wait(self, conversation: Conversation, last: int) -> dict[str, Any]:
        lines: list[Shown] = []
        async with aclosing(cast(Any, self.site.door.watch(conversation))) as hints:
            async for hint in hints:
                if hint.what == "typing":
                    return {"t": "typing", "name": hint.name}
                if hint.what == "read":
                    return {"t": "read", "last": hint.last}
                lines = await self.site.door.since(conversation, last)
                if lines:
                    break
        return frames.shown(lines)

    async def _read(self, request: web.Request) -> tuple[dict[str, Any], Hello, str]:
        """The body of a request of our own page, who sends it, and what they are counted under."""
        if not self.site.is_ours(request) or request.content_type != "application/json":
            raise web.HTTPForbidden
        sender = self.site.sender(request)
        try:
            await self.site.poll_allowed(sender)
            content = frames.checked(await read_json(request, self.site.bodies))
            return content, frames.hello(content), sender
        except BarredError as error:
            raise _too_many(error) from None
        except BodyError as error:
            raise _of_status(error.status) from None
        except FrameError:
            raise web.HTTPBadRequest from None

    async def _resume(self, who: Hello, sender: str) -> Conversation | None:
        try:
            return await self.site.resume(who, sender)
        except (StrangerError, ForeignError):
            # One answer for every key that opens nothing here.
            raise web.HTTPForbidden from None
        except BarredError as error:
            raise _too_many(error) from None


def _or_400(read: Any, content: dict[str, Any]) -> Any:
    try:
        return read(content)
    except FrameError:
        raise web.HTTPBadRequest from None


def _too_many(error: BarredError) -> web.HTTPException:
    return web.HTTPTooManyRequests(headers={"Retry-After": str(error.wait)})


def _of_status(status: int) -> web.HTTPException:
    known: dict[int, type[web.HTTPException]] = {408: web.HTTPRequestTimeout, 415: web.HTTPUnsupportedMediaType}
    if status == 413:
        return web.HTTPRequestEntityTooLarge(max_size=0, actual_size=0)
    return known.get(status, web.HTTPBadRequest)()


def _answer(content: dict[str, Any]) -> web.Response:
    status = _STATUS.get(content.get("why", ""), 200)
    answer = web.json_response(content, status=status, headers={"Cache-Control": "no-store"})
    if content.get("wait"):
        answer.headers["Retry-After"] = str(content["wait"])
    return answer
