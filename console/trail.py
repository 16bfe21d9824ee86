"""The way back from a case to the list it was opened from, and on to the next and the previous case there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from config.vocabulary import QUEUES
from console import filters, list_rows, searching
from console.came_from import at_place, carrying
from console.site import Who
from router import deadlines
from store.database import Tx
from store.views import Row

_LONGEST_PLACE: Final = 9
# What a list says once about an act; it would be said anew on the way back.
_SAID_ONCE: Final = frozenset({"at", "did", "acts", "moved", "sealed", "view", "guessed"})


@dataclass(frozen=True, slots=True)
class Trail:
    """`back` leads to the row in its list; `list` is a queue, "all", "mine" or "search", where `asked` was looked for.

    `place` is where the case stands on the page of the list, 0 when it left it or that page is not the first, out of `total`,
    `more` when the list goes on. `previous` and `next` are paths of cases, "" where there is none.
    """

    back: str
    list: str
    narrowed: bool
    asked: str
    place: int
    total: int
    more: bool
    previous: str
    next: str


async def trail_of(tx: Tx, who: Who, row: Row) -> Trail | None:
    """The trail of somebody who opened this case from a list that they may see; None when they came from elsewhere."""
    path, _, text = who.came.partition("?")
    asked = dict(parse_qsl(text))
    at = _place(asked.get("at", ""))
    asked = {name: value for name, value in asked.items() if name not in _SAID_ONCE}
    found = await _listed(tx, who, path, asked) if path else None
    if found is None:
        return None
    name, rows, more = found
    here = next((place for place, one in enumerate(rows, 1) if one.id == row.id), 0)
    # A case that left the list since makes room: the next one stands where it stood.
    before, after = (here - 1, here + 1) if here else (at - 1, at)
    plain = f"{path}?{urlencode(asked)}" if asked else path

    def leads_to(place: int) -> str:
        if not 1 <= place <= len(rows):
            return ""
        return carrying(f"/console/case/{rows[place - 1].reference}", at_place(plain, place))

    return Trail(
        back=at_place(plain, here or at) if here or at else plain,
        list=name,
        narrowed=bool(filters.chosen(asked).narrowed) or "show" in asked,
        asked=asked.get("q", "") if name == "search" else "",
        place=here if "after" not in asked else 0,
        total=len(rows),
        more=more,
        previous=leads_to(before),
        next=leads_to(after) if here or at else "",
    )


async def _listed(tx: Tx, who: Who, path: str, asked: Mapping[str, str]) -> tuple[str, Sequence[Row], bool] | None:
    """The name of a list, the cases on its page as they stand there, and whether it goes on; None when it is not theirs."""
    if path == "/console/search":
        page = await searching.page_of(tx, who, searching.query_of(who, asked), asked)
        return ("search", page.shown, bool(page.last)) if page.shown else None
    queue = path.removeprefix("/console/queue/") if path.startswith("/console/queue/") else None
    if queue is not None and (queue not in QUEUES or not who.viewer.has_queue(queue)):
        return None
    is_own = path == "/console/mine"
    chosen = filters.chosen(asked, show="mine" if is_own else "")
    today = deadlines.received_day(who.now)
    found = await list_rows.found(tx, who, chosen.filter(queue, today), chosen, asked.get("after", ""))
    return queue or ("mine" if is_own else "all"), found.in_order(chosen, today), found.goes_on


def _place(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_PLACE else 0
