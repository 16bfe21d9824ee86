"""A calendar invitation (iCalendar, RFC 5545) in a few readable lines."""

from __future__ import annotations

import re
from typing import Final

_MAX: Final = 128 * 1024
_FIELD = re.compile(
    r"^(SUMMARY|DTSTART|DTEND|LOCATION|DESCRIPTION|COMMENT)((?:;[^:\r\n]{0,200})?):(.*)$", re.IGNORECASE | re.MULTILINE
)
_BEGIN = re.compile(r"^BEGIN:(?:VEVENT|VTODO)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z?))?")
_ESCAPE = re.compile(r"\\([nN,;\\])")


def _when(value: str) -> str:
    match = _TIME.search(value)
    if not match:
        return value.strip()
    year, month, day, hour, minute, zulu = match.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}{' UTC' if zulu else ''}" if hour else "")


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def calendar_text(source: str) -> str:
    """Return title, time, place and description of at most ten events, one item a line; "" when there is none."""
    source = re.sub(r"\r?\n[ \t]", "", source[:_MAX])
    events: list[str] = []
    for event in _BEGIN.split(source)[1:11]:
        found: dict[str, str] = {}
        for name, _, value in _FIELD.findall(event):
            found.setdefault(name.upper(), value.strip())
        times = " – ".join(_when(found[name]) for name in ("DTSTART", "DTEND") if name in found)
        lines = [_plain(found.get("SUMMARY", "")), times]
        lines += [_plain(found.get(name, "")) for name in ("LOCATION", "DESCRIPTION", "COMMENT")]
        events.append("\n".join(line for line in lines if line))
    return "\n\n".join(event for event in events if event)
