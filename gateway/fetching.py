"""Files that a message only points at, fetched by the worker between reading and recording, and never by a web process (H4).

A file that does not come keeps nobody waiting: its message is set back a few times within minutes, during which later turns
of the conversation go on, and is then recorded without it, with a defect that the case shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from channels.media import fetch
from channels.message import Attachment, InboundMessage, MediaLink
from channels.telegram_bot.bot import access_of
from channels.telegram_bot.files import FileUnavailableError, TelegramFiles
from channels.telegram_bot.media import Media
from channels.telegram_bot.update import read_update
from channels.twilio_sms.files import sources_of
from config.settings import Settings
from store.files import FileStore
from store.inbox import Item, thread_of, with_body

log = structlog.get_logger(__name__)

# The defect that a case shows; also the parser's word for files that were announced and not named.
MISSING: Final = "media_missing"
# Waits before the second and the third try; that one is the last.
AGAIN: Final = (timedelta(seconds=10), timedelta(seconds=60))
AT_ONCE: Final = 8
# For all files of a batch together, in seconds: what is not there then is tried again. At most half of the watchdog's time.
_SECONDS: Final = 45.0

Read = tuple[Item, InboundMessage]


@dataclass(frozen=True, slots=True)
class NotThereYet:
    """A message some of whose files may come at a later try, after `wait`."""

    wait: timedelta


@dataclass(frozen=True, slots=True)
class _Lost:
    """A file that did not come. `again`: another try may bring it."""

    again: bool


Job = Callable[[], Awaitable[Attachment | _Lost]]


class Fetching:
    """Fetches the files of messages, of every provider that keeps some for us."""

    def __init__(self, settings: Settings, files: FileStore) -> None:
        self._sources = sources_of(settings)
        access = access_of(settings)
        self._telegram = TelegramFiles(access) if access else None
        self._files = files
        self._seconds = min(_SECONDS, settings.item_seconds / 2)
        self._places = asyncio.Semaphore(AT_ONCE)

    def divided(self, read: Sequence[Read]) -> tuple[list[Read], list[Read]]:
        """(what can go on at once, what has to wait for files): with these, the later turns of the same conversations."""
        at_once, waiting = [], []
        held_up: set[str] = set()
        for item, message in read:
            thread = thread_of(item.raw)
            if _has_files(item, message) or thread in held_up:
                waiting.append((item, message))
                held_up |= {thread} if thread else set()
            else:
                at_once.append((item, message))
        return at_once, waiting

    async def complete(self, read: Sequence[Read]) -> list[tuple[Item, InboundMessage | NotThereYet]]:
        """Messages with their files, in the same order, within a bound of time for all of them."""
        until = asyncio.get_running_loop().time() + self._seconds
        found = await asyncio.gather(*(self._with_files(item, message, until) for item, message in read))
        return [(item, outcome) for (item, _), outcome in zip(read, found, strict=True)]

    async def _with_files(self, item: Item, message: InboundMessage, until: float) -> InboundMessage | NotThereYet:
        if not _has_files(item, message):
            return message
        jobs: list[Job] = [partial(self._of_a_link, link) for link in message.media]
        jobs += [partial(self._of_telegram, each) for each in await self._of_an_update(item)]
        found = await asyncio.gather(*(self._in_time(job, until) for job in jobs))
        if any(isinstance(one, _Lost) and one.again for one in found) and item.attempt <= len(AGAIN):
            return NotThereYet(AGAIN[item.attempt - 1])
        files = tuple(one for one in found if isinstance(one, Attachment))
        if len(files) == len(found):
            return replace(message, attachments=(*message.attachments, *files))
        log.warning("a message is recorded without all of its files", item=item.id, missing=len(found) - len(files))
        defects = tuple(sorted({*message.defects, MISSING}))
        return replace(message, attachments=(*message.attachments, *files), defects=defects)

    async def _in_time(self, job: Job, until: float) -> Attachment | _Lost:
        try:
            async with asyncio.timeout_at(until), self._places:
                return await job()
        except TimeoutError:
            return _Lost(again=True)

    async def _of_a_link(self, link: MediaLink) -> Attachment | _Lost:
        found = await fetch(link, self._sources)
        return found if isinstance(found, Attachment) else _Lost(found.later)

    async def _of_an_update(self, item: Item) -> tuple[Media, ...]:
        if item.raw.channel != "telegram":
            return ()
        update = read_update((await with_body(self._files, item)).raw.body)
        return update.media if update else ()

    async def _of_telegram(self, wanted: Media) -> Attachment | _Lost:
        if self._telegram is None:
            return _Lost(again=False)
        try:
            return await self._telegram.fetch(wanted)
        except FileUnavailableError as error:
            return _Lost(error.again)


def _has_files(item: Item, message: InboundMessage) -> bool:
    """Of people's messages only: what a group or a machine sent beside its words is nothing of ours."""
    if message.robot is not None:
        return False
    if item.raw.channel != "telegram":
        return bool(message.media)
    update = read_update(item.raw.body)
    return item.raw_file is not None or bool(update and update.media)
