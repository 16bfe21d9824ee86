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

from store import cases as register
from store import clocks, people, reindex
from store.database import Tx
from store.schema import case_contacts, cases, deadlines, merges, messages, users
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


async def merge(tx: Tx, viewer: Viewer, gone: Any, into: Any, *, now: datetime, versions: tuple[int, int]) -> None:
    """Let `gone` go on in `into`, both views.Row that the viewer may open. The earliest of both promises counts from now on.

    `versions` are those of both that the viewer looked at. Raises CannotMergeError, StaleError.
    """
    why = hindrance(gone, into)
    if why:
        raise CannotMergeError(why)
    actor = f"user:{viewer.user_id}"
    before = await _before(tx, gone, into)
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
    running = [(clock, date.fromisoformat(due_on), source) for clock, due_on, source in before["running"]]
    await _set_running(tx, gone.id, "running", "merged")
    await clocks.tighten(tx, into.id, [one for one in running if one[0] != "acknowledgement"])
    for contact_id in before["contacts"]:
        await people.know_on_case(tx, into.id, contact_id, now=now)
    await new_id(tx, merges, case_id=gone.id, into_id=into.id, author_id=viewer.user_id, before=before, at=now)
    await reindex.case(tx, gone.id)
    await reindex.case(tx, into.id)


async def unmerge(tx: Tx, viewer: Viewer, gone: Any, into: Any, *, now: datetime, version: int) -> None:
    """Take a merge back: the case is again as it was. What came since stays where it came to. `version` is that of `into`.

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
    await _set_running(tx, gone.id, "merged", "running")
    await _loosen(tx, into.id, row.before)
    await _forget_contacts(tx, into.id, row.before["contacts"])
    await tx.conn.execute(update(merges).where(merges.c.id == row.id).values(undone_at=now, undone_by=viewer.user_id))
    await reindex.case(tx, gone.id)
    await reindex.case(tx, into.id)


async def merged_into(tx: Tx, case_id: int) -> list[Merged]:
    """What goes on in a case, the latest first; the caller has made sure that it may be opened."""
    rows = await tx.conn.execute(
        select(merges.c.case_id, cases.c.reference, users.c.name, merges.c.at)
        .join(cases, cases.c.id == merges.c.case_id)
        .outerjoin(users, users.c.id == merges.c.author_id)
        .where(merges.c.into_id == case_id, merges.c.undone_at.is_(None))
        .order_by(merges.c.id.desc())
    )
    return [Merged(row[0], row[1], row[2] or "", row[3]) for row in rows]


async def _before(tx: Tx, gone: Any, into: Any) -> dict[str, Any]:
    """What must be known to take it back: the state of the one, and what the other gets from it."""
    running = select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.source).where(
        deadlines.c.case_id == gone.id, deadlines.c.state == "running"
    )
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
        "running": [_clock(row) for row in await tx.conn.execute(running)],
        "clocks": [_clock(row) for row in await tx.conn.execute(theirs)],
        "due_on": into.due_on.isoformat() if into.due_on else None,
        "contacts": list(await tx.conn.scalars(new)),
    }


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
