"""What the handlers of the chat share: the house behind, who may embed us, and who may do how much."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from channels.viruses import NoScanner, Scanner
from channels.web.address import Networks, client_address, limit_key
from channels.web.body import BodyLimits, Uploads
from channels.web.limits import Limiter
from channels.web.pages import Pages
from channels.widget.contract import ChatDoor, Conversation
from channels.widget.frames import Hello
from channels.widget.places import Places


@dataclass(frozen=True, slots=True)
class WidgetLimits:
    """Rule W4. Sizes in bytes, times in seconds.

    `frames_a_minute` counts everything that a socket sends, `messages_a_minute` only what is kept. `stall` is how long a
    socket may say nothing before its first frame, `beat` how often it is asked whether it lives, `poll` how long a request
    waits for news.
    """

    frame: int = 8 * 1024
    frames_a_minute: int = 240
    messages_a_minute: int = 20
    sockets_a_session: int = 5
    sockets_an_address: int = 50
    waiting: int = 64
    stall: float = 10.0
    beat: float = 40.0
    poll: float = 25.0


# So many conversations may begin from one address in a minute, at once, and in a day. A school or an office is one address.
_BEGINS: Final = (20.0, 30, 500)
# Rule C5, for keys: 30 that open nothing in ten minutes.
_BAD_KEYS: Final = (3.0, 30, 0)
# Requests of those whom no socket reaches.
_POLLS: Final = (240.0, 240, 0)
_FILES: Final = (40.0, 60, 400)
_TYPING: Final = (30.0, 30, 0)


class BarredError(Exception):
    """Too much of it. `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


class StrangerError(Exception):
    """This key opens nothing on this page: unknown, ended, or of a conversation that was begun on another page (W2, W3)."""


class ForeignError(Exception):
    """This page may not embed the chat."""


@dataclass(frozen=True, slots=True)
class Site:
    """The parts that a handler needs. `hosts` are the origins that may embed us, our own among them."""

    door: ChatDoor
    limiter: Limiter
    hosts: tuple[str, ...]
    trusted: Networks
    pages: Pages
    scanner: Scanner = field(default_factory=NoScanner)
    limits: WidgetLimits = field(default_factory=WidgetLimits)
    bodies: BodyLimits = field(default_factory=BodyLimits)
    uploads: Uploads = field(default_factory=Uploads)
    places: Places = field(default_factory=Places)

    @property
    def own_origin(self) -> str:
        """Ours, as browsers write it."""
        return origin_of(self.pages.base_url)

    def is_ours(self, request: web.BaseRequest) -> bool:
        """Whether a page of ours sent this (rule W2): browsers always say so here, and `null` or nothing is no page of ours."""
        return request.headers.get("Origin") == self.own_origin

    def sender(self, request: web.BaseRequest) -> str:
        """What the sender is counted under."""
        return limit_key(client_address(request, self.trusted))

    async def resume(self, who: Hello, sender: str) -> Conversation | None:
        """What the key opens on this page; None when there is no key yet.

        Raises ForeignError, StrangerError, and BarredError for who tries many keys.
        """
        if who.origin not in self.hosts:
            raise ForeignError
        if not who.key:
            return None
        conversation = await self.door.resume(who.key)
        if conversation is not None and conversation.origin == who.origin:
            return conversation
        await self.count("chat-key", sender, _BAD_KEYS)
        raise StrangerError

    async def begin_allowed(self, sender: str) -> None:
        """Count a conversation that begins. Raises BarredError."""
        await self.count("chat-begin", sender, _BEGINS)

    async def say_allowed(self, conversation: Conversation) -> None:
        """Count a message. Raises BarredError."""
        most = self.limits.messages_a_minute
        await self.count("chat-say", conversation.id, (float(most), most, 0))

    async def poll_allowed(self, sender: str) -> None:
        """Count a plain request. Raises BarredError."""
        await self.count("chat-poll", sender, _POLLS)

    async def file_allowed(self, sender: str) -> None:
        """Count a file. Raises BarredError."""
        await self.count("chat-file", sender, _FILES)

    async def typing_wanted(self, conversation: Conversation) -> bool:
        """Whether it is worth telling again that the member is writing."""
        rate, burst, _ = _TYPING
        return not await self.limiter.take("chat-typing", conversation.id, rate=rate, burst=burst, per_day=0)

    async def count(self, scope: str, key: str, allowed: tuple[float, int, int]) -> None:
        """Count one act. Raises BarredError."""
        rate, burst, per_day = allowed
        wait = await self.limiter.take(scope, key, rate=rate, burst=burst, per_day=per_day)
        if wait:
            raise BarredError(wait)


def session_name(conversation: Conversation) -> str:
    """A short name for a conversation among places, telling nothing."""
    return hashlib.sha256(conversation.id.encode()).hexdigest()[:16]


def origin_of(url: str) -> str:
    """The origin of an address, as browsers write it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
