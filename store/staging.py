"""Files that were chosen on an early page of the form and are not sent yet: one file each, behind a random token, for a day.

Only the token's hash is in the name, so that the folder alone opens nothing. They are no part of the register: what is
never sent is forgotten (its name a day later than its content), and what is sent is kept with its message like any other file.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

LIFE: Final = timedelta(hours=24)
# For another day its name is known: who still waits to send it is told which file has to be chosen again.
NAMED: Final = 2 * LIFE
_LONGEST_HEAD: Final = 4096


@dataclass(frozen=True, slots=True)
class Staged:
    """A waiting file; `content` is empty where only its head was read."""

    token: str
    name: str
    declared_type: str
    size: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Staging:
    """The folder of waiting files. Its methods wait for the disk: call them in a thread.

    What is kept for an `owner` (a conversation) is found with that owner only, whoever else may have learnt its token.
    """

    folder: Path

    def keep(self, name: str, declared_type: str, content: bytes, *, owner: str = "") -> Staged:
        """Keep a file and return it with its token. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged = Staged(secrets.token_urlsafe(16), name, declared_type, len(content))
        head = json.dumps([name, declared_type, len(content)], ensure_ascii=True).encode()
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines((head, b"\n", content))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path(staged.token, owner))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return staged

    def read(self, tokens: Sequence[str], *, now: datetime, whole: bool = False, owner: str = "") -> list[Staged]:
        """Those of these files that are there and not too old, in order; `whole`: with their content."""
        found = (self._read(token, owner, now, whole) for token in tokens)
        return [one for one in found if one is not None]

    def _read(self, token: str, owner: str, now: datetime, whole: bool) -> Staged | None:
        path = self._path(token, owner)
        try:
            with path.open("rb") as file:
                if _age(os.fstat(file.fileno()).st_mtime, now) > LIFE:
                    return None
                name, declared_type, size = json.loads(file.readline(_LONGEST_HEAD))
                content = file.read() if whole else b""
        except (OSError, ValueError):
            return None
        if whole and len(content) != size:
            return None
        return Staged(token, name, declared_type, size, content)

    def late(self, tokens: Sequence[str], *, now: datetime, owner: str = "") -> list[str]:
        """The names of those of these files that waited for too long, in order, as long as they are known."""
        found = (self._named(token, owner, now) for token in tokens)
        return [name for name in found if name]

    def _named(self, token: str, owner: str, now: datetime) -> str:
        try:
            with self._path(token, owner).open("rb") as file:
                if _age(os.fstat(file.fileno()).st_mtime, now) <= LIFE:
                    return ""
                name, _, _ = json.loads(file.readline(_LONGEST_HEAD))
        except (OSError, ValueError):
            return ""
        return str(name)

    def forget(self, tokens: Iterable[str], *, owner: str = "") -> None:
        """Remove files; one that is not there is gone already."""
        for token in tokens:
            with suppress(OSError):
                self._path(token, owner).unlink()

    def forget_old(self, *, now: datetime) -> int:
        """Remove what waited for a day, half-written files included, and a day later its name. Returns how many contents."""
        gone = 0
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            with suppress(OSError):
                age = _age(path.stat().st_mtime, now)
                if age > NAMED or (age > LIFE and path.name.startswith(".")):
                    path.unlink()
                    gone += path.name.startswith(".")
                elif age > LIFE:
                    gone += _only_the_head(path)
        return gone

    def _path(self, token: str, owner: str) -> Path:
        whole = f"{owner}\0{token}" if owner else token
        return self.folder / hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()


def _only_the_head(path: Path) -> bool:
    """Cut a file's content off; True where there was any. It keeps its age, which says how long its name stays."""
    with path.open("r+b") as file:
        head = len(file.readline(_LONGEST_HEAD))
        known = os.fstat(file.fileno())
        if known.st_size <= head:
            return False
        file.truncate(head)
        os.utime(path, (known.st_atime, known.st_mtime))
    return True


def _age(modified: float, now: datetime) -> timedelta:
    return timedelta(seconds=now.timestamp() - modified)
