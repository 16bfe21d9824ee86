"""What a picture is and how many pixels it has, read from its header; not one pixel is ever decoded (rule F5).

A few bytes say it, and they may say anything: each reader here looks at a bounded number of places, believes no length
beyond the end, and says None where the header says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

Kind = Literal["jpeg", "png", "webp", "heif"]

# Fifty megapixels (rule F5). Cameras sold with fifty have up to 8192 × 6144, which is 50 times 1024 × 1024 at most.
MOST_PIXELS: Final = 50 * 1024 * 1024
# More segments or boxes than this stand in no header of a camera or an editor.
_PLACES: Final = 4096
_PNG: Final = b"\x89PNG\r\n\x1a\n"
# Still pictures and sequences of the HEIF family (ISO/IEC 23008-12), and its sibling with AV1 inside.
_BRANDS: Final = frozenset(
    (
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"hevx",
        b"hevm",
        b"hevs",
        b"mif1",
        b"mif2",
        b"msf1",
        b"avif",
        b"avis",
    )
)
# The markers that begin a JPEG frame (ITU T.81, table B.1) without those for tables, and those that have no length.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset((0x01, *range(0xD0, 0xD9)))
_SCAN, _END, _FILL = 0xDA, 0xD9, 0xFF


def kind_of(content: bytes) -> Kind | None:
    """The kind of picture that a program would take these bytes for by how they begin; None for anything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(_PNG):
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "heif" if content[4:8] == b"ftyp" and content[8:12] in _BRANDS else None


def pixels(content: bytes) -> int | None:
    """Width times height as the header has them; None for no picture, or a header that does not say."""
    kind = kind_of(content)
    if kind == "jpeg":
        sizes = list(_jpeg(content))
    elif kind == "png":
        sizes = list(_png(content))
    elif kind == "webp":
        sizes = list(_webp(content))
    else:
        sizes = list(_heif(content)) if kind else []
    # Several sizes are those of tiles and side pictures; the picture itself is none of the small ones.
    return max((width * height for width, height in sizes), default=0) or None


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "big")


def _jpeg(content: bytes) -> Iterator[tuple[int, int]]:
    """Sizes of the frames before the first scan. A small picture inside a segment is stepped over with it."""
    at = 2
    for _ in range(_PLACES):
        if at + 4 > len(content) or content[at] != _FILL:
            return
        marker = content[at + 1]
        if marker == _FILL or marker in _BARE:
            at += 1 if marker == _FILL else 2
            continue
        if marker in (_SCAN, _END):
            return
        if marker in _FRAMES and at + 9 <= len(content):
            yield _number(content, at + 7, 2), _number(content, at + 5, 2)
        at += 2 + max(2, _number(content, at + 2, 2))


def _png(content: bytes) -> Iterator[tuple[int, int]]:
    """The first chunk is the header (PNG, third edition, 5.6)."""
    if content[12:16] == b"IHDR" and len(content) >= 24:
        yield _number(content, 16, 4), _number(content, 20, 4)


def _webp(content: bytes) -> Iterator[tuple[int, int]]:
    """The canvas of an extended file, or the frame of a simple one, lossy or lossless (RFC 9649, 2.5 to 2.7)."""
    if len(content) < 30:
        return
    kind = content[12:16]
    if kind == b"VP8X":
        yield (
            int.from_bytes(content[24:27], "little") + 1,
            int.from_bytes(content[27:30], "little") + 1,
        )
    elif kind == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        yield (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        yield int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF


# The way to the properties of pictures, with how many bytes stand before the boxes in each (ISO/IEC 14496-12, 23008-12).
_INNER: Final = {b"meta": 4, b"iprp": 0, b"ipco": 0}


def _heif(content: bytes) -> Iterator[tuple[int, int]]:
    """Sizes in the ispe boxes. What stands inside a box on the way there is read as if it stood beside it."""
    at = 0
    for _ in range(_PLACES):
        if at + 8 > len(content):
            return
        size, kind, begins = _number(content, at, 4), content[at + 4 : at + 8], at + 8
        if size == 1:
            size, begins = _number(content, at + 8, 8), at + 16
        if kind in _INNER:
            at = begins + _INNER[kind]
            continue
        if kind == b"ispe" and begins + 12 <= len(content):
            yield _number(content, begins + 4, 4), _number(content, begins + 8, 4)
        # A box that goes on to the end has the size 0, and nothing after it.
        if size < begins - at:
            return
        at += size
