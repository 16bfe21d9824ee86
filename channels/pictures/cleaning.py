"""A copy of a picture that can be handed on: upright, and without its place, its date and its camera (rule F5).

For whoever hands out files: colleagues in the console, members who ask for what they sent. What is stored is never
changed. The work is done in a child process with bounds on time, memory and what it may answer, which inherits no
settings and no keys; a few at a time, the others wait their turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, cast
from weakref import WeakKeyDictionary

import structlog

from channels.pictures.header import MOST_PIXELS, kind_of, pixels

_log = structlog.get_logger(__name__)

# How a child ends that made no copy.
PIXELS: Final = 3
MEMORY: Final = 4
BROKEN: Final = 5
# What a child needs to start; everything else of our environment stays here.
_INHERITED: Final = ("PATH", "PYTHONPATH", "LANG")
_AT_ONCE: Final = 2
_PIECE: Final = 1024 * 1024
_JPEG_ENDINGS: Final = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
_HEIF_ENDING: Final = re.compile(r"\.(?:hei[cf]s?|hif|avifs?)$", re.IGNORECASE)

Reason = Literal["pixels", "broken", "heavy", "busy"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one picture may cost: seconds in all, bytes of address space, bytes of the copy, seconds of waiting for a turn."""

    seconds: float = 10.0
    memory: int = 1024 * 1024 * 1024
    copy: int = 128 * 1024 * 1024
    waiting: float = 30.0


class PictureError(Exception):
    """There is no safe copy of this picture. `reason`: more pixels than we open, broken, more time or memory than a picture
    may take, or too many others at this moment."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def cleaned(name: str, content: bytes, bounds: Bounds | None = None) -> tuple[str, bytes]:
    """Name and bytes to hand out instead of a file. Raises PictureError; then the file itself is not for handing out.

    A JPEG, PNG, WebP or HEIC is made anew from its pixels, HEIC as a JPEG whose name ends so. What is no such picture by its
    content, whatever its name says, comes back as it was.
    """
    if kind_of(content) is None:
        return name, content
    if (pixels(content) or 0) > MOST_PIXELS:
        raise PictureError("pixels")
    bounds = bounds or Bounds()
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    try:
        await asyncio.wait_for(turn.acquire(), bounds.waiting)
    except TimeoutError:
        raise PictureError("busy") from None
    try:
        return name_of_copy(name, content), await _remade(content, bounds)
    except PictureError as error:
        _log.warning("a picture could not be prepared", reason=error.reason)
        raise
    finally:
        turn.release()


def name_of_copy(name: str, content: bytes) -> str:
    """What the copy of a picture is called: a HEIC becomes a JPEG, and its name ends so; every other name stays."""
    if kind_of(content) != "heif" or PurePosixPath(name).suffix.lower() in _JPEG_ENDINGS:
        return name
    return _HEIF_ENDING.sub("", name) + ".jpg"


async def _remade(content: bytes, bounds: Bounds) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "channels.pictures.process",
        str(max(1, int(bounds.seconds))),
        str(bounds.memory),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    stdin, stdout = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
    try:
        async with asyncio.timeout(bounds.seconds):
            _, copy = await asyncio.gather(_give(stdin, content), _take(stdout, bounds.copy))
            ended = await process.wait()
    except TimeoutError:
        raise PictureError("heavy") from None
    finally:
        if process.returncode is None:
            process.kill()
            # It counts as ended once its pipe is empty, and what it still held there goes nowhere.
            while await stdout.read(_PIECE):
                pass
            await process.wait()
    if ended == 0 and kind_of(copy) is not None:
        return copy
    raise PictureError(_reason(ended))


def _reason(ended: int) -> Reason:
    if ended == PIXELS:
        return "pixels"
    return "heavy" if ended in (MEMORY, -signal.SIGKILL, -signal.SIGXCPU) else "broken"


async def _give(stdin: asyncio.StreamWriter, content: bytes) -> None:
    # A child that ended early reads no more; how it ended says why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(content)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()


async def _take(stdout: asyncio.StreamReader, most: int) -> bytes:
    """What the child writes, up to `most` bytes: one that was taken over by its picture must not fill our memory."""
    copy = bytearray()
    while piece := await stdout.read(_PIECE):
        copy += piece
        if len(copy) > most:
            raise PictureError("heavy")
    return bytes(copy)
