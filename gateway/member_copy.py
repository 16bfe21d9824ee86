"""A copy of a case for its member: the page that tells it, and every file that they sent or were sent, in one archive.

Files are given back as they came, byte for byte: they are the member's own. The archive lies beside the register, in a file
without a name: nobody else can open it, and nothing of it is left behind when this process dies.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, Final, cast

from channels.form.case_contract import Package, PackageUnavailableError
from gateway.house import House
from store.correspondence import MessageRow
from store.files import FileLostError, FileStore

_LONGEST_NAME: Final = 120
_MB: Final = 1024 * 1024


async def packed(house: House, reference: str, page: str, messages: Sequence[MessageRow]) -> Package:
    """The archive, on disk, one file in memory at a time. Raises PackageUnavailableError when there is no room for it."""
    try:
        return await asyncio.to_thread(_packed, house, reference, page, messages)
    except OSError as error:
        raise PackageUnavailableError(type(error).__name__) from error


def _packed(house: House, reference: str, page: str, messages: Sequence[MessageRow]) -> Package:
    folder = house.settings.data
    wanted = sum(file.size for message in messages for file in message.files) + len(page.encode())
    # What comes in goes before what goes out: a copy never takes the room that new messages need.
    if shutil.disk_usage(folder).free - wanted < house.settings.min_free_mb * _MB:
        raise PackageUnavailableError("no room")
    target = cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115  # Whoever sends it closes it.
    try:
        _write(target, house.store.files, reference, page, messages)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return Package(f"{reference}.zip", target)


def _write(target: BinaryIO, files: FileStore, reference: str, page: str, messages: Sequence[MessageRow]) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{reference}.html", page, zipfile.ZIP_DEFLATED)
        numbered = enumerate((file for message in messages for file in message.files), start=1)
        for number, file in numbered:
            # A lost file is missing on the page of the case too; the rest is still theirs.
            with suppress(FileLostError):
                # Photos and PDFs are compressed already; doing it again would only take time.
                archive.writestr(f"{number:02d}-{_harmless(file.name)}", files.read(file.hash), zipfile.ZIP_STORED)


def _harmless(name: str) -> str:
    """A file's name without what would make it a path, cut from the front: its end says what the file is."""
    kept = "".join(sign if sign.isprintable() and sign not in '/\\:*?"<>|' else "_" for sign in name).strip(". ")
    return kept[-_LONGEST_NAME:] or "file"
