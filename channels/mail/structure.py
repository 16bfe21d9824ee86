"""A mail's bytes as a tree of parts (MIME, RFC 2045 to 2049), within bounds and without recursion over the input.

The standard library's parser recurses, is quadratic in nested parts, and answers broken boundaries with a silently empty
text. Here every part is a range of one buffer, found by searching for its boundary; what exceeds a bound stays reachable as
a part of kind "raw", whose text is salvaged by `salvage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from channels.mail.cms import signed_content
from channels.mail.fields import Headers, decode_words, parameters, split_block
from channels.mail.transfer import decode_transfer

MAX_DEPTH: Final = 20
MAX_PARTS: Final = 500
# Lines that only look like a boundary; beyond that many somebody plays games.
_MAX_LOOKALIKES: Final = 50_000
_SALVAGED: Final = 512 * 1024
# What the tree for the robot check carries of one leaf; files are of no interest there.
_MESSAGE_LEAF: Final = 256 * 1024

# Parts that may hold others beside multiparts: enclosed mails, and signed S/MIME with the text inside the signature.
_ENCLOSING: Final = frozenset(["message/rfc822", "message/global", "message/news"])
SMIME: Final = frozenset(["application/pkcs7-mime", "application/x-pkcs7-mime"])
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,100}")
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r?\Z)")
_GUESSED_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s][^\r\n]{0,99}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE)
_MIME_LINES = re.compile(
    rb"^(?:--[^\r\n]*|content-[a-z-]+:[^\n]*(?:\n[ \t][^\n]*)*|mime-version:[^\n]*|[A-Za-z0-9+/=]{50,})\r?(?:\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(slots=True)
class Part:
    """One entity of a mail: headers, and either children or the bytes `source[start:end]`.

    `kind`: "leaf", "multipart", "message" (one child, the enclosed mail) or "raw" (could or may not be taken apart).
    """

    headers: Headers
    content_type: str
    params: dict[str, str]
    source: bytes = field(repr=False)
    start: int
    end: int
    depth: int
    kind: str = "leaf"
    children: list[Part] = field(default_factory=list)
    # Text outside the parts of a multipart, shown only when there is no other.
    outside: tuple[tuple[int, int], ...] = ()
    _content: tuple[bytes, bytes, str] | None = field(default=None, repr=False)

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding as written."""
        return self.headers.get("content-transfer-encoding").split(";")[0].split("(")[0].strip().lower()

    def content(self) -> tuple[bytes, bytes, str]:
        """Return (decoded bytes, plain text appended below them, defect); decoded once."""
        if self._content is None:
            self._content = decode_transfer(self.source[self.start : self.end], self.encoding)
        return self._content

    def disposition(self) -> tuple[str, dict[str, str]]:
        """Return Content-Disposition as (value, parameters)."""
        value = self.headers.get("content-disposition")
        return parameters(value) if value else ("", {})

    def filename(self) -> str:
        """Return the sender's name for this part, decoded but not yet made harmless, or ""."""
        _, given = self.disposition()
        return (
            given.get("filename") or given.get("name") or self.params.get("name") or self.params.get("filename") or ""
        )

    def walk(self) -> Iterator[Part]:
        """Yield this part and all below it, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


@dataclass(slots=True)
class _Builder:
    """State of taking one mail apart: how many parts so far, and what was wrong."""

    defects: set[str] = field(default_factory=set)
    parts: int = 0
    waiting: list[Part] = field(default_factory=list)

    def entity(self, source: bytes, start: int, end: int, *, depth: int, default: str) -> Part:
        """Read the headers of `source[start:end]`; whether it has children is found out later."""
        self.parts += 1
        headers, body, defects = split_block(source, start, end, top=depth == 0)
        self.defects |= defects
        main, params = parameters(headers.get("content-type"))
        main = main.split("(")[0].strip()
        main = "text/html" if main == "html" else main or default
        content_type = main if _TYPE.fullmatch(main) else "text/plain"
        part = Part(headers, content_type, params, source, body, end, depth)
        if content_type.startswith("multipart/") or content_type in _ENCLOSING | SMIME:
            self.waiting.append(part)
        return part

    def open(self, part: Part) -> None:
        """Find the children of a part that may have some."""
        if part.content_type in SMIME and (part.depth >= MAX_DEPTH or self.parts >= MAX_PARTS):
            return
        if part.depth >= MAX_DEPTH:
            self.defects.add("too_deep")
            part.kind = "raw"
        elif self.parts >= MAX_PARTS:
            self.defects.add("too_many_parts")
            part.kind = "raw"
        elif part.content_type.startswith("multipart/"):
            self._open_multipart(part)
        elif part.content_type in SMIME:
            self._open_signed(part)
        else:
            self._open_message(part)

    def _open_message(self, part: Part) -> None:
        part.kind = "message"
        source, start, end = part.source, part.start, part.end
        if part.encoding in {"base64", "quoted-printable"}:
            # RFC 2046 forbids it, Exchange does it.
            source = part.content()[0]
            start, end = 0, len(source)
        part.children.append(self.entity(source, start, end, depth=part.depth + 1, default="text/plain"))

    def _open_signed(self, part: Part) -> None:
        inner = signed_content(part.content()[0])
        if inner is not None:
            part.kind = "multipart"
            part.children.append(self.entity(inner, 0, len(inner), depth=part.depth + 1, default="text/plain"))

    def _open_multipart(self, part: Part) -> None:
        source, start, end = part.source, part.start, part.end
        if part.encoding == "base64" and b"\n--" not in source[start : start + 4096]:
            source = part.content()[0]
            start, end = 0, len(source)
        ranges: list[tuple[int, int]] = []
        outside: list[tuple[int, int]] = []
        boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        if boundary:
            ranges, outside = self._ranges(source, start, end, boundary)
        if not ranges:
            self.defects.add("broken_mime")
            guessed = _GUESSED_BOUNDARY.search(source, start, min(end, start + 65_536))
            if guessed:
                ranges, outside = self._ranges(source, start, end, guessed[1])
        if not ranges:
            part.kind = "raw"
            part.source, part.start, part.end = source, start, end
            return
        part.kind = "multipart"
        part.outside = tuple(outside)
        part.source, part.start, part.end = source, start, end
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        part.children = [self.entity(source, low, high, depth=part.depth + 1, default=default) for low, high in ranges]

    def _ranges(
        self, source: bytes, start: int, end: int, boundary: bytes
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return the ranges of the parts between boundary lines, and those of the text outside them."""
        delimiter = b"--" + boundary
        parts: list[tuple[int, int]] = []
        outside: list[tuple[int, int]] = []
        opened = -1
        last = start
        position = start
        for _ in range(_MAX_LOOKALIKES):
            found = source.find(delimiter, position, end)
            if found < 0:
                break
            position = found + len(delimiter)
            after = _AFTER_BOUNDARY.match(source, position, end)
            if not after or (found > start and source[found - 1] != 10):
                continue
            before = found - 1 if found > start else found
            before -= before > last and source[before - 1] == 13
            (parts if opened >= 0 else outside).append((last, max(last, before)))
            opened = -1 if after[1] else after.end()
            position = last = after.end()
            if self.parts + len(parts) >= MAX_PARTS:
                self.defects.add("too_many_parts")
                opened = -1
                break
        if opened >= 0:
            parts.append((opened, end))
            self.defects.add("broken_mime")
        else:
            outside.append((last, end))
        return parts, [(low, high) for low, high in outside if source[low : min(high, low + 4096)].strip()]


