"""The promised date as a calendar file (RFC 5545): one whole day, without anything of what the case is about (rule C6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

# RFC 5545, 3.1: lines of at most 75 octets, the rest on the next one after a blank.
_LONGEST_LINE: Final = 75


def due_date(reference: str, due_on: date, *, summary: str, description: str, made_at: datetime) -> str:
    """One event on the day `due_on`; `made_at` is an aware moment. Opened twice, a calendar keeps it once."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Guichet//Case//EN",
        "BEGIN:VEVENT",
        f"UID:{reference}@guichet",
        f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{due_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{due_on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(description)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _escaped(text: str) -> str:
    plain = " ".join(text.split())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> list[str]:
    parts, current = [], ""
    for sign in line:
        if len((current + sign).encode()) > _LONGEST_LINE:
            parts.append(current)
            current = " "
        current += sign
    return [*parts, current]
