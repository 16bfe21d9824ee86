"""The pages of the quick entry: method, path, name, handler, and the right each asks for."""

from __future__ import annotations

from typing import Final

from console.entry import QuickEntry
from console.entry_contract import Entries
from console.rights import Right
from console.site import Handler, Site

_ENTRY: Final = "/console/entry/{client:[A-Za-z0-9_-]{1,40}}"
# The one page that takes files: the scan of a letter.
WITH_FILES: Final = "entry-record"


def routes(site: Site, entries: Entries) -> list[tuple[str, str, str, Handler, Right]]:
    """Every page of the quick entry."""
    page = QuickEntry(site, entries)
    return [
        ("GET", "/console/new", "new", page.new, "records"),
        ("GET", _ENTRY, "entry", page.show, "records"),
        ("POST", _ENTRY, WITH_FILES, page.record, "records"),
        ("POST", f"{_ENTRY}/typed", "entry-typed", page.typed, "records"),
        ("POST", f"{_ENTRY}/printed", "entry-printed", page.printed, "records"),
        ("GET", f"{_ENTRY}/letter", "entry-letter", page.letter, "records"),
    ]
