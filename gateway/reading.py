"""The parser in a child within bounds: raw bytes in, messages out, in small batches."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from channels.contract import UnreadableError
from channels.message import InboundMessage, RawMessage
from gateway.children import Child, ChildEndedError, limit_memory
from store import troubles
from store.files import FileLostError, FileStore

if TYPE_CHECKING:
    pass

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ParserSettings:
    """What parsing depends on beside the bytes."""

    own_addresses: frozenset[str]
    authserv_id: str
    memory_mb: int
    cpu_seconds: float = 10


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an item could not be parsed, in words that hold nothing of it.

    `final`: the same bytes would fail in the same way, so that only a mended parser or a person helps. Otherwise the
    machine may have been short of something, and the item is tried again. `too_much`: it went beyond the bounds of the
    parser as a whole, so that its beginning may be readable all the same.
    """

    error: str
    final: bool = True
    too_much: bool = False


_LOST = Failed(troubles.LOST)
# What is read of a mail that is beyond the bounds as a whole: its headers, and so much of what follows.
_BEGINNING_HEADERS = 256 * 1024
_BEGINNING_BODY = 64 * 1024
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class InFile:
    """A raw message whose body lies in a file. Only the child reads it, so that the parent never holds a large one."""

    raw: RawMessage
    files: FileStore
    name: str

    def whole(self) -> RawMessage:
        """The message with its body. Raises FileLostError."""
        return replace(self.raw, body=self.files.read(self.name))

    def beginning(self, most: int) -> RawMessage:
        """The message with the first `most` bytes of its body. Raises FileLostError."""
        return replace(self.raw, body=self.files.beginning(self.name, most))


Unread = RawMessage | InFile


class Parsing:
    """Raw messages in, messages or failures out, in the same order."""

    def __init__(self, settings: ParserSettings, *, seconds: float) -> None:
        self.child = Child("parse", _prepare_parsing, settings)
        self._seconds = seconds

    async def parse(self, raws: Sequence[Unread]) -> list[InboundMessage | Failed]:
        """Parse a batch; when it ends its child, each alone, so that only the guilty one fails."""
        try:
            # Not the time of each for all: one that hangs would keep its neighbours waiting longer than the watchdog does.
            return await self.child.call(parse_all, raws, seconds=self._seconds + len(raws))
        except ChildEndedError:
            if len(raws) == 1:
                return [Failed(troubles.PARSER_ENDED, final=False, too_much=True)]
        return [result for raw in raws for result in await self.parse([raw])]

    async def parse_beginning(self, unread: Unread) -> InboundMessage | Failed:
        """Read only the beginning of a mail that is too much as a whole: whoever wrote it gets a case all the same."""
        try:
            return await self.child.call(_parse_beginning, unread, seconds=self._seconds + 1)
        except ChildEndedError:
            return Failed(troubles.BEGINNING_ENDED, final=False)

    async def warm(self) -> None:
        """Start the child before it is needed."""
        await self.child.call(parse_all, [], seconds=60)

    async def close(self) -> None:
        """End the child."""
        await self.child.close()


_parser: ParserSettings | None = None


def _prepare_parsing(settings: ParserSettings) -> None:
    global _parser  # noqa: PLW0603 (the child's own state, set once before its first job)
    _parser = settings

    signal.signal(signal.SIGVTALRM, _out_of_time)
    limit_memory(settings.memory_mb)


class _TooLongError(Exception):
    """The parser used up its processor time over one item."""


def _out_of_time(_number: int, _frame: object) -> None:
    raise _TooLongError


def parse_all(raws: Sequence[Unread]) -> list[InboundMessage | Failed]:
    """Parse each raw message by its channel (the child's job)."""
    return [_parse_one(raw) for raw in raws]


def _parse_beginning(unread: Unread) -> InboundMessage | Failed:
    """Parse the first part of a mail (the child's job); "text_cut" among the defects says so."""
    try:
        most = _BEGINNING_HEADERS + _BEGINNING_BODY
        raw = unread.beginning(most) if isinstance(unread, InFile) else unread
    except FileLostError:
        return _LOST
    if raw.channel != "email":
        return Failed(troubles.ONLY_MAIL)
    blank = _BLANK_LINE.search(raw.body, 0, _BEGINNING_HEADERS)
    end = (blank.end() if blank else 0) + _BEGINNING_BODY
    found = _parse_one(replace(raw, body=raw.body[:end]))
    return found if isinstance(found, Failed) else replace(found, defects=tuple(sorted({*found.defects, "text_cut"})))


def _parse_one(unread: Unread) -> InboundMessage | Failed:  # noqa: PLR0911 (one return a way to fail)
    from channels.registry import parser_of  # noqa: PLC0415 (in the child only)

    if _parser is None:
        return Failed(troubles.NOT_SET_UP, final=False)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, _parser.cpu_seconds)
        try:
            raw = unread.whole() if isinstance(unread, InFile) else unread
            return parser_of(raw.channel)(raw, _parser.own_addresses, _parser.authserv_id)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _TooLongError:
        return Failed(troubles.TIME, final=False, too_much=True)
    except FileLostError:
        return _LOST
    except UnreadableError as error:
        return Failed(f"{troubles.UNREADABLE}{error}")
    except MemoryError:
        return Failed(troubles.MEMORY, final=False, too_much=True)
    except RecursionError:
        return Failed(troubles.DEEP, too_much=True)
    except Exception as error:  # noqa: BLE001 (a parser bug: quarantined with its class and place, and replayed once mended)
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        return Failed(f"{type(error).__name__} at {place}")
