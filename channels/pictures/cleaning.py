"""A copy of a picture that can be handed on: upright, and without its place, its date and its camera (rule F5).

For whoever hands out files: colleagues in the console, members who ask for what they sent. What is stored is never
changed. The work is done in a child process (channels.pictures.child).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from channels.pictures.child import Bounds, PictureError, made
from channels.pictures.header import MOST_PIXELS, kind_of, pixels

_JPEG_ENDINGS: Final = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
_HEIF_ENDING: Final = re.compile(r"\.(?:hei[cf]s?|hif|avifs?)$", re.IGNORECASE)


async def cleaned(name: str, content: bytes, bounds: Bounds | None = None) -> tuple[str, bytes]:
    """Name and bytes to hand out instead of a file. Raises PictureError; then the file itself is not for handing out.

    A JPEG, PNG, WebP or HEIC is made anew from its pixels, HEIC as a JPEG whose name ends so. What is no such picture by its
    content, whatever its name says, comes back as it was.
    """
    if kind_of(content) is None:
        return name, content
    if (pixels(content) or 0) > MOST_PIXELS:
        raise PictureError("pixels")
    copy = await made("copy", content, bounds)
    # A child that was taken over by its picture may write whatever it likes.
    if kind_of(copy) is None:
        raise PictureError("broken")
    return name_of_copy(name, content), copy


def name_of_copy(name: str, content: bytes) -> str:
    """What the copy of a picture is called: a HEIC becomes a JPEG, and its name ends so; every other name stays."""
    if kind_of(content) != "heif" or PurePosixPath(name).suffix.lower() in _JPEG_ENDINGS:
        return name
    return _HEIF_ENDING.sub("", name) + ".jpg"