def read_structure(data: bytes) -> tuple[Part, set[str]]:
    """Return (the mail as a tree, defects) for any bytes; at most 20 levels and 500 parts."""
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    builder = _Builder()
    root = builder.entity(data, 0, len(data), depth=0, default="text/plain")
    while builder.waiting:
        # Breadth first, so that a deep branch cannot use up the parts of those beside it.
        builder.open(builder.waiting.pop(0))
    return root, builder.defects


def salvage(source: bytes, start: int, end: int) -> bytes:
    """Return what may be text among bytes that could not be taken apart: no boundary lines, part headers or base64 lines.

    At most the first and the last 512 KiB are looked at.
    """
    data = source[start : min(end, start + _SALVAGED)]
    if end - start > _SALVAGED:
        data += b"\n" + source[max(start + _SALVAGED, end - _SALVAGED) : end]
    return _MIME_LINES.sub(b"", data).strip()


def as_message(part: Part) -> Message[str, str]:
    """Return the tree as the standard library's type, with texts and reports but without the bytes of files.

    It has the shape that `email.message_from_bytes` gives (compat32), delivery reports split into their header groups.
    """
    message: Message[str, str] = Message()
    for name, value in part.headers.fields:
        message.set_raw(name, value)
    if part.children:
        message.set_payload([as_message(child) for child in part.children])
    elif part.content_type == "message/delivery-status":
        message.set_payload(_status_groups(part))
    elif part.end - part.start <= _MESSAGE_LEAF or part.content_type.startswith(("text/", "message/")):
        high = min(part.end, part.start + _MESSAGE_LEAF)
        message.set_payload(part.source[part.start : high].decode("ascii", "surrogateescape"))
    else:
        message.set_payload("")
    return message


def _status_groups(part: Part) -> list[Message[str, str] | str]:
    groups: list[Message[str, str] | str] = []
    for block in re.split(rb"\r?\n[ \t]*\r?\n", part.content()[0][:_MESSAGE_LEAF].strip())[:50]:
        headers, _, _ = split_block(block, 0, len(block), top=False)
        group: Message[str, str] = Message()
        for name, value in headers.fields:
            group.set_raw(name, value)
        groups.append(group)
    return groups


def header_text(part: Part, name: str) -> str:
    """Return the topmost field of this (lower-case) name as decoded text on one line."""
    return decode_words(part.headers.get(name))
