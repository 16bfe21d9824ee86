"""Header fields of a mail that may be broken in every way, read without ever raising.

The standard library's parsed fields raise on truncated values (IndexError, LookupError), so only the raw ones are used.
"""

from __future__ import annotations

import email.header
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.message import Message
from typing import Final

_MOST_FIELDS: Final = 1000
_LONGEST_VALUE: Final = 4000
_DEEPEST: Final = 20
_MOST_PARTS: Final = 500
_ADDRESS: Final = re.compile(r"[^\s<>,;:\"()\[\]@]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")


class Fields:
    """The fields of one header: `get("list-id")` gives the first value, unfolded; names in lower case."""

    def __init__(self, message: Message) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in list(message.raw_items())[:_MOST_FIELDS]:
            text = _readable(value)
            self._values.setdefault(str(name).strip().casefold(), []).append(text)

    def get(self, name: str) -> str:
        """Give the first value of a field, or an empty string."""
        values = self._values.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Give all values of a field."""
        return self._values.get(name, [])

    def has(self, name: str) -> bool:
        """Tell whether a field is there, even without a value."""
        return name in self._values

    def decoded(self, name: str) -> str:
        """Give the first value with its encoded words (RFC 2047) read as text, as well as they can be."""
        return _decoded(self.get(name))

    def addresses(self, *names: str) -> list[str]:
        """Give every address in the named fields, in lower case."""
        return [found.casefold() for name in names for value in self.all(name) for found in _ADDRESS.findall(value)]


def _readable(value: object) -> str:
    """Give any header value as text on one line; bytes that are no text are replaced."""
    try:
        text = str(value)
    except (UnicodeError, LookupError, ValueError):
        return ""
    return one_line(text if text.isascii() else _undeclared(text[:_LONGEST_VALUE]), _LONGEST_VALUE)


def _undeclared(text: str) -> str:
    """Read bytes that stand in a header without any declaration: UTF-8 (RFC 6532), else what old programs write."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def one_line(text: str, limit: int) -> str:
    """Give a text on one line without what cannot be shown or stored: control signs, NUL, halves of surrogates."""
    line = " ".join(text[:limit].split())
    return line if line.isprintable() else "".join(sign for sign in line if sign.isprintable())


def _decoded(value: str) -> str:
    """Decode encoded words; what cannot be decoded stays as it came."""
    if "=?" not in value:
        return value
    pieces = []
    try:
        for piece, charset in email.header.decode_header(value[:1000]):
            if isinstance(piece, bytes):
                pieces.append(piece.decode(charset or "ascii", "replace"))
            else:
                pieces.append(piece)
    except (HeaderParseError, LookupError, ValueError):
        return value
    return one_line("".join(pieces), _LONGEST_VALUE)


def content_type(part: Message) -> str:
    """Give the declared type of a part in lower case ("text/plain"), or an empty string."""
    return _content_type_field(part).partition(";")[0].strip()


def parameter(part: Message, name: str) -> str:
    """Give a parameter of the Content-Type of a part in lower case, or an empty string."""
    for piece in _content_type_field(part).split(";")[1:40]:
        key, _, value = piece.partition("=")
        if key.strip() == name:
            return value.strip(" \"'")
    return ""


def _content_type_field(part: Message) -> str:
    for name, value in part.raw_items():
        if str(name).casefold() == "content-type":
            return _readable(value).casefold()
    return ""


def payload(part: Message) -> object:
    """Give what a part holds: a list of parts, or text; nothing where the library stumbles over its charset (a NUL)."""
    try:
        return part.get_payload()
    except (ValueError, LookupError):
        return ""


def parts(message: Message) -> Iterator[tuple[Message, int]]:
    """Give the message and every part in it, with its depth (0 for the message), as far as the bounds of M3 reach."""
    stack = [(message, 0)]
    count = 0
    while stack and count < _MOST_PARTS:
        part, depth = stack.pop()
        count += 1
        yield part, depth
        inside = payload(part)
        if isinstance(inside, list) and depth < _DEEPEST:
            stack.extend((child, depth + 1) for child in reversed(inside[:_MOST_PARTS]) if isinstance(child, Message))


def first_address(text: str) -> str:
    """Give the first mail address in a text, or an empty string."""
    found = _ADDRESS.search(text)
    return one_line(found.group(), 400).strip(".'") if found else ""


def message_id(text: str) -> str:
    """Give the first message identifier in a text, with its angle brackets, or an empty string."""
    found = _MESSAGE_ID.search(text)
    return one_line(found.group(), 500) if found else ""
