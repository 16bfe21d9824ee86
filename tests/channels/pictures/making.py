"""Pictures as strangers send them: made here with all that a camera and an editor write beside the pixels."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

import pillow_heif
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

pillow_heif.register_heif_opener()

# In every text beside the pixels, and in none of them.
CANARY: Final = "Zeisig-Kanarie"
XMP: Final = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>{CANARY}</dc:creator></x:xmpmeta>'.encode()
NAMES: Final = {"jpeg": "photo.jpg", "png": "photo.png", "webp": "photo.webp", "heic": "IMG_1.HEIC", "avif": "x.avif"}
RED, BLUE = (220, 20, 20), (20, 20, 220)


def painted(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Red at its left, blue at its right."""
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0] // 2, size[1]))
    return picture


def exif(orientation: int = 6) -> bytes:
    """Where, when, with what and how it was held; and a small picture of it, as cameras add."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = CANARY
    made[ExifTags.Base.DateTime] = "2026:11:24 09:12:00"
    place = made.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (50.0, 50.0, 48.0)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", (4.0, 21.0, 9.0)
    return made.tobytes()


def profile() -> bytes:
    """sRGB as a profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile in which red is called green and green red: who reads colours without it sees wrong ones."""
    own = profile()
    swapped = own.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ")
    assert swapped != own
    return swapped


def picture(kind: str, orientation: int = 6, size: tuple[int, int] = (96, 64)) -> bytes:
    """A picture of one kind, held on its side, with everything that should not go on."""
    out = io.BytesIO()
    notes = exif(orientation)
    if kind == "jpeg":
        painted(size).save(
            out, "JPEG", exif=notes, xmp=XMP, comment=CANARY, icc_profile=profile(), quality=95, subsampling=0
        )
        iptc = f"Photoshop 3.0\0{CANARY}".encode()
        made = out.getvalue()
        return made[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + made[2:]
    if kind == "png":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", CANARY)
        texts.add_text("Author", CANARY, zip=True)
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        painted(size).save(out, "PNG", exif=notes, pnginfo=texts, icc_profile=profile(), dpi=(300, 300))
    elif kind == "webp":
        painted(size).save(out, "WEBP", exif=notes, xmp=XMP, icc_profile=profile(), quality=95)
    elif kind == "heic":
        painted(size).save(out, "HEIF", exif=notes, xmp=XMP, icc_profile=profile(), quality=95)
    else:
        painted(size).save(out, "AVIF", exif=notes, xmp=XMP, icc_profile=profile(), quality=95)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flood(width: int, height: int) -> bytes:
    """A tiny PNG that says it is enormous."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def moving(form: str, count: int, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture of several frames, each in a grey of its own, with notes."""
    frames = [Image.new("RGB", size, (number * 20,) * 3) for number in range(count)]
    out = io.BytesIO()
    frames[0].save(
        out, form, save_all=True, append_images=frames[1:], duration=[100 + n for n in range(count)], exif=exif(1)
    )
    return out.getvalue()
