"""Two cases of one matter become one, and can be told apart again: nothing is moved, the one points to the other.

Messages and notes stay with the case that they came to; whoever opens the one that goes on reads those of both. So each member
sees their own messages only (rule C6), and taking it back has nothing to sort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from sqlalchemy import delete, select, update

from store import carrying, clocks, pauses, people, reindex
from store import cases as register
from store.database import Tx
from store.family import open_to
from store.pauses import Moved
from store.schema import case_contacts, cases, deadlines, merges, messages, users
from store.schema import pauses as pauses_table
from store.sql import new_id
from store.viewer import Viewer

OUTCOME: Final = "merged"
Hindrance = Literal["itself", "sealed", "closed", "merged"]


class CannotMergeError(Exception):
    """These two cannot be merged; `why` names the sentence that says so."""

    def __init__(self, why: Hindrance) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Merged:
    """A case that goes on in another one: its number and reference, who merged it, and when."""

    case_id: int
    reference: str
    author: str
    at: datetime


def hindrance(gone: Any, into: Any) -> Hindrance | None:
    """Why a case cannot be merged into another one; None when it can. Both as `views.Row`."""
    if gone.id == into.id:
        return "itself"
    if gone.merged_into is not None or into.merged_into is not None:
        return "merged"
    if gone.sealed != into.sealed:
        # A seal would be broken, or put on what somebody without the right is working on.
        return "sealed"
    # What was promised in one that is open must not end in one that is closed.
    return "closed" if into.state != "open" else None


async def merge(
    tx: Tx, viewer: Viewer, gone: Any, into: Any, *, moved: Moved, now: datetime, versions: tuple[int, int]
) -> None:
    """Let `gone` go on in `into`, both views.Row that the viewer may open. The earliest of both promises counts from now on.

    `versions` are those of both that the viewer looked at, `moved` says where a clock stands that waited. Who merges has both
    before their eyes: the case that goes on rests no longer. Raises CannotMergeError, StaleError.
    """
    why = hindrance(gone, into)
    if why:
        raise CannotMergeError(why)
    actor = f"user:{viewer.user_id}"
    values: dict[str, Any] = {"merged_into": into.id, "unread": False}
    if gone.state == "open":
        values |= {"state": "closed", "outcome": OUTCOME, "closed_at": now}
    detail = {"into": into.reference}
    await register.change(
        tx, gone.id, actor=actor, act="case.merged", now=now, version=versions[0], detail=detail, **values
    )
    urgent = {"priority": "urgent"} if gone.state == "open" and gone.priority == "urgent" else {}
    await register.change(
        tx,
        into.id,
        actor=actor,
        act="case.took_in",
        now=now,
        version=versions[1],
        detail={"from": gone.reference},
        **urgent,
    )
    await pauses.wake(tx, into.id, actor=actor, moved=moved, now=now)
    before = await _before(tx, gone, into, moved=moved, now=now)
    before["carried"] = await carrying.carry(tx, gone.id, into.id, gone.reference)
    running = [(clock, date.fromisoformat(due_on), source) for clock, due_on, source in before["running"]]
    await _set_running(tx, gone.id, "running", "merged")
    await clocks.tighten(tx, into.id, [one for one in running if one[0] != "acknowledgement"])
    for contact_id in before["contacts"]:
        await people.know_on_case(tx, into.id, contact_id, now=now)
    await new_id(tx, merges, case_id=gone.id, into_id=into.id, author_id=viewer.user_id, before=before, at=now)
    await reindex.case(tx, gone.id)
    await reindex.case(tx, into.id)


async def unmerge(tx: Tx, viewer: Viewer, gone: Any, into: Any, *, now: datetime, version: int) -> None:
    """Take a merge back: the case is again as it was, with what its own member wrote and was written since. `version` is that
    of `into`.

    Raises StaleError, also when they are not merged (any more).
    """
    query = select(merges).where(merges.c.case_id == gone.id, merges.c.into_id == into.id, merges.c.undone_at.is_(None))
    row = (await tx.conn.execute(query)).one_or_none()
    if row is None or gone.merged_into != into.id:
        raise register.StaleError(gone.id)
    actor = f"user:{viewer.user_id}"
    detail = {"from": gone.reference}
    await register.change(
        tx,
        into.id,
        actor=actor,
        act="case.let_go",
        now=now,
        version=version,
        detail=detail,
        priority=row.before["priority"],
    )
    closed_at = row.before["closed_at"]
    await register.change(
        tx,
        gone.id,
        actor=actor,
        act="case.unmerged",
        now=now,
        detail={"into": into.reference},
        merged_into=None,
        state=row.before["state"],
        outcome=row.before["outcome"],
        closed_at=datetime.fromisoformat(closed_at) if closed_at else None,
    )
    await _give_back(tx, gone.id, into.id, row, actor=actor, now=now)
    await _set_running(tx, gone.id, "merged", "running")
    await _loosen(tx, into.id, row.before)
    await _forget_contacts(tx, into.id, row.before["contacts"])
    await tx.conn.execute(update(merges).where(merges.c.id == row.id).values(undone_at=now, undone_by=viewer.user_id))
    await reindex.case(tx, gone.id)
    await reindex.case(tx, into.id)


async def merged_into(tx: Tx, viewer: Viewer, case_id: int) -> list[Merged]:
    """What goes on in a case, the latest first; nothing when the viewer may not open it."""
    rows = await tx.conn.execute(
        select(merges.c.case_id, cases.c.reference, users.c.name, merges.c.at)
        .join(cases, cases.c.id == merges.c.case_id)
        .outerjoin(users, users.c.id == merges.c.author_id)
        .where(merges.c.into_id == case_id, merges.c.undone_at.is_(None), open_to(viewer, case_id))
        .order_by(merges.c.id.desc())
    )
    return [Merged(row[0], row[1], row[2] or "", row[3]) for row in rows]


async def _give_back(tx: Tx, gone_id: int, into_id: int, merge_row: Any, *, actor: str, now: datetime) -> None:
    """What is the other case's own: what waited on it, and what its member, who came with it, wrote and read since."""
    before = merge_row.before
    said = await carrying.said_since(tx, into_id, before["contacts"], since=merge_row.at)
    await carrying.move_messages(tx, gone_id, said)
    await carrying.carry_back(tx, gone_id, into_id, before.get("carried", {}))
    if before["state"] == "closed" and any(message.direction == "in" for message in said):
        # They wrote again after it was closed, as they would have had there been no merge.
        await register.reopen(tx, gone_id, actor=actor, now=now)


