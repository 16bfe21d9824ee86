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
from typing import Final

_PIECE: Final = 1024 * 1024


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
        # A damaged file is written anew: just now we hold the bytes that it should have.
        if self.holds(name):
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
