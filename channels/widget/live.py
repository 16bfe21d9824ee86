"""The chat over a WebSocket: one reader, one watcher while there is a conversation, and a bounded row of what goes out.

The key comes in the first frame, never in an address (rule W3), and every message is looked up under it again. A socket
that holds no conversation costs one task and no row.
"""

from __future__ import annotations

import asyncio
import json
import weakref
from collections import deque
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from channels.web.limits import MemoryLimiter
from channels.widget import frames, talking
from channels.widget.contract import Conversation
from channels.widget.frames import FrameError, Hello
from channels.widget.site import BarredError, ForeignError, Site, StrangerError, session_name

_log = structlog.get_logger(__name__)

# So long, in seconds, is waited for the other side to take its leave. aiohttp itself waits for ever on who does not read.
_POLITE: Final = 2.0
# Codes of our own, above 4000 (RFC 6455, 7.4.2). The client forgets its key after STRANGER, and after ELSEWHERE waits until
# somebody looks at the page again.
STRANGER: Final = 4401
FOREIGN: Final = 4403
ELSEWHERE: Final = 4409
BARRED: Final = 4429


@dataclass
class Live:
    """Handler of `/widget/socket`."""

    site: Site
    _open: weakref.WeakSet[_Line] = field(default_factory=weakref.WeakSet)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Answer the handshake. Another origin than ours is refused (rule W2), and so is an address with too many sockets."""
        site = self.site
        if not site.is_ours(request):
            raise web.HTTPForbidden
        sender = site.sender(request)
        with site.places.of_sender(sender, site.limits.sockets_an_address) as place:
            if not place:
                raise web.HTTPTooManyRequests
            socket = web.WebSocketResponse(
                heartbeat=site.limits.beat, compress=False, max_msg_size=site.limits.frame, timeout=_POLITE
            )
            await socket.prepare(request)
            line = _Line(site, socket, sender, request.transport)
            self._open.add(line)
            try:
                await line.run()
            finally:
                self._open.discard(line)
        return socket

    async def end(self, app: web.Application) -> None:
        """Tell every client that we start again (rule Q7); it comes back by itself and asks for what it missed."""
        del app
        await asyncio.gather(*(line.close(WSCloseCode.SERVICE_RESTART) for line in list(self._open)))


class _Line:
    """One socket."""

    def __init__(
        self, site: Site, socket: web.WebSocketResponse, sender: str, transport: asyncio.Transport | None
    ) -> None:
        self._site = site
        self._socket = socket
        self._sender = sender
        self._transport = transport
        self._who = Hello("", "", 0)
        self._conversation: Conversation | None = None
        self._row: deque[str] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._place = ExitStack()
        self._frames = MemoryLimiter(capacity=1)
        # The last line that this socket was given. One look at a time, so that no line goes out twice.
        self._seen = 0
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Serve until either side closes."""
        try:
            await self._serve()
        except FrameError:
            await self.close(WSCloseCode.POLICY_VIOLATION)
        except StrangerError:
            await self.close(STRANGER)
        except ForeignError:
            await self.close(FOREIGN)
        except BarredError:
            await self.close(BARRED)
        except Exception as error:  # noqa: BLE001  # The headers are gone: no error page can be sent any more.
            _log.warning("chat_failed", error=type(error).__name__)
            await self.close(WSCloseCode.TRY_AGAIN_LATER)
        finally:
            self._place.close()
            tasks = [task for task in (self._watcher, self._writer) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self) -> None:
        try:
            async with asyncio.timeout(self._site.limits.stall):
                content = await self._next()
        except TimeoutError:
            await self.close(WSCloseCode.POLICY_VIOLATION)
            return
        if content is None:
            return
        if content.get("t") != "hello":
            raise FrameError
        self._who = frames.hello(content)
        self._seen = self._who.last
        conversation = await self._site.resume(self._who, self._sender)
        self._send({"t": "ready"})
        if conversation is not None:
            self._enter(conversation)
        while (content := await self._next()) is not None:
            await self._take(content)

    async def _next(self) -> dict[str, Any] | None:
        """The next frame; None when the other side has closed."""
        message = await self._socket.receive()
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            return None
        most = self._site.limits.frames_a_minute
        if await self._frames.take("", "", rate=most, burst=most, per_day=0):
            raise BarredError(60)
        if message.type is not WSMsgType.TEXT:
            raise FrameError
        return frames.parsed(cast(str, message.data))

    async def _take(self, content: dict[str, Any]) -> None:
        match content.get("t"):
            case "say":
                await self._say(frames.say(content))
            case "begin":
                await self._begin(content)
            case "typing":
                await self._typing()
            case "ping":
                await self._look()
                self._send({"t": "pong"})
            case _:
                raise FrameError

    async def _begin(self, content: dict[str, Any]) -> None:
        if self._conversation is not None:
            raise FrameError
        answer, conversation = await talking.begin(self._site, frames.language(content), self._who.origin, self._sender)
        self._send(answer)
        if conversation is not None:
            self._who = Hello(answer["key"], self._who.origin, 0)
            self._enter(conversation)

    async def _say(self, said: frames.Say) -> None:
        conversation = await self._site.resume(self._who, self._sender)
        if conversation is None:
            raise FrameError
        self._send(await talking.say(self._site, conversation, said))

    async def _typing(self) -> None:
        conversation = self._conversation
        if conversation is not None and await self._site.typing_wanted(conversation):
            await self._site.door.typing(conversation)

    def _enter(self, conversation: Conversation) -> None:
        """Hold a place in the conversation, and watch it from now on."""
        self._conversation = conversation
        leave = partial(self._end, ELSEWHERE)
        most = self._site.limits.sockets_a_session
        self._place.enter_context(self._site.places.of_session(session_name(conversation), most, leave))
        self._watcher = asyncio.create_task(self._watch(conversation))

    async def _watch(self, conversation: Conversation) -> None:
        try:
            async with aclosing(cast(Any, self._site.door.watch(conversation))) as hints:
                async for hint in hints:
                    match hint.what:
                        case "new":
                            await self._look()
                        case "typing":
                            self._send({"t": "typing", "name": hint.name})
                        case "read":
                            self._send({"t": "read", "last": hint.last})
        except Exception as error:  # noqa: BLE001  # Whatever the house failed at, the client comes back and asks again.
            _log.warning("chat_watch_failed", error=type(error).__name__)
        self._end(WSCloseCode.TRY_AGAIN_LATER)

    async def _look(self) -> None:
        """Send what the client does not have yet, from the store (rule W5)."""
        if self._conversation is None:
            return
        async with self._looking:
            lines = await self._site.door.since(self._conversation, self._seen)
            if lines:
                self._seen = lines[-1].id
                self._send(frames.shown(lines))

    def _send(self, content: dict[str, Any]) -> None:
        """Put a frame into the row. Who does not read 64 of them is gone, or wants our memory (rule W4)."""
        if self._closer is not None:
            return
        if len(self._row) >= self._site.limits.waiting:
            self._row.clear()
            self._end(WSCloseCode.TRY_AGAIN_LATER)
            return
        self._row.append(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Send the row until it is empty. It ends then: an idle socket holds no task for writing."""
        with suppress(ConnectionError):
            while self._row:
                await self._socket.send_str(self._row.popleft())

    def _end(self, code: int) -> None:
        """Close from outside of the reader, which then finds the socket closed."""
        if self._closer is None:
            self._closer = asyncio.create_task(self.close(code))

    async def close(self, code: int) -> None:
        """Close, politely for two seconds: who does not read cannot be told."""
        try:
            # Who is gone already needs no farewell.
            async with asyncio.timeout(_POLITE):
                with suppress(ConnectionError):
                    if self._writer is not None and not self._writer.done():
                        await asyncio.shield(self._writer)
                    await self._socket.close(code=code)
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()
