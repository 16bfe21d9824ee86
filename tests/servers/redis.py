"""A real Redis, without persistence."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import process


class RedisServer:
    """One redis-server on a free port. `url` stays the same over stop() and start(); its data does not survive."""

    def __init__(self, folder: Path) -> None:
        self._binary = process.find_binary("redis-server", "redis-server")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = process.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "save": "", "appendonly": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen([self._binary, *words, "--logfile", str(self._folder / "redis.log")])
        process.wait_until(lambda: process.answers(self.port), "redis-server answers")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it; does nothing when it is stopped."""
        if self._process is not None:
            process.end(self._process, how)
            self._process = None


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for the whole run: `.url`, `.stop()`, `.start()`. A test that stops it starts it again."""
    with process.short_folder("redis") as folder:
        server = RedisServer(folder)
        server.start()
        yield server
        server.stop()
