"""The keys of the console, by where they do something; those of the page that one comes from stand first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from console.site import Site, Who

# A key, and what it does: the name of its words below `keys`.
Keys = Sequence[tuple[str, str]]

GROUPS: Final[Mapping[str, Keys]] = {
    "triage": (("1", "accept"), ("2", "other_queue"), ("3", "not_ours"), ("4", "robot")),
    "list": (
        ("j", "next"),
        ("k", "previous"),
        ("o", "open"),
        ("a", "take"),
        ("t", "move"),
        ("p", "pause"),
        ("x", "pick"),
        ("Shift x", "pick_range"),
        ("z", "undo"),
        (".", "news"),
    ),
    "case": (
        ("r", "reply"),
        ("d", "ask"),
        ("i", "note"),
        ("a", "take"),
        ("p", "pause"),
        ("e", "correct"),
        ("f", "fold"),
        ("1 … 9", "evidence"),
        ("c", "close"),
        ("j", "next"),
        ("k", "previous"),
        ("Esc", "back"),
        ("z", "undo"),
        ("Ctrl Enter", "send"),
        (".", "news"),
    ),
    "everywhere": (
        ("/", "search"),
        ("n", "new"),
        ("Ctrl K", "go"),
        ("g q", "go_queues"),
        ("g m", "go_mine"),
        ("g s", "go_supervision"),
        ("Esc", "leave"),
        ("?", "keys"),
    ),
}
# What counts on a page, the first first; a page that is none of these has the keys of everywhere.
_ON: Final[Mapping[str, Sequence[str]]] = {"triage": ("triage", "list"), "list": ("list",), "case": ("case",)}


class KeysPage:
    """The handler of `/console/keys`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.Response:
        """The keys. A script shows the same in place, on the page where "?" was pressed."""
        on = request.query.get("on", "")
        first = _ON.get(on, ())
        names = (*first, *(name for name in ("everywhere", "list", "triage", "case") if name not in first))
        groups = [(name, GROUPS[name]) for name in names]
        return await self._site.page("keys.html", who, here="keys", groups=groups, on=bool(first))
