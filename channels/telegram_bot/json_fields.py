"""Reading JSON in which anything may stand anywhere: each function gives what was hoped for, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from config.directions import straight

Fields = Mapping[str, Any]

# The Bot API's identifiers have at most 52 significant bits; a number beyond 63 is none of its.
_LARGEST: Final = 2**63
# C0 but tab and line feed, DEL, C1: no database keeps a NUL, and nobody can type the others.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def object_of(body: bytes) -> Fields | None:
    """The JSON object that the bytes are, or None for anything else."""
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def fields(value: Any) -> Fields:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> Iterator[Fields]:
    """The objects of a list; what else is in it is passed over."""
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))


def number(value: Any) -> int | None:
    """A whole number, or None. JSON's true is no number."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _LARGEST:
        return None
    return value


def text(value: Any) -> str:
    """A text with its lines that can be stored and shown, blanks at both ends cut; "" for anything else."""
    if not isinstance(value, str):
        return ""
    # Two halves of a character become one; a half alone cannot be stored.
    joined = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lines = joined.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _CONTROLS.sub("", lines).strip()


def line(value: Any, longest: int) -> str:
    """A short text on one line, without marks that turn its direction, at most so many characters."""
    return " ".join(straight(text(value)).split())[:longest].strip()


def token(value: Any, longest: int = 512) -> str:
    """An identifier of theirs, which goes back as it came; "" for what cannot be one."""
    fits = isinstance(value, str) and len(value) <= longest and value.isascii() and value.isprintable()
    return value if fits else ""
