"""What of a file can be looked at before it is saved: its pages as pictures, or its words (rules F5, F6).

No byte of the file itself reaches the browser of who looks. The work is done in a child process (channels.pictures.child).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from channels.pictures.child import Bounds, PictureError, made
from channels.pictures.header import MOST_PIXELS, kind_of, pixels

Shown = Literal["pages", "words"]
# What a person reads of a file before they save it.
LONGEST: Final = 20_000
MOST_PAGES: Final = 20

_PAGES: Final = frozenset((".pdf", ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif"))
_WORDS: Final = frozenset((".docx", ".odt", ".txt", ".csv"))
# Pages that stay at hand, each of a few hundred kilobytes.
_AT_HAND: Final = 40
_BOUNDS: Final = Bounds(copy=16 * 1024 * 1024)
_ANSWER: Final = re.compile(rb"(\d{1,6})\n(?=\xff\xd8\xff)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: a JPEG, and how many pages there are in all."""

    jpeg: bytes
    count: int


def promised(name: str) -> Shown | None:
    """How a file is probably shown, by its name alone: what a list of files offers before anybody has read them."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in _PAGES:
        return "pages"
    return "words" if ending in _WORDS else None


def shown_as(name: str, content: bytes) -> Shown | None:
    """How a file is shown, by what it holds; None for what is only saved. HTML and SVG are never shown."""
    if kind_of(content) is not None or content.startswith(b"%PDF-"):
        return "pages"
    return "words" if promised(name) == "words" else None


class Previews:
    """Pages as pictures; the last few stay at hand, for whoever opens the same file from the list, then on its page."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Page] = OrderedDict()

    async def page(self, key: str, content: bytes, number: int) -> Page:
        """Page `number`, from 1, of what is shown as pages; `key` is the same for the same bytes. Raises PictureError."""
        kept = self._kept.pop((key, number), None) or await _page(content, number)
        self._kept[key, number] = kept
        while len(self._kept) > _AT_HAND:
            self._kept.popitem(last=False)
        return kept


async def _page(content: bytes, number: int) -> Page:
    if (pixels(content) or 0) > MOST_PIXELS:
        raise PictureError("pixels")
    answer = await made("page", content, _BOUNDS, number=number)
    # A child that was taken over by its document may write whatever it likes.
    told = _ANSWER.match(answer)
    if told is None:
        raise PictureError("broken")
    return Page(answer[told.end() :], int(told.group(1)))


async def words(content: bytes) -> tuple[str, bool]:
    """The words of what is shown as words, LONGEST at most, and whether there are more. Raises PictureError."""
    found = (await made("words", content, _BOUNDS)).decode("utf-8", "replace")
    return found[:LONGEST], len(found) > LONGEST
