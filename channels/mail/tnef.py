"""Outlook's winmail.dat (TNEF, [MS-OXTNEF]): the files and the body in it.

Written here because the library for it loops over counts that the sender chooses (up to four thousand million times) and
copies the rest of the file at every object. Every step of this reader consumes bytes, so time is linear in the size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from channels.mail.charset import decode

SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_MAX_OBJECTS: Final = 5000
_MAX_PROPERTIES: Final = 2000
_MAX_FILES: Final = 200

_BODY, _TITLE, _DATA, _RENDER, _PROPERTIES, _ATTACHMENT, _CODEPAGE = (
    0x800C,
    0x8010,
    0x800F,
    0x9002,
    0x9003,
    0x9005,
    0x9007,
)
_ATTACH_DATA, _ATTACH_NAME, _ATTACH_LONG_NAME, _ATTACH_CID = 0x3701, 0x3704, 0x3707, 0x3712
_BODY_TEXT, _BODY_HTML, _RTF, _HTML_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_FIXED: Final = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE: Final = frozenset([0x0D, 0x1E, 0x1F, 0x102])


@dataclass(slots=True)
class TnefFile:
    """One file: its name as the sender gave it, its bytes, its Content-ID if it was shown inside the text."""

    name: str = ""
    content: bytes = field(default=b"", repr=False)
    content_id: str = ""


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds. `rtf` is the compressed RTF body, still compressed."""

    text: str = ""
    html: str = ""
    rtf: bytes = field(default=b"", repr=False)
    files: list[TnefFile] = field(default_factory=list)
    complete: bool = True


def _objects(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (level, attribute, content) for each object; stops at the first that does not fit."""
    position = 6
    for _ in range(_MAX_OBJECTS):
        if position + 11 > len(data):
            return
        level, name, _, length = struct.unpack_from("<BHHI", data, position)
        end = position + 9 + length
        if level not in {1, 2} or end > len(data):
            return
        yield level, name, data[position + 9 : end]
        position = end + 2


def _values(data: bytes, position: int) -> tuple[bytes, int]:
    """Return (first value, where the next property starts) for a property of variable length."""
    (count,) = struct.unpack_from("<I", data, position)
    position += 4
    first = b""
    for index in range(min(count, _MAX_PROPERTIES)):
        (length,) = struct.unpack_from("<I", data, position)
        position += 4
        if index == 0:
            first = data[position : position + length]
        position += length + -length % 4
    return first, position


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (identifier, type, first value) of a MAPI property list; stops where it does not fit."""
    (count,) = struct.unpack_from("<I", data, 0) if len(data) >= 4 else (0,)
    position = 4
    for _ in range(min(count, _MAX_PROPERTIES)):
        try:
            kind, name = struct.unpack_from("<HH", data, position)
            position += 4
            if name >= 0x8000:
                (by_name,) = struct.unpack_from("<I", data, position + 16)
                (extra,) = struct.unpack_from("<I", data, position + 20)
                position += 24 + (extra + -extra % 4 if by_name else 0)
            multiple, kind = kind & 0x1000, kind & 0xEFFF
            if kind in _VARIABLE:
                value, position = _values(data, position)
            elif kind in _FIXED:
                size = _FIXED[kind]
                (amount,) = struct.unpack_from("<I", data, position) if multiple else (1,)
                position += 4 if multiple else 0
                value, position = data[position : position + size], position + size * amount
            else:
                return
        except struct.error:
            return
        yield name, kind, value


def _text(value: bytes, kind: int, codepage: str) -> str:
    text = decode(value, "utf-16-le" if kind == 0x1F else codepage)[0]
    return text.rstrip("\x00")


def _codepage(number: int) -> str:
    return (
        "utf-8"
        if number == 65001
        else "ascii"
        if number == 20127
        else "iso-8859-1"
        if number == 28591
        else f"cp{number}"
    )


def read_tnef(data: bytes) -> Tnef | None:
    """Return what a TNEF file holds, as far as it can be read; None when it is none. Never raises."""
    if not data.startswith(SIGNATURE):
        return None
    result = Tnef()
    codepage = "cp1252"
    for level, name, content in _objects(data):
        if name == _CODEPAGE and len(content) >= 4:
            codepage = _codepage(int.from_bytes(content[:4], "little"))
        elif name == _BODY:
            result.text = result.text or _text(content, 0x1E, codepage)
        elif name == _PROPERTIES and level == 1:
            _read_body(result, content, codepage)
        elif name == _RENDER:
            if len(result.files) >= _MAX_FILES:
                result.complete = False
                break
            result.files.append(TnefFile())
        elif level == 2 and result.files:
            _read_file(result.files[-1], name, content, codepage)
    return result


def _read_body(result: Tnef, content: bytes, codepage: str) -> None:
    html, html_codepage = b"", codepage
    for name, kind, value in _properties(content):
        if name == _BODY_TEXT:
            result.text = _text(value, kind, codepage) or result.text
        elif name == _BODY_HTML:
            html = value if kind != 0x1F else _text(value, kind, codepage).encode()
        elif name == _HTML_CODEPAGE:
            html_codepage = _codepage(int.from_bytes(value, "little"))
        elif name == _RTF:
            result.rtf = value
    if html:
        result.html = decode(html, html_codepage)[0].rstrip("\x00")


def _read_file(file: TnefFile, name: int, content: bytes, codepage: str) -> None:
    if name == _TITLE:
        file.name = file.name or _text(content, 0x1E, codepage)
    elif name == _DATA:
        file.content = content
    elif name == _ATTACHMENT:
        for identifier, kind, value in _properties(content):
            if identifier == _ATTACH_LONG_NAME or (identifier == _ATTACH_NAME and not file.name):
                file.name = _text(value, kind, codepage)
            elif identifier == _ATTACH_CID:
                file.content_id = _text(value, kind, codepage)
            elif identifier == _ATTACH_DATA and kind != 0x0D:
                file.content = file.content or value
            elif identifier == _ATTACH_DATA:
                # An embedded object: sixteen bytes of its class, then the object itself.
                file.content = file.content or value[16:]
