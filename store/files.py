"""Files by content hash: attachments, and raw messages too large for a row.

A file is on disk before the row that names it: written under a temporary name, synced, renamed, and its folder synced. What is
read back is held against its name, so that a damaged file is never shown as what somebody sent.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

_PIECE: Final = 1024 * 1024
_ASIDE: Final = ".gone-"


class FileLostError(Exception):
    """A stored file is missing or no longer what its name says."""


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder with one file a content, named by its SHA-256 in two levels of folders."""

    folder: Path

    def write(self, content: bytes) -> str:
        """Store the content and return its hash; storing the same content again costs one look."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        # A damaged file is written anew: just now we hold the bytes that it should have. One that is whole is marked as wanted
        # now; where it has been set aside meanwhile, it is written anew too.
        if self.holds(name) and _touched(path):
            return name
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.folder)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return name

    def holds(self, name: str) -> bool:
        """Whether the content stored under a hash is there and whole."""
        try:
            with self._path(name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == name
        except (OSError, FileLostError):
            return False

    def read(self, name: str) -> bytes:
        """The content stored under a hash. Raises FileLostError."""
        try:
            content = self._path(name).read_bytes()
        except OSError:
            raise FileLostError(name) from None
        if hashlib.sha256(content).hexdigest() != name:
            raise FileLostError(name)
        return content

    def beginning(self, name: str, most: int) -> bytes:
        """The first `most` bytes stored under a hash, the rest looked at and never held. Raises FileLostError."""
        digest, kept = hashlib.sha256(), bytearray()
        try:
            with self._path(name).open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    kept += piece[: most - len(kept)]
        except OSError:
            raise FileLostError(name) from None
        if digest.hexdigest() != name:
            raise FileLostError(name)
        return bytes(kept)

    # Removing what no row names any more cannot take a file from a writer, who has it on disk before the row that names it:
    # `write` leaves every file with the time of now, also one that was there. Whoever removes first renames the file, and
    # looks at its time only then. A writer who came before the rename has made it young, and it is put back; one who comes
    # behind it finds nothing under the name, and writes the file anew. What is old has therefore had no writer for hours,
    # and every transaction ends within minutes: if no row names it now, none will.

    def old(self, *, before: datetime) -> list[str]:
        """The names of files that nobody has written since then. What a run that broke off had set aside is put back first."""
        for aside in self.folder.glob(f"??/{_ASIDE}*"):
            self.put_back(aside.name.removeprefix(_ASIDE))
        return [path.name for path in self.folder.glob("??/" + "?" * 64) if _is_older(path, before)]

    def set_aside(self, name: str, *, before: datetime) -> bool:
        """Take a file from its name, to be dropped or put back; False where somebody has written it since."""
        path, aside = self._path(name), self._aside(name)
        try:
            path.rename(aside)
        except FileNotFoundError:
            return False
        if _is_older(aside, before):
            return True
        self.put_back(name)
        return False

    def put_back(self, name: str) -> None:
        """Give a file that was set aside its name again; one that was written anew meanwhile is left as it is."""
        aside = self._aside(name)
        with suppress(FileExistsError, FileNotFoundError):
            self._path(name).hardlink_to(aside)
        aside.unlink(missing_ok=True)

    def drop(self, name: str) -> None:
        """Remove a file that was set aside."""
        self._aside(name).unlink(missing_ok=True)

    def _aside(self, name: str) -> Path:
        path = self._path(name)
        return path.with_name(f"{_ASIDE}{name}")

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise FileLostError(name)
        return self.folder / name[:2] / name


def _touched(path: Path) -> bool:
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _is_older(path: Path, before: datetime) -> bool:
    try:
        return path.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
