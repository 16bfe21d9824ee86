"""What an entry of the audit says beside who and what, in the words of a colleague's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from console.words import Words
from router.deadlines import BRUSSELS

# The group of words that a value belongs to, by what it is called in the entry.
_WORDS: Final[Mapping[str, str]] = {
    "outcome": "outcome",
    "rule": "rule",
    "clock": "clock",
    "situation": "situation",
    "reason": "pause.reason",
    "role": "role",
    "state": "recommend.state",
    "door": "channel",
    "channel": "channel",
    "language": "language",
    "what": "audit.part",
}
# Some of these hold a queue in other acts: only the number of a colleague is one.
_COLLEAGUES: Final = ("to", "from", "owner", "author", "reader")
_QUEUES: Final = ("queue", "from", "to", "department")


def pairs(detail: Mapping[str, Any], t: Words, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what, value) of each thing kept; `names` are the colleagues' names by their number. What nobody gave words to is shown
    as it was kept."""
    return [(t.of("audit.key", key), _value(key, value, t, names)) for key, value in detail.items()]


def _value(key: str, value: Any, t: Words, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return t["rules.yes" if value else "rules.no"]
    if key == "released":
        return ", ".join(f"{t.queue(queue)} ({n})" for queue, n in value.items())
    if isinstance(value, Mapping):
        return ", ".join(f"{t.of('audit.key', name)} {_value(name, one, t, names)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(key, one, t, names) for one in value)
    return _written(key, "" if value is None else str(value), t, names)


def _written(key: str, said: str, t: Words, names: Mapping[str, str]) -> str:
    colleague = said.removeprefix("user:")
    if key == "user" or (key in _COLLEAGUES and colleague in names):
        return names.get(colleague, said)
    if key == "until" and "T" in said:
        return f"{datetime.fromisoformat(said).astimezone(BRUSSELS):%Y-%m-%d %H:%M}"
    if key in _QUEUES:
        return t.queue(said)
    return t.of(_WORDS[key], said, otherwise=said) if key in _WORDS else said
