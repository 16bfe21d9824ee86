"""Files by content hash: attachments, and raw messages too large for a row.

A file is on disk before the row that names it: written under a temporary name, synced, renamed, and its folder synced. What is
read back is held against its name, so that a damaged file is never shown as what somebody sent.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


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
        if self._holds(path, name):
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

    def _holds(self, path: Path, name: str) -> bool:
        # A damaged file is written anew: just now we hold the bytes that it should have.
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == name

    def read(self, name: str) -> bytes:
        """The content stored under a hash. Raises FileLostError."""
        try:
            content = self._path(name).read_bytes()
        except OSError:
            raise FileLostError(name) from None
        if hashlib.sha256(content).hexdigest() != name:
            raise FileLostError(name)
        return content

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise FileLostError(name)
        return self.folder / name[:2] / name


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