async def _before(tx: Tx, gone: Any, into: Any, *, moved: Moved, now: datetime) -> dict[str, Any]:
    """What must be known to take it back: the state of the one, and what the other gets from it."""
    running = select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.source).where(
        deadlines.c.case_id == gone.id, deadlines.c.state == "running"
    )
    due_on = (await tx.conn.execute(select(cases.c.due_on).where(cases.c.id == into.id))).scalar_one()
    theirs = select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.source).where(deadlines.c.case_id == into.id)
    known = select(case_contacts.c.contact_id).where(case_contacts.c.case_id == into.id)
    new = select(case_contacts.c.contact_id).where(
        case_contacts.c.case_id == gone.id, case_contacts.c.contact_id.not_in(known)
    )
    return {
        "state": gone.state,
        "outcome": gone.outcome,
        "closed_at": gone.closed_at.astimezone(UTC).isoformat() if gone.closed_at else None,
        "priority": into.priority,
        "running": [
            *(_clock(row) for row in await tx.conn.execute(running)),
            *await _waiting(tx, gone.id, moved=moved, now=now),
        ],
        "clocks": [_clock(row) for row in await tx.conn.execute(theirs)],
        "due_on": due_on.isoformat() if due_on else None,
        "contacts": list(await tx.conn.scalars(new)),
    }


async def _waiting(tx: Tx, case_id: int, *, moved: Moved, now: datetime) -> list[list[str]]:
    """The clocks of a case that rests, as they would go on now: in the case that goes on nobody waits."""
    query = (
        select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.source, pauses_table.c.began_at)
        .join(pauses_table, pauses_table.c.case_id == deadlines.c.case_id)
        .where(deadlines.c.case_id == case_id, deadlines.c.state == "paused", pauses_table.c.ended_at.is_(None))
    )
    return [
        [row.clock, moved(row.due_on, row.began_at, now).isoformat(), row.source]
        for row in await tx.conn.execute(query)
    ]


def _clock(row: Any) -> list[str]:
    return [row.clock, row.due_on.isoformat(), row.source]


async def _set_running(tx: Tx, case_id: int, old: str, new: str) -> None:
    await tx.conn.execute(
        update(deadlines).where(deadlines.c.case_id == case_id, deadlines.c.state == old).values(state=new)
    )


async def _loosen(tx: Tx, case_id: int, before: Mapping[str, Any]) -> None:
    """Give the clocks of a case back what they said before the merge."""
    had = {clock: (due_on, source) for clock, due_on, source in before["clocks"]}
    for clock, due_on, _ in before["running"]:
        if clock == "acknowledgement":
            continue
        mine = (
            deadlines.c.case_id == case_id,
            deadlines.c.clock == clock,
            deadlines.c.due_on <= date.fromisoformat(due_on),
        )
        if clock in had:
            old_due, source = had[clock]
            values = {"due_on": date.fromisoformat(old_due), "source": source}
            await tx.conn.execute(update(deadlines).where(*mine).values(**values))
        else:
            await tx.conn.execute(delete(deadlines).where(*mine))
    due_on = before["due_on"]
    await tx.conn.execute(
        update(cases).where(cases.c.id == case_id).values(due_on=date.fromisoformat(due_on) if due_on else None)
    )
    await register.refresh_due(tx, case_id)


async def _forget_contacts(tx: Tx, case_id: int, contact_ids: list[int]) -> None:
    """Who came with the other case is not known here any more, unless they have written here since."""
    wrote = select(messages.c.contact_id).where(messages.c.case_id == case_id, messages.c.contact_id.is_not(None))
    await tx.conn.execute(
        delete(case_contacts).where(
            case_contacts.c.case_id == case_id,
            case_contacts.c.contact_id.in_(contact_ids),
            case_contacts.c.contact_id.not_in(wrote),
        )
    )
