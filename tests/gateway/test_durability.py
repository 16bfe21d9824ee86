"""What was said yes to is on the disk: the order of syncs and answers, seen from outside the process (rules D1, D3, M1)."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from store.database import Store, UnsafeDatabaseError
from store.files import FileStore
from tests.gateway.embedded import OMBUDSMAN, clean_environment
from tests.servers.process import end, find_binary, free_port

ROOT = Path(__file__).resolve().parents[2]
HEADERS = b"From: Ada <ada@mail.example>\r\nTo: ombudsman@partenamut.example\r\nMessage-ID: <%d@mail.example>\r\n\r\n"
CALLS = "trace=fsync,fdatasync,pwrite64,write,sendto,rename,renameat,renameat2"


def _watched(tmp_path: Path, mails: Sequence[bytes]) -> list[str]:
    """The system calls of a mail door that takes these mails, in the order in which they ended."""
    strace = find_binary("strace", "strace")
    port, trace = free_port(), tmp_path / "trace"
    program = [sys.executable, "-m", "tests.gateway.durable_door", str(tmp_path / "data"), str(port)]
    watched = subprocess.Popen(
        [strace, "-f", "-y", "-s", "64", "-e", CALLS, "-o", str(trace), *program],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
    )
    try:
        assert watched.stdout is not None
        assert watched.stdout.readline() == b"ready\n"
        with smtplib.LMTP("127.0.0.1", port, timeout=60) as door:
            for raw in mails:
                door.sendmail("ada@mail.example", [OMBUDSMAN], raw)
    finally:
        # strace lets its program go on when it is told to end itself; the program is its one child.
        for child in Path(f"/proc/{watched.pid}/task/{watched.pid}/children").read_text(encoding="ascii").split():
            os.kill(int(child), signal.SIGTERM)
        end(watched, signal.SIGCONT)
        watched.stdout.close()
    return _ended(trace.read_text(encoding="utf-8", errors="replace").splitlines())


def _ended(lines: Sequence[str]) -> list[str]:
    """Calls that another thread interrupted in the record are put together where they ended; failed ones are left out."""
    begun: dict[str, str] = {}
    calls = []
    for line in lines:
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            call = begun.pop(thread, "") + resumed[1]
        if re.search(r"= \d+(<|$)|= \d+$", call):
            calls.append(call)
    return calls


def _between(calls: Sequence[str], answer: int) -> list[str]:
    """What happened between the 354 and the 250 of one mail."""
    starts = [number for number, call in enumerate(calls) if '"354 ' in call]
    ends = [number for number, call in enumerate(calls) if '"250 2.0.0 Kept' in call]
    return list(calls[starts[answer] : ends[answer]])


def _last(calls: Sequence[str], pattern: str) -> int:
    return max((number for number, call in enumerate(calls) if re.search(pattern, call)), default=-1)


def test_a_commit_is_synced_before_250(tmp_path: Path) -> None:
    small = HEADERS % 1 + b"Bonjour, mon remboursement.\r\n"
    large = HEADERS % 2 + b"Bonjour, mon remboursement.\r\n" * 40_000
    calls = _watched(tmp_path, [small, large])
    for number in range(2):
        steps = _between(calls, number)
        written = _last(steps, r"^(pwrite64|write)\(\d+<[^>]*guichet\.db-wal>")
        synced = _last(steps, r"^f(data)?sync\(\d+<[^>]*guichet\.db-wal>")
        assert written >= 0, steps
        assert synced > written, steps
    # The large mail is a file: synced under its temporary name, renamed, its folder synced, and only then the row.
    steps = _between(calls, 1)
    file = _last(steps, r"^fsync\(\d+<[^>]*/files/[0-9a-f]{2}/\.new-[^>]*>")
    renamed = _last(steps, r"^rename\w*\(.*/files/[0-9a-f]{2}/")
    folder = _last(steps, r"^fsync\(\d+<[^>]*/files/[0-9a-f]{2}>")
    row = _last(steps, r"^(pwrite64|write)\(\d+<[^>]*guichet\.db-wal>")
    assert 0 <= file < renamed < folder < row, steps


async def test_the_settings_of_sqlite_are_read_back_on_every_connection(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'guichet.db'}", FileStore(tmp_path / "files"))
    await store.open()
    wanted = {
        "journal_mode": "wal",
        "synchronous": "2",
        "foreign_keys": "1",
        "secure_delete": "1",
        "busy_timeout": "10000",
    }
    async with store.write() as writing, store.read() as first, store.read() as second:
        for tx in (writing, first, second):
            found = {name: str((await tx.conn.execute(text(f"PRAGMA {name}"))).scalar()) for name in wanted}
            assert found == wanted
    await store.close()


async def test_a_sqlite_that_does_not_sync_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'guichet.db'}", FileStore(tmp_path / "files"), unsafe_ok=True)
    await store.open()
    async with store.write() as tx:
        await tx.conn.exec_driver_sql("COMMIT")
        await tx.conn.exec_driver_sql("PRAGMA synchronous=NORMAL")
        await tx.conn.exec_driver_sql("BEGIN IMMEDIATE")
    with pytest.raises(UnsafeDatabaseError, match="synchronous is 1; it must be 2"):
        await store.open()
    await store.close()


def test_a_file_is_synced_and_then_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def count(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", count)
    name = FileStore(tmp_path).write(b"a letter")
    # The folder above, since the folder of the file is new in it; then the file; then the folder that names it.
    above, file, folder = synced
    assert above == tmp_path.name
    assert file.startswith(".new-")
    assert folder == name[:2]
    assert FileStore(tmp_path).read(name) == b"a letter"
