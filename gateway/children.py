"""Child processes for work on the CPU: parsing within bounds, and classification with its own copy of the model.

A child does one job at a time and may be killed for taking too long; only the job in hand pays for that.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, TypeVar

import structlog

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
# A new child imports its libraries and may load a model; on a busy machine that takes a while, and no job is to blame.
_START_SECONDS: Final = 100.0


class ChildEndedError(Exception):
    """The child was killed or died while it worked on this job."""


class Child:
    """One child process, started when first needed and again after it ended.

    `prepare` runs once in a new child with `arguments`. A job that takes longer than its seconds ends the child.
    """

    def __init__(self, name: str, prepare: Callable[..., None], *arguments: Any) -> None:
        self.name = name
        self._prepare = prepare
        self._arguments = arguments
        self._pool: ProcessPoolExecutor | None = None
        self._busy = asyncio.Lock()
        self._retired = False

    async def call(self, job: Callable[..., Result], *arguments: Any, seconds: float) -> Result:
        """Run a job in the child. Raises ChildEndedError, or what the job raised."""
        async with self._busy:
            if self._retired:
                raise ChildEndedError(self.name)
            fresh = self._pool is None
            pool = self._started()
            try:
                if fresh:
                    await asyncio.wait_for(asyncio.wrap_future(pool.submit(os.getpid)), timeout=_START_SECONDS)
                return await asyncio.wait_for(asyncio.wrap_future(pool.submit(job, *arguments)), timeout=seconds)
            except (TimeoutError, BrokenProcessPool) as error:
                log.warning("a child ended over its job", child=self.name, reason=type(error).__name__)
                self._end()
                raise ChildEndedError(self.name) from None
            except asyncio.CancelledError:
                self._end()
                raise

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(os.getpid(), self._prepare, self._arguments),
            )
        return self._pool

    def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    def pids(self) -> list[int]:
        """The process ids of what runs now, for whoever measures."""
        return list(self._pool._processes or ()) if self._pool else []

    async def retire(self) -> None:
        """End the child once its job in hand is done; who still waits for it gets ChildEndedError."""
        self._retired = True
        try:
            async with self._busy:
                await self.close()
        except asyncio.CancelledError:
            self._end()
            raise

    async def close(self) -> None:
        """End the child."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


def _begin(parent: int, prepare: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    # The parent's id comes from the parent itself: it may be gone before this line.
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # The parent decides when a child ends: Ctrl-C in a terminal reaches the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is loaded now stays for good: there is no garbage to look for among it, now or later.
    gc.disable()
    prepare(*arguments)
    gc.freeze()
    gc.enable()


def _end_with(parent: int) -> None:
    """End when the parent is gone: after a SIGKILL nobody else would tell this child."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def limit_memory(megabytes: int) -> None:
    """Let this process use so much more address space than it has now; beyond, it gets a MemoryError."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (a kernel file, not a path of ours)
        now = int(file.read().split()[0]) * _PAGE
    most = now + megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
