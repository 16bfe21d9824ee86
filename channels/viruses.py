"""Whether a file holds a virus, asked of a clamd on this machine before anybody opens the file (rule F7).

Nothing waits for the answer but the one who wants the file: what comes in is kept whether the scanner runs or not.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Final, Literal, Protocol

# "unknown": the scanner cannot be asked now, or could not look at this. "unasked": there is none.
Verdict = Literal["clean", "infected", "unknown", "unasked"]

_CHUNK: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4096
SECONDS: Final = 20.0


class Scanner(Protocol):
    """Somebody who looks into files."""

    async def scan(self, content: bytes) -> Verdict:
        """Look at one file. Raises nothing but CancelledError."""
        ...


class NoScanner:
    """A house without one: files are given as they came."""

    async def scan(self, content: bytes) -> Verdict:
        """Nobody was asked."""
        del content
        return "unasked"


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd at a unix socket ("/run/clamav/clamd.ctl") or a port of loopback ("127.0.0.1:3310"). Files travel in plain
    text, so no other machine is asked."""

    address: str
    seconds: float = SECONDS

    async def scan(self, content: bytes) -> Verdict:
        """Send the file by INSTREAM (clamd(8)) and read the verdict."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._asked(content)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return "unknown"
        if answer.endswith(b" OK"):
            return "clean"
        return "infected" if answer.endswith(b" FOUND") else "unknown"

    async def _asked(self, content: bytes) -> bytes:
        if self.address.startswith("/"):
            reader, writer = await asyncio.open_unix_connection(self.address, limit=_LONGEST_ANSWER)
        else:
            host, _, port = self.address.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port), limit=_LONGEST_ANSWER)
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                chunk = content[start : start + _CHUNK]
                writer.write(struct.pack("!L", len(chunk)))
                writer.write(chunk)
                await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
            return (await reader.readuntil(b"\0")).rstrip(b"\0")
        finally:
            # Nothing more is to be said, and one that does not read must not be waited for.
            writer.transport.abort()


def scanner_at(address: str) -> Scanner:
    """The scanner at an address of the settings; none for ""."""
    return Clamd(address) if address else NoScanner()
