"""Content transfer encodings (RFC 2045) and uuencode, decoded as far as the bytes allow; nothing here raises."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\r\n\t ]")
_BASE64_LINES = re.compile(rb"(?:[ \t]*[A-Za-z0-9+/]*={0,3}[ \t]*(?:\r?\n|\Z))*+")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_UU_FILES: Final = 50


def _decode_base64(data: bytes) -> tuple[bytes, bytes, bool]:
    """Return (content, what stands after the encoded lines, whether the encoding was sound).

    Mailing lists and virus scanners add plain lines below an encoded text; they must not be read as base64.
    """
    # Only where foreign characters occur is it worked out line by line, which costs memory.
    encoded = _BASE64_LINES.match(data) if _FOREIGN.search(data) else None
    end = encoded.end() if encoded else len(data)
    rest = data[end:]
    if end < len(data) and b"=" not in data[max(0, end - 8) : end]:
        # Foreign characters in the middle: RFC 2045 says to ignore them.
        end, rest = len(data), b""
    if data.find(b"=", 0, max(0, end - 80)) < 0:
        # The usual case, without copies: a mail may be 60 MB.
        try:
            return binascii.a2b_base64(memoryview(data)[:end]), rest, end == len(data)
        except binascii.Error:
            pass
    compact = _NOT_BASE64.sub(b"", data[:end])
    sound = len(compact) % 4 != 1 and end == len(data)
    if len(compact) % 4 == 1:
        compact = compact[:-1]
    return base64.b64decode(compact + b"=" * (-len(compact) % 4)), rest, sound


def _is_plain_after_all(data: bytes) -> bool:
    """Tell whether a body declared as base64 was never encoded: words with blanks or high bytes, which base64 has not."""
    sample = data[:4096].strip()
    foreign = len(re.findall(rb"[^A-Za-z0-9+/=\r\n]", sample))
    return bool(sample) and foreign > len(sample) // 25


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, bytes, str]:
    """Return (content, appended, defect) for a body and its Content-Transfer-Encoding.

    `appended` is plain text found below an encoded body. `defect` is "broken_encoding" where something did not fit.
    """
    encoding = encoding.strip().strip("\"'").lower()
    if encoding in {"", "7bit", "8bit", "binary"}:
        return data, b"", ""
    if encoding in {"quoted-printable", "qp", "q", "quoted_printable"}:
        return binascii.a2b_qp(data), b"", ""
    if encoding in {"base64", "b", "base-64"}:
        if _is_plain_after_all(data):
            return data, b"", "broken_encoding"
        content, rest, sound = _decode_base64(data)
        return content, rest if rest.strip() else b"", "" if sound or rest.strip() else "broken_encoding"
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        _, files = split_uuencoded(data)
        return (files[0][1], b"", "") if files else (data, b"", "broken_encoding")
    # "7 bit", "8bits", "us-ascii": said wrongly, meant plainly. The bytes are what they are.
    return data, b"", "" if re.match(r"[78]\W?bit|none|us-ascii|utf-?8|iso", encoding) else "broken_encoding"


def _decode_uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Encoders that leave rubbish behind the counted characters, as the standard library's own uu module allows for.
        count = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:count])
        except binascii.Error:
            return b""


def split_uuencoded(data: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Return (the text without them, files as (name, content)) for uuencoded files inside a plain text; at most 50."""
    files: list[tuple[str, bytes]] = []
    kept: list[bytes] = []
    position = 0
    while len(files) < _UU_FILES and (begin := _UU_BEGIN.search(data, position)):
        end = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE).search(data, begin.end())
        lines = data[begin.end() : end.start() if end else len(data)].splitlines()
        if not end or not all(32 <= line[0] <= 96 for line in lines if line):
            break
        content = b"".join(_decode_uu_line(line) for line in lines if line)
        kept.append(data[position : begin.start()])
        files.append((begin[1].decode("utf-8", "guichet.windows").strip(), content))
        position = end.end()
    kept.append(data[position:])
    return b"".join(kept), files
