"""A copy of a case for its member: the page that tells it, and every file that they sent or were sent, in one archive.

Files are given back as they came, byte for byte: they are the member's own.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from channels.form.case_contract import Package, PackageUnavailableError
from store.correspondence import MessageRow
from store.files import FileLostError, FileStore

_LONGEST_NAME = 120


async def packed(files: FileStore, reference: str, page: str, messages: Sequence[MessageRow]) -> Package:
    """The archive, on disk, one file in memory at a time. Raises PackageUnavailableError when there is no room for it."""
    try:
        return await asyncio.to_thread(_packed, files, reference, page, messages)
    except OSError as error:
        raise PackageUnavailableError(type(error).__name__) from error


def _packed(files: FileStore, reference: str, page: str, messages: Sequence[MessageRow]) -> Package:
    handle, path = tempfile.mkstemp(prefix="guichet-copy-", suffix=".zip")
    try:
        with os.fdopen(handle, "wb") as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{reference}.html", page)
            numbered = enumerate((file for message in messages for file in message.files), start=1)
            for number, file in numbered:
                # A lost file is missing on the page of the case too; the rest is still theirs.
                with suppress(FileLostError):
                    archive.writestr(f"{number:02d}-{_harmless(file.name)}", files.read(file.hash))
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
    return Package(f"{reference}.zip", Path(path))


def _harmless(name: str) -> str:
    """A file's name without what would make it a path, cut from the front: its end says what the file is."""
    kept = "".join(sign if sign.isprintable() and sign not in '/\\:*?"<>|' else "_" for sign in name).strip(". ")
    return kept[-_LONGEST_NAME:] or "file"
