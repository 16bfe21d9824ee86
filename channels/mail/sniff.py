"""What a file is, by its first bytes (and for office files, the names in the archive); nothing is ever unpacked."""

from __future__ import annotations

import re
from typing import Final

_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"%!PS", "application/postscript"),
)
_BRANDS: Final = {
    b"heic": "image/heic", b"heix": "image/heic", b"hevc": "image/heic", b"heim": "image/heic", b"heis": "image/heic",
    b"mif1": "image/heif", b"msf1": "image/heif", b"avif": "image/avif", b"M4A ": "audio/mp4", b"qt  ": "video/quicktime",
}  # fmt: skip
_OOXML: Final = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_TEXTS: Final = (
    (re.compile(rb"\s*<(?:!doctype html|html|head|body|script)\b", re.IGNORECASE), "text/html"),
    (re.compile(rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)?<svg\b", re.IGNORECASE | re.DOTALL), "image/svg+xml"),
    (re.compile(rb"\s*<\?xml\b"), "text/xml"),
    (re.compile(rb"\s*BEGIN:VCALENDAR", re.IGNORECASE), "text/calendar"),
    (re.compile(rb"\s*BEGIN:VCARD", re.IGNORECASE), "text/vcard"),
    (re.compile(rb"-----BEGIN PGP SIGNATURE-----"), "application/pgp-signature"),
    (re.compile(rb"-----BEGIN PGP MESSAGE-----"), "application/pgp-encrypted"),
    (re.compile(rb"(?:Received|Return-Path|From|Delivered-To|Message-ID|MIME-Version|X-[\w-]+):[^\n]+\n(?:[\w-]+:|[ \t])", re.I),
     "message/rfc822"),
)  # fmt: skip
_EXTENSIONS: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic",
    "image/heif": ".heif", "image/tiff": ".tif", "image/bmp": ".bmp", "image/svg+xml": ".svg", "image/avif": ".avif",
    "application/pdf": ".pdf", "application/zip": ".zip", "application/rtf": ".rtf", "text/plain": ".txt",
    "text/html": ".html", "text/calendar": ".ics", "text/vcard": ".vcf", "text/csv": ".csv", "text/xml": ".xml",
    "message/rfc822": ".eml", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
    "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m", "application/ms-tnef": ".dat", "audio/mpeg": ".mp3", "audio/ogg": ".ogg",
    "audio/mp4": ".m4a", "video/mp4": ".mp4", "video/quicktime": ".mov", "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt", "application/gzip": ".gz", "audio/amr": ".amr", "audio/wav": ".wav",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt", "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}  # fmt: skip
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Types that the bytes alone cannot tell from their family; the sender's word refines what was seen.
_OLE_DECLARED = re.compile(r"application/(?:msword|vnd\.ms-|x-ms)")


def _container(content: bytes) -> str:
    """Return the type of a ZIP archive by the names that it begins with and ends with."""
    if content[30:38] == b"mimetype":
        named = re.match(rb"application/[a-z0-9.+-]{1,80}", content[38:140])
        # The stored entry is followed by the next one's signature, which ends the name.
        if named:
            return named.group().split(b"PK")[0].decode("ascii")
    edges = content[:4096] + content[-65_536:]
    if b"[Content_Types].xml" in edges:
        for folder, kind in _OOXML:
            if folder in edges:
                return kind
    return "application/zip"


def sniff(content: bytes) -> str:
    """Return the media type that the bytes look like; "application/octet-stream" when they look like nothing known."""
    head = content[:4096]
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(
            head[8:12], "application/octet-stream"
        )
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _container(content)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return _text(head)


def _text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text/plain"
    if not head or _NOT_TEXT.search(head):
        return "application/octet-stream"
    plain = head.removeprefix(b"\xef\xbb\xbf")
    return next((kind for pattern, kind in _TEXTS if pattern.match(plain)), "text/plain")


def type_of(content: bytes, declared: str) -> str:
    """Return what the bytes look like, refined by the declared type only inside the same family.

    So text declared as CSV is CSV, an OLE file declared as Word is Word, and a program declared as PDF stays a program.
    """
    seen = sniff(content)
    if seen == "text/plain" and (
        declared.startswith("text/")
        or declared in {"application/pgp-encrypted", "application/json", "message/delivery-status"}
    ):
        return declared
    if seen == "application/x-ole-storage" and _OLE_DECLARED.match(declared):
        return declared
    if seen == "application/octet-stream" and declared.startswith(
        ("application/pkcs7", "application/x-pkcs7", "audio/", "video/", "application/vnd.ms-outlook")
    ):
        return declared
    return seen


def extension_for(kind: str) -> str:
    """Return the usual file name ending for a type, ".bin" for an unknown one."""
    return _EXTENSIONS.get(kind, ".bin")
