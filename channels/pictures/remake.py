"""Making a picture anew from nothing but its pixels: upright, in sRGB, without a word about who, where and with what.

Run in a child process only (channels.pictures.process): decoders of pictures are large, and their input is strangers'.
What is kept is what is seen. A file that is two things at once loses its other half, since no byte of it is copied.
"""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from collections.abc import Iterator
from typing import Final

import pillow_heif
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from channels.pictures.header import MOST_PIXELS, Kind, kind_of, pixels

# What each kind may be opened as, and nothing else: Pillow knows dozens of formats, and would try them all.
_OPENED: Final[dict[Kind, tuple[str, ...]]] = {
    "jpeg": ("JPEG",),
    "png": ("PNG",),
    "webp": ("WEBP",),
    "heif": ("HEIF", "AVIF"),
}
# Few programs at a desk open HEIC. At these qualities small writing on a photographed paper stays as legible as it was.
_SAVED: Final[dict[Kind, tuple[str, dict[str, object]]]] = {
    "jpeg": ("JPEG", {"quality": 92, "subsampling": 0}),
    "png": ("PNG", {"compress_level": 1}),
    "webp": ("WEBP", {"quality": 92, "method": 1}),
    "heif": ("JPEG", {"quality": 92, "subsampling": 0}),
}
_MOVING: Final = frozenset(("png", "webp"))
# What reading EXIF and XMP raises over bytes that are neither. Running out of memory is none of it.
_BROKEN_NOTE: Final = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError),
    struct.error,
)
# Editors put long texts into a PNG. They are read over within the child's memory, and left out.
_LONGEST_TEXT: Final = 16 * 1024 * 1024


class TooManyPixelsError(Exception):
    """The picture, or all the pictures of a moving one together, have more pixels than we open."""


def remade(content: bytes) -> bytes:
    """The same picture made anew. Raises TooManyPixelsError, MemoryError, or what a decoder raises over a broken one.

    A moving PNG or WebP keeps its frames. Of a HEIC or JPEG that holds several pictures, the main one is taken.
    """
    with _opened(content) as (picture, kind):
        count = getattr(picture, "n_frames", 1) if kind in _MOVING else 1
        if picture.width * picture.height * count > MOST_PIXELS:
            raise TooManyPixelsError
        return _still(picture, kind) if count == 1 else _moving(picture, kind, count)


def small(content: bytes, most: tuple[int, int]) -> bytes:
    """A picture, of a moving one the first, as a JPEG no larger than `most`. Raises as `remade`."""
    with _opened(content) as (picture, _):
        if picture.width * picture.height > MOST_PIXELS:
            raise TooManyPixelsError
        # A decoder of JPEG leaves out what would be made smaller anyhow.
        picture.draft(None, most)
        plain = _plain(picture, "heif")
    plain.thumbnail(most)
    return as_jpeg(plain)


def as_jpeg(picture: Image.Image) -> bytes:
    """Pixels as they are looked at on a screen."""
    out = io.BytesIO()
    flat = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
    flat.save(out, "JPEG", quality=85)
    return out.getvalue()


@contextlib.contextmanager
def _opened(content: bytes) -> Iterator[tuple[Image.Image, Kind]]:
    kind = kind_of(content)
    if kind is None:
        raise ValueError("no picture that we know")
    if (pixels(content) or 0) > MOST_PIXELS:
        raise TooManyPixelsError
    _prepare(kind)
    with Image.open(io.BytesIO(content), formats=_OPENED[kind]) as picture:
        yield picture, kind


def _prepare(kind: Kind) -> None:
    """Set Pillow's own bounds to ours. A child does this once, for its one picture."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    PngImagePlugin.MAX_TEXT_CHUNK = _LONGEST_TEXT
    if kind == "heif":
        # One thread: each takes its own share of the address space, which is bounded.
        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def _still(picture: Image.Image, kind: Kind) -> bytes:
    out = io.BytesIO()
    form, how = _SAVED[kind]
    _plain(picture, kind).save(out, form, **how)
    return out.getvalue()


def _moving(picture: Image.Image, kind: Kind, count: int) -> bytes:
    apart = bool(picture.info.get("default_image"))
    turns = picture.info.get("loop", 0)
    frames, times = [], []
    for number in range(count):
        picture.seek(number)
        picture.load()
        times.append(picture.info.get("duration", 0))
        frames.append(_plain(picture.copy(), kind))
    form, how = _SAVED[kind]
    if kind == "png":
        # The picture that stands for an animation where none can be shown has no time of its own.
        how = {**how, "default_image": apart}
        times = times[1:] if apart else times
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=times, loop=turns, **how)
    return out.getvalue()


def _plain(picture: Image.Image, kind: Kind) -> Image.Image:
    """The pixels alone: upright, in colours that need no profile, in a mode that the kind can hold."""
    picture.load()
    # Where the note on how the camera was held is broken, the picture stays as it lies.
    with contextlib.suppress(*_BROKEN_NOTE):
        ImageOps.exif_transpose(picture, in_place=True)
    profile = picture.info.get("icc_profile")
    clear = picture.info.get("transparency")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        picture = _in_srgb(picture, profile)
    # Only what says which colour is transparent belongs to what is seen; the rest would be written into the copy.
    picture.info = {} if clear is None else {"transparency": clear}
    if kind == "png":
        return picture
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
    if kind == "webp":
        return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")
    if picture.mode == "RGBA":
        # A JPEG has no glass: what was clear becomes paper.
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without their profile, in which a camera, a person or a place may be named."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if picture.mode == mode:
            ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), inPlace=True)
            return picture
        converted = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # A profile that nobody can read changes no colour elsewhere either.
        return picture
    return picture if converted is None else converted
