"""A real Dovecot: IMAP on loopback, mail in maildirs, users made as tests need them."""

from __future__ import annotations

import getpass
import grp
import itertools
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil
import pytest

from tests.servers import process

_TEMPLATE = Path(__file__).with_name("dovecot.conf.tmpl")


@dataclass(frozen=True)
class ImapUser:
    """One mailbox of the server."""

    name: str
    password: str


class DovecotServer:
    """One Dovecot. Mail and users survive kill() and start().

    `freeze()` stops all its processes without closing a connection, as a hung machine does; `drop_connections()` kills
    the sessions only, as a restart of the service does. `extra` is more configuration, which wins over the template
    (@T@ stands for the folder), and `files` are put into the folder for it.
    """

    def __init__(self, folder: Path, extra: str = "", files: Mapping[str, bytes] = MappingProxyType({})) -> None:
        self._binary = process.find_binary("dovecot", "dovecot-imapd")
        self._folder = folder
        self._extra, self._files = extra, files
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        # All users are there from the start: Dovecot reads their file again only when the second of its change differs.
        self._users = [ImapUser(f"box{number}", secrets.token_hex(8)) for number in range(1000)]
        self._unused = iter(self._users)
        self.host = "127.0.0.1"
        self.port = process.free_port()

    def configure(self) -> None:
        """Write its configuration and folders."""
        for name in ("mail", "run", "state"):
            (self._folder / name).mkdir()
        user, group = process.UNPRIVILEGED_USER, process.UNPRIVILEGED_GROUP
        if not process.is_root():
            user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        for name, content in self._files.items():
            (self._folder / name).write_bytes(content)
        text = _TEMPLATE.read_text() + self._extra
        for mark, value in {"@T@": str(self._folder), "@U@": user, "@G@": group, "@PORT@": str(self.port)}.items():
            text = text.replace(mark, value)
        (self._folder / "dovecot.conf").write_text(text)
        lines = [f"{user.name}:{{PLAIN}}{user.password}\n" for user in self._users]
        (self._folder / "users").write_text("".join(lines))
        process.give_away(self._folder)

    def start(self) -> None:
        """Start it and wait for its greeting; does nothing when it runs."""
        if self._process is not None:
            return
        command = process.unprivileged([self._binary, "-F", "-c", str(self._folder / "dovecot.conf")])
        with (self._folder / "stdout.log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        process.wait_until(lambda: process.answers(self.port, b"* OK"), "dovecot greets")

    def kill(self) -> None:
        """End the server and every session at once; does nothing when it is stopped."""
        if self._process is None:
            return
        sessions = process.family(self._process)[1:]
        process.end(self._process, signal.SIGKILL)
        process.wait_until(lambda: not any(map(process.is_alive, sessions)), "dovecot's sessions end")
        self._process = None

    def restart(self) -> None:
        """kill() and start()."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Let every process of it stand still; connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def drop_connections(self) -> None:
        """Kill the sessions; new ones are taken."""
        assert self._process is not None
        sessions = []
        for each in process.family(self._process)[1:]:
            # One may end by itself while we look.
            with suppress(psutil.NoSuchProcess):
                if each.name() == "imap":
                    each.kill()
                    sessions.append(each)
        process.wait_until(lambda: not any(map(process.is_alive, sessions)), "dovecot's sessions end")

    def _signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        for each in process.family(self._process):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(which)

    def create_user(self) -> ImapUser:
        """A new mailbox with a password of its own."""
        return next(self._unused)

    def deliver(self, user: ImapUser | str, raw: bytes) -> None:
        """Put a mail into the user's inbox as a delivery agent does (maildir), whether the server runs or not."""
        name = user if isinstance(user, str) else user.name
        home = self._folder / "mail" / name
        if not home.exists():
            for folder in ("tmp", "new", "cur"):
                (home / folder).mkdir(parents=True)
            process.give_away(home)
        unique = f"{next(self._numbers)}.{secrets.token_hex(8)}.guichet"
        written = home / "tmp" / unique
        written.write_bytes(raw)
        process.give_away(written)
        written.rename(home / "new" / unique)


@contextmanager
def running_dovecot(extra: str = "", files: Mapping[str, bytes] = MappingProxyType({})) -> Iterator[DovecotServer]:
    """A Dovecot of one's own, configured otherwise than the run's common one."""
    with process.short_folder("dc") as folder:
        server = DovecotServer(folder, extra, files)
        server.configure()
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def _dovecot() -> Iterator[DovecotServer]:
    with running_dovecot() as server:
        yield server


@pytest.fixture
def dovecot_server(_dovecot: DovecotServer) -> DovecotServer:
    """The run's one Dovecot, awake and started whatever the last test did to it.

    `.host`, `.port`, `.create_user()`, `.deliver(user, raw)`, `.kill()`, `.start()`, `.restart()`, `.freeze()`,
    `.thaw()`, `.drop_connections()`.
    """
    _dovecot.start()
    _dovecot.thaw()
    return _dovecot


@pytest.fixture
def imap_user(dovecot_server: DovecotServer) -> ImapUser:
    """A mailbox for this test alone."""
    return dovecot_server.create_user()
