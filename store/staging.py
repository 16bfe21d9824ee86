"""Files that were chosen on an early page of the form and are not sent yet: one file each, behind a random token, for a day.

Only the token's hash is in the name, so that the folder alone opens nothing. They are no part of the register: what is
never sent is forgotten, and what is sent is kept with its message like any other file.
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

    def forget(self, tokens: Iterable[str], *, owner: str = "") -> None:
        """Remove files; one that is not there is gone already."""
        for token in tokens:
            with suppress(OSError):
                self._path(token, owner).unlink()

    def forget_old(self, *, now: datetime) -> int:
        """Remove what waited for a day, half-written files included. Returns how many."""
        gone = 0
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            with suppress(OSError):
                if _age(path.stat().st_mtime, now) > LIFE:
                    path.unlink()
                    gone += 1
        return gone

    def _path(self, token: str, owner: str) -> Path:
        whole = f"{owner}\0{token}" if owner else token
        return self.folder / hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()


def _age(modified: float, now: datetime) -> timedelta:
    return timedelta(seconds=now.timestamp() - modified)
