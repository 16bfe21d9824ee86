"""A child process that makes something harmless of a stranger's file, with bounds on time, memory and what it may answer.

Decoders are large, and what they read is strangers': the child inherits no settings and no keys, and may be killed. A few run
at a time, the others wait their turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from typing import Final, Literal, cast
from weakref import WeakKeyDictionary

import structlog

_log = structlog.get_logger(__name__)

# How a child ends that made nothing.
PIXELS: Final = 3
MEMORY: Final = 4
BROKEN: Final = 5
# What a child needs to start; everything else of our environment stays here.
_INHERITED: Final = ("PATH", "PYTHONPATH", "LANG")
_AT_ONCE: Final = 2
_PIECE: Final = 1024 * 1024

Reason = Literal["pixels", "broken", "heavy", "busy"]
# What is made: a copy of a picture, a page of a document as a picture, or the words of a document.
Task = Literal["copy", "page", "words"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one file may cost: seconds in all, bytes of address space, bytes of the answer, seconds of waiting for a turn."""

    seconds: float = 10.0
    memory: int = 1024 * 1024 * 1024
    copy: int = 128 * 1024 * 1024
    waiting: float = 30.0


class PictureError(Exception):
    """Nothing safe can be made of this file. `reason`: more pixels than we open, broken, more time or memory than a file may
    take, or too many others at this moment."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def made(task: Task, content: bytes, bounds: Bounds | None = None, *, number: int = 1) -> bytes:
    """What a child makes of a file; `number` is the page that is wanted. Raises PictureError."""
    bounds = bounds or Bounds()
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    try:
        await asyncio.wait_for(turn.acquire(), bounds.waiting)
    except TimeoutError:
        raise PictureError("busy") from None
    try:
        return await _run(task, number, content, bounds)
    except PictureError as error:
        _log.warning("a file could not be prepared", task=task, reason=error.reason)
        raise
    finally:
        turn.release()


async def _run(task: Task, number: int, content: bytes, bounds: Bounds) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "channels.pictures.process",
        str(max(1, int(bounds.seconds))),
        str(bounds.memory),
        task,
        str(number),
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
    if ended == 0:
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
