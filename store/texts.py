"""The one place where the store writes and reads what people wrote.

Every text, name, raw message and file name passes here on its way to a column and back, with the name of the place it is
kept at. Whatever protects texts at rest is added here and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from config.directions import straight


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text is kept: its table and column. Case and row are bound by the row itself.

    `line`: a name or a title, one line among others on a page, which nothing may turn round (rule M14). Reading does it too:
    older rows are as they came.
    """

    table: str
    column: str
    line: bool = False


def keep(text: str, place: Place) -> bytes:
    """The bytes to store for a text. Lone surrogates, which no encoding can hold, become "?"."""
    text = straight(text) if place.line else text
    return text.encode("utf-8", "replace") if not text.isascii() else text.encode("ascii")


def read(stored: bytes | memoryview, place: Place) -> str:
    """The text that was kept at a place."""
    text = bytes(stored).decode("utf-8", "replace")
    return straight(text) if place.line else text


def keep_bytes(content: bytes, place: Place) -> bytes:  # noqa: ARG001 (the place is what protection will be bound to)
    """The bytes to store for raw content."""
    return content


def read_bytes(stored: bytes | memoryview, place: Place) -> bytes:  # noqa: ARG001 (as above)
    """The raw content that was kept at a place."""
    return bytes(stored)


def keep_json(value: Any, place: Place) -> bytes:
    """The bytes to store for a document made of plain values."""
    return keep(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str), place)


def read_json(stored: bytes | memoryview, place: Place) -> Any:
    """The document that was kept at a place."""
    return json.loads(read(stored, place))
