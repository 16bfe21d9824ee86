"""The bytes of an LMTP conversation: command lines, the end of a message, and the grammar of MAIL and RCPT.

Only CRLF ends a line and only CRLF.CRLF ends a message (RFC 5321 2.3.8, 4.1.1.4); a bare CR or LF is data, which is
what keeps one mail from being read as two (SMTP smuggling, VU#302671).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

CHUNK = 64 * 1024
_END_OF_DATA = b"\r\n.\r\n"
# <path> with a quoted or plain local part, an optional source route (RFC 5321 4.1.2, to be ignored), then parameters.
_PATH = re.compile(
    r"(?P<word>FROM|TO):[ ]?<(?:@[^:<>\s]+:)?(?P<address>(?:\"(?:[^\"\\]|\\.)*\"|[^<>\s\"])*)>(?P<rest>(?:[ ]+\S+)*)[ ]*",
    re.IGNORECASE,
)


class LineTooLongError(Exception):
    """A command line without an end."""


@dataclass(frozen=True, slots=True)
class Path:
    """The argument of MAIL or RCPT: "FROM" or "TO", the address without angle brackets, the parameters in capitals."""

    word: str
    address: str
    parameters: dict[str, str]


def read_path(argument: str) -> Path | None:
    """Understand `FROM:<address> SIZE=1 ...`; None when the grammar is broken."""
    match = _PATH.fullmatch(argument)
    if match is None:
        return None
    pairs = (each.partition("=") for each in match["rest"].split())
    return Path(match["word"].upper(), match["address"], {name.upper(): value.upper() for name, _, value in pairs})


class Wire:
    """Reads one connection. What follows a command or a message in the same packet is kept for the next read."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._waiting = bytearray()

    async def line(self, limit: int, seconds: float) -> bytes | None:
        """The next command line without its CRLF; None when the other side has closed.

        Raises LineTooLongError beyond `limit` bytes and TimeoutError when nothing comes for `seconds`.
        """
        searched = 0
        while (end := self._waiting.find(b"\r\n", searched)) < 0:
            if len(self._waiting) > limit:
                raise LineTooLongError
            searched = max(0, len(self._waiting) - 1)
            if not await self._more(self._waiting, seconds):
                return None
        if end > limit:
            raise LineTooLongError
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 2]
        return line

    async def message(self, max_bytes: int, seconds: float, growing: Callable[[int], Awaitable[None]]) -> bytes | None:
        """The message up to its end, stuffed dots removed; None when it was larger than `max_bytes` and not kept.

        `growing` is awaited with what is held so far before more is read, so that the caller can hold the sender back.
        Raises EOFError when the connection ends in the middle and TimeoutError when nothing comes for `seconds`.
        """
        # The CRLF of the DATA command begins the first line: a dot right there is an empty message.
        message = _Message(max_bytes)
        window = bytearray(b"\r\n") + self._waiting
        self._waiting = bytearray()
        while (end := window.find(_END_OF_DATA)) < 0:
            cut = _safe_cut(window)
            message.add(window[:cut])
            del window[:cut]
            await growing(message.held)
            if not await self._more(window, seconds):
                raise EOFError
        # The message keeps the CRLF of its last line.
        message.add(window[: end + 2])
        self._waiting = window[end + len(_END_OF_DATA) :]
        return message.whole()

    async def _more(self, buffer: bytearray, seconds: float) -> bool:
        async with asyncio.timeout(seconds):
            chunk = await self._reader.read(CHUNK)
        buffer += chunk
        return bool(chunk)


class _Message:
    """A message as it comes: kept in pieces, so that no step takes long, and no more once it is too large."""

    def __init__(self, max_bytes: int) -> None:
        self.size = 0
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        # The CRLF put before the first line, to be left out again.
        self._to_skip = 2

    def add(self, raw: bytearray) -> None:
        """Take a piece as it was on the wire; it must not begin or end inside CRLF dot."""
        plain = bytes(raw.replace(b"\r\n.", b"\r\n"))
        skipped = min(self._to_skip, len(plain))
        self._to_skip -= skipped
        self.size += len(plain) - skipped
        if self.size > self._max_bytes:
            self._pieces.clear()
        else:
            self._pieces.append(plain[skipped:])

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return 0 if self.size > self._max_bytes else self.size

    def whole(self) -> bytes | None:
        """The message; None when it was too large."""
        return None if self.size > self._max_bytes else b"".join(self._pieces)


def _safe_cut(window: bytearray) -> int:
    """How much may be taken off the front: all that cannot be the beginning of the end, nor splits a CRLF dot."""
    cut = max(0, len(window) - len(_END_OF_DATA) + 1)
    for back in (1, 2):
        if cut >= back and window[cut - back : cut - back + 3] == b"\r\n.":
            return cut - back
    return cut
