"""What travels between the frame and the house: small JSON objects, read with suspicion and written for scripts.

From the client: `hello`, `begin`, `say`, `typing`, `ping`. From the house: `ready`, `began`, `kept`, `refused`, `shown`,
`typing`, `read`, `pong`. Over a socket each is a frame; over plain requests the same objects are bodies and answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from channels.form.fields import MAX_TEXT, clean_text
from channels.form.steps import tokens
from channels.web.languages import known
from channels.widget.contract import Shown
from config.vocabulary import Language

# Rule W4.
DEPTH: Final = 8
_MOST_KEY: Final = 64
_MOST_ORIGIN: Final = 300
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHOICE: Final = re.compile(r"[A-Za-z0-9_.:-]{0,64}")
_MOST_LAST: Final = 2**53


class FrameError(Exception):
    """This is no frame of ours: whoever sends it does not use our client, and the connection ends."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who comes: the key ("" before the first message), the embedding page's origin, the last id that the client has."""

    key: str
    origin: str
    last: int


@dataclass(frozen=True, slots=True)
class Say:
    """One message. `text` is repaired as the form repairs it."""

    client_id: str
    text: str
    choice: str
    files: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.text or self.files)

    @property
    def is_long(self) -> bool:
        """Whether it is longer than the form would take."""
        return len(self.text) > MAX_TEXT


def parsed(data: str) -> dict[str, Any]:
    """Return the object in a frame. Raises FrameError for anything else, or one nested deeper than eight (rule W4)."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise FrameError from None
    return checked(content)


def checked(content: Any) -> dict[str, Any]:
    """Return what was read as an object. Raises FrameError as `parsed` does."""
    if not isinstance(content, dict) or _deeper(content, DEPTH):
        raise FrameError
    return content


def hello(content: dict[str, Any]) -> Hello:
    """Read who comes. Raises FrameError."""
    return Hello(_text(content, "key", _MOST_KEY), _text(content, "origin", _MOST_ORIGIN), last(content))


def last(content: dict[str, Any]) -> int:
    """The id of the last line that the client has; 0 for none. Raises FrameError."""
    given = content.get("last", 0)
    if type(given) is not int or not 0 <= given < _MOST_LAST:
        raise FrameError
    return given


def language(content: dict[str, Any]) -> Language:
    """The language of the page. Raises FrameError."""
    found = known(_text(content, "lang", 2))
    if found is None:
        raise FrameError
    return found


def say(content: dict[str, Any]) -> Say:
    """Read a message. Raises FrameError; an empty or a long one is no error here, since its writer is told why."""
    client_id, choice = _text(content, "id", 64), _text(content, "choice", 64)
    files = content.get("files", [])
    if not _CLIENT_ID.fullmatch(client_id) or not _CHOICE.fullmatch(choice):
        raise FrameError
    if not isinstance(files, list) or not all(isinstance(one, str) for one in files):
        raise FrameError
    # Rather more than a text may have, so that its writer can be told in words.
    text = clean_text(_text(content, "text", 1_000_000))
    return Say(client_id, text, choice, tokens(" ".join(files)))


def shown(lines: Sequence[Shown]) -> dict[str, Any]:
    """Lines for the client."""
    return {"t": "shown", "lines": [_line(line) for line in lines]}


def _line(line: Shown) -> dict[str, Any]:
    told: dict[str, Any] = {"id": line.id, "who": line.who, "text": line.text, "at": line.at.isoformat()}
    more = {
        "name": line.name,
        "client": line.client_id,
        "choices": [{"id": one.id, "label": one.label} for one in line.choices],
        "files": [{"name": one.name, "size": one.size} for one in line.files],
        "sign": line.sign,
    }
    return told | {name: value for name, value in more.items() if value}


def _text(content: dict[str, Any], name: str, most: int) -> str:
    value = content.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise FrameError
    return value


def _deeper(content: Any, most: int) -> bool:
    """Whether something is nested deeper than `most`; without recursion, whatever was sent."""
    level = [content]
    for _ in range(most):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return any(isinstance(node, dict | list) for node in level)
