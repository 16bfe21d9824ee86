"""The file `audit-heads` in the data folder: where the chain of the audit ended, day by day. It lies outside of the database, so
that an end that was cut off there, or a chain that was written anew, shows here.

A line is `day position digest`, and the word `restored` where the register was put back to an earlier state by its operators.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from store.audit_chain import End

NAME: Final = "audit-heads"
_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d) (0|[1-9]\d{0,18}) ([0-9a-f]{64})( restored)?")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain on a day."""

    day: date
    end: End
    restored: bool = False

    def __str__(self) -> str:
        mark = " restored" if self.restored else ""
        return f"{self.day} {self.end.position} {self.end.digest.hex()}{mark}"


@dataclass(frozen=True, slots=True)
class Heads:
    """What the file says. `unreadable`: the numbers of lines that are none."""

    heads: Sequence[Head]
    unreadable: Sequence[int] = ()


def _parsed(content: str) -> Heads:
    heads, unreadable = [], []
    for number, line in enumerate(content.splitlines(), 1):
        head = _head(line)
        if head is None:
            unreadable.append(number)
        else:
            heads.append(head)
    return Heads(heads, unreadable)


def _head(line: str) -> Head | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return None
    return Head(day, End(int(found[2]), bytes.fromhex(found[3])), restored=bool(found[4]))


def read(folder: Path) -> Heads | None:
    """The heads of a data folder; None when it has no such file."""
    try:
        content = (folder / NAME).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None
    return _parsed(content)


def keep(folder: Path, head: Head, *, once_a_day: bool = False) -> bool:
    """Add a head, synced to the disk, unless it stands there; with `once_a_day` unless one of its day or a later one does.

    Whether it was added. Several processes may do this at once. Raises OSError.
    """
    is_new = not (folder / NAME).exists()
    handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b") as file:
        # Given back when the file is closed.
        fcntl.flock(file, fcntl.LOCK_EX)
        content = file.read().decode("ascii", "replace")
        if not _is_news(_parsed(content).heads, head, once_a_day=once_a_day):
            return False
        # A line that a crash cut short must not swallow this one.
        start = "" if not content or content.endswith("\n") else "\n"
        file.write(f"{start}{head}\n".encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        _sync(folder)
    return True


def _is_news(heads: Sequence[Head], head: Head, *, once_a_day: bool) -> bool:
    if not heads or head.restored:
        return True
    last = heads[-1]
    if once_a_day:
        return last.day < head.day
    return (last.day, last.end) != (head.day, head.end)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
