"""A real PostgreSQL, with fsync off: nothing in it is worth a disk's time."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.servers import process

# Settings(allow_unsafe_database=True) lets the house start on a server like this.
_UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresServer:
    """One PostgreSQL cluster on a free port, user "app", no password. Data and port survive stop() and start()."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self.port = process.free_port()
        self._running = False

    def initialise(self) -> None:
        """Make the cluster; takes about a second."""
        process.give_away(self._folder)
        options = ("--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self._run("initdb", "-D", str(self._data), "-U", "app", *options)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://app@127.0.0.1:{self.port}/{database}"

    def create_database(self, *, like: str = "") -> str:
        """Make a database of its own name and return its address, postgresql://app@127.0.0.1:PORT/name.

        It is empty, or a copy of the one with the address `like`, which nobody may be using.
        """
        name = f"test_{next(self._numbers)}"
        template = ("-T", like.rpartition("/")[2]) if like else ()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "app", *template, name)
        return self.url(name)

    def start(self) -> None:
        """Start it and wait until it takes connections; does nothing when it runs."""
        if self._running:
            return
        settings = [f"-c {each}" for each in ("listen_addresses=127.0.0.1", "max_connections=200", *_UNSAFE)]
        options = " ".join([f"-p {self.port}", f"-k {self._folder}", *settings])
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "30", "-l", log, "-o", options, "start")
        self._running = True

    def stop(self, mode: Literal["fast", "immediate"] = "immediate") -> None:
        """Stop it: "immediate" is a crash, "fast" a clean end. Does nothing when it is stopped."""
        if self._running:
            self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")
            self._running = False

    def _run(self, name: str, *words: str) -> None:
        binary = process.find_binary(name, "postgresql", "/usr/lib/postgresql/*/bin")
        # Output goes to a file: the server inherits it from pg_ctl, and a pipe would never end.
        with (self._folder / "commands.log").open("ab") as out:
            subprocess.run(process.unprivileged([binary, *words]), check=True, stdout=out, stderr=out, cwd=self._folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run: `.create_database()`, `.stop()`, `.start()`.

    A test that stops it starts it again.
    """
    with process.short_folder("pg") as folder:
        server = PostgresServer(folder)
        server.initialise()
        server.start()
        yield server
        server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of an empty database made for this test alone."""
    postgres_server.start()
    return postgres_server.create_database()
