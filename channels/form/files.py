"""Which files a member may send: content, name and list must agree (rule F5).

By mail we take whatever comes; here somebody is still in front of the page and can send a better file, so a wrong one
is refused at once, with a reason of its own.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final, Literal

import puremagic

from channels.web.body import Upload

Trouble = Literal["empty", "kind", "mismatch", "locked"]

# Each type with the endings its files bear.
ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "text/plain": (".txt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
}
ENDINGS: Final = tuple(ending for endings in ALLOWED.values() for ending in endings)
_DOCX, _ODT = list(ALLOWED)[-2:]
_HEIC_BRANDS: Final = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_MAX_ENTRIES: Final = 2000


def trouble(file: Upload) -> Trouble | None:
    """Return why this file cannot be taken, None when it can."""
    ending = PurePosixPath(file.name.replace("\\", "/")).suffix.lower()
    if not file.content:
        return "empty"
    if ending not in ENDINGS:
        return "kind"
    found = sniff(file.content)
    if found == "application/pdf" and b"/Encrypt" in file.content[-4096:]:
        return "locked"
    if found not in ALLOWED or ending not in ALLOWED[found]:
        # A document under a password is an OLE container, whatever it is called.
        return "locked" if file.content.startswith(b"\xd0\xcf\x11\xe0") and ending == ".docx" else "mismatch"
    return None


def sniff(content: bytes) -> str:
    """Return the type that the bytes show, "application/octet-stream" when they show none."""
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    for type_, shows in _SIGNS.items():
        if shows(content):
            return type_
    try:
        return str(puremagic.from_string(content[:4096], mime=True)) or "application/octet-stream"
    except (puremagic.PureError, ValueError):
        return "application/octet-stream"


def _office(content: bytes) -> str:
    # Only the directory of the archive is read; nothing is unpacked but the few bytes that name an OpenDocument.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > _MAX_ENTRIES:
                return "application/zip"
            if "word/document.xml" in names:
                return _DOCX
            if "mimetype" in names and archive.getinfo("mimetype").file_size == len(_ODT):
                return _ODT if archive.read("mimetype") == _ODT.encode() else "application/zip"
    except (zipfile.BadZipFile, RuntimeError, ValueError, EOFError, NotImplementedError, OSError):
        return "application/zip"
    return "application/zip"


def _is_text(content: bytes) -> bool:
    """No control bytes but tabs, line ends and form feeds, and a charset that mail and editors use."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decodes(content, "utf-16")
    controls = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f")
    return content.translate(None, controls) == content and not _is_markup(content)


def _decodes(content: bytes, charset: str) -> bool:
    try:
        return "\0" not in content.decode(charset)
    except UnicodeDecodeError:
        return False


def _is_markup(content: bytes) -> bool:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script"))


_SIGNS: Final[dict[str, Callable[[bytes], bool]]] = {
    "application/pdf": lambda content: content.startswith(b"%PDF-"),
    "image/heic": lambda content: content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS,
    "image/webp": lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP",
    "text/plain": _is_text,
}
