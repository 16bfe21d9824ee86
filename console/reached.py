"""How the member of a case is reached, as the page of the case shows it to one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.reach_contract import Member
from console.site import Site, Who
from router.deadlines import BRUSSELS
from store import entries
from store.contact_changes import ACTS, Act, Change
from store.database import Tx
from store.views import Row


@dataclass(frozen=True, slots=True)
class Reached:
    """What the page of a case shows of it: the members with their addresses, what this person may do (nothing, for most), and
    the change of theirs that can still be taken back, until then."""

    members: Sequence[Member] = ()
    acts: Sequence[Act] = ()
    undo: Change | None = None
    until: datetime | None = None


async def reached(site: Site, tx: Tx, who: Who, row: Row) -> Reached:
    """What this person sees of it on a case that they may open."""
    acts = await may_change(tx, who, row)
    undo = await site.reach.undoable(tx, who.viewer, row.id, now=who.now) if acts else None
    return Reached(
        members=await site.reach.members(tx, row.id) if acts else (),
        acts=acts,
        undo=undo[0] if undo else None,
        until=undo[1] if undo else None,
    )


async def may_change(tx: Tx, who: Who, row: Row) -> Sequence[Act]:
    """Who handles cases changes addresses; an agent adds one to a case that they typed in today, while the member is there."""
    if who.may("handles"):
        return ACTS
    today = who.now.astimezone(BRUSSELS).replace(hour=0, minute=0, second=0, microsecond=0)
    if who.may("records") and await entries.typed_in(tx, who.viewer, row.id, since=today):
        return ("add",)
    return ()
