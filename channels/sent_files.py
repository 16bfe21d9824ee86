"""What would have been sent, kept as files: for a house that has nobody to hand a message to."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class SentFiles:
    """A folder with a file for each message, named by its key; the same key writes the same file again."""

    folder: Path
    ending: str

    def path(self, key: str) -> Path:
        """The file of a key: its own name where that is a plain one, a hash of it otherwise."""
        safe = key if _SAFE_NAME.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()
        return self.folder / f"{safe}.{self.ending}"

    def write(self, key: str, data: bytes) -> None:
        """Write a file whole or not at all. Raises OSError."""
        path = self.path(key)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Dotted, so that whoever looks for the ending never sees half a message.
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
