"""A real clamd, with one signature of our own: that of the harmless test file that every scanner knows (EICAR)."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import process

# In two parts, so that no scanner takes this file for one. See eicar.org.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ClamdServer:
    """One clamd on a port of loopback. `address` stays the same over stop() and start()."""

    def __init__(self, folder: Path) -> None:
        self._binary = process.find_binary("clamd", "clamav-daemon", "/usr/sbin")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = process.free_port()
        self.address = f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        signatures = self._folder / "signatures"
        signatures.mkdir(exist_ok=True)
        line = f"{hashlib.md5(EICAR, usedforsecurity=False).hexdigest()}:{len(EICAR)}:Test.File\n"
        (signatures / "test.hdb").write_text(line)
        settings = self._folder / "clamd.conf"
        settings.write_text(
            f"DatabaseDirectory {signatures}\nTCPSocket {self.port}\nTCPAddr 127.0.0.1\nForeground yes\n"
            f"TemporaryDirectory {self._folder}\nPidFile {self._folder}/pid\nStreamMaxLength 30M\n"
        )
        process.give_away(self._folder)
        self._process = subprocess.Popen(
            process.unprivileged([self._binary, "--config-file", str(settings)]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.wait_until(lambda: process.answers(self.port), "clamd answers")

    def stop(self) -> None:
        """Stop it; does nothing when it is stopped."""
        if self._process is not None:
            process.end(self._process, signal.SIGTERM)
            self._process = None


@pytest.fixture(scope="session")
def clamd_server() -> Iterator[ClamdServer]:
    """One clamd for the whole run: `.address`, `.stop()`, `.start()`. A test that stops it starts it again."""
    with process.short_folder("clamd") as folder:
        server = ClamdServer(folder)
        server.start()
        yield server
        server.stop()
