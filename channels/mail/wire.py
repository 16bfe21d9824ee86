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

        `growing` is awaited with the size so far before more is read, so that the caller can hold the sender back.
        Raises EOFError when the connection ends in the middle and TimeoutError when nothing comes for `seconds`.
        """
        # The CRLF of the DATA command begins the first line: a dot right there is an empty message.
        kept = bytearray(b"\r\n") + self._waiting
        self._waiting = bytearray()
        searched, too_large = 0, False
        while (end := kept.find(_END_OF_DATA, searched)) < 0:
            if len(kept) > max_bytes + len(_END_OF_DATA):
                too_large = True
            if too_large:
                del kept[: -len(_END_OF_DATA)]
            searched = max(0, len(kept) - len(_END_OF_DATA) + 1)
            await growing(len(kept))
            if not await self._more(kept, seconds):
                raise EOFError
        self._waiting = kept[end + len(_END_OF_DATA) :]
        # The message keeps the CRLF of its last line, and loses the one that was put before it.
        del kept[end + 2 :]
        if too_large or len(kept) - 2 > max_bytes:
            return None
        return bytes(kept.replace(b"\r\n.", b"\r\n")[2:])

    async def _more(self, buffer: bytearray, seconds: float) -> bool:
        async with asyncio.timeout(seconds):
            chunk = await self._reader.read(CHUNK)
        buffer += chunk
        return bool(chunk)
