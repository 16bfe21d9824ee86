"""Finding, starting and ending the real servers of tests: loopback, free ports, throw-away folders, own pids."""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

READY_SECONDS = 30.0
# PostgreSQL refuses to run as root, and Dovecot wants to give its rights away; both run as this pair then.
UNPRIVILEGED_USER, UNPRIVILEGED_GROUP = "nobody", "nogroup"

_PORTS: Final = range(20_000, 32_000)
# Until this process ends.
_HELD: Final[list[socket.socket]] = []
atexit.register(lambda: [name.close() for name in _HELD])


def is_root() -> bool:
    """Whether the tests run as root, so that servers must be started as somebody else."""
    return os.geteuid() == 0


def find_binary(name: str, package: str, *folders: str) -> str:
    """The path of a server binary, newest folder first.

    Where servers are required (CI or GUICHET_REQUIRE_SERVERS set) a missing one fails its test. On the machine of somebody who
    may not install packages the rest runs all the same, and what is missing is named; that is the only skip there is.
    """
    for pattern in folders:
        for candidate in sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}"), reverse=True):
            return str(candidate)
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if path is not None:
        return path
    missing = f"{name} is not installed (Debian package {package})"
    if os.environ.get("CI") or os.environ.get("GUICHET_REQUIRE_SERVERS"):
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


def unprivileged(command: Sequence[str]) -> list[str]:
    """The command, prefixed so that it runs as nobody when the tests run as root."""
    if not is_root():
        return list(command)
    setpriv = find_binary("setpriv", "util-linux")
    return [setpriv, "--reuid", UNPRIVILEGED_USER, "--regid", UNPRIVILEGED_GROUP, "--clear-groups", *command]


def give_away(path: Path) -> None:
    """Make a file or a whole folder belong to the user that servers run as."""
    if not is_root():
        return
    for each in (path, *path.rglob("*")):
        shutil.chown(each, UNPRIVILEGED_USER, UNPRIVILEGED_GROUP)


def free_port() -> int:
    """A TCP port of loopback that nobody listened on a moment ago, and that no test is given again.

    It lies below the ports that the kernel hands to connections, so that none of these takes it before the server does; and a
    name is held for it, so that other tests which run at the same time are given others.
    """
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0guichet-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            name.close()
            continue
        _HELD.append(name)
        return port
    raise RuntimeError("no port is free")


@contextmanager
def short_folder(name: str) -> Iterator[Path]:
    """A throw-away folder with a short path: unix sockets allow some 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}.", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
    """Wait for a condition; fails the test with the words given when it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"{what}: not within {seconds:.0f} s", pytrace=False)
        time.sleep(0.02)


def answers(port: int, greeting: bytes = b"") -> bool:
    """Whether somebody on loopback takes a connection on this port, and greets so."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return not greeting or connection.recv(200).startswith(greeting)
    except OSError:
        return False


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, seconds: float = 15.0) -> None:
    """End a server and the children it has at this moment, by their own pids."""
    children = family(process)[1:]
    if process.poll() is None:
        process.send_signal(how)
        # A frozen process only sees a signal once it runs again.
        process.send_signal(signal.SIGCONT)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def is_alive(one: psutil.Process) -> bool:
    """Whether a process still does anything; a dead one that nobody has waited for does not."""
    try:
        return one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The server's process, then all its descendants."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
