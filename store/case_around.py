"""What stands around a case on its page: the member's other cases, what waits to go out, the fate of what came in, who looked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from store import texts, views
from store.database import Tx
from store.family import family, open_to
from store.people import NAME
from store.schema import audit, cases, inbox, messages, outbox, people, users
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class OtherCase:
    """Another case of the same member."""

    reference: str
    kind: str
    state: str
    outcome: str | None
    received_at: datetime


async def other_cases(tx: Tx, viewer: Viewer, case: views.Row, *, limit: int = 10) -> list[OtherCase]:
    """The member's other cases that this viewer may open, the latest first.

    A sealed one is left out for everybody else: that this person has one would say something about their health.
    """
    if case.person_id is None:
        return []
    rows = await tx.conn.execute(
        select(cases.c.reference, cases.c.kind, cases.c.state, cases.c.outcome, cases.c.received_at)
        .where(
            cases.c.person_id == case.person_id,
            cases.c.id != case.id,
            cases.c.merged_into.is_(None),
            viewer.may_see(),
        )
        .order_by(cases.c.received_at.desc(), cases.c.id.desc())
        .limit(limit)
    )
    return [OtherCase(*row) for row in rows]


async def names_at_hand(tx: Tx, viewer: Viewer, *, but: Collection[int], limit: int = 200) -> list[str]:
    """What the members of this person's own open cases are called, those in `but` left out: a name among these is soon mistaken
    for another."""
    rows = await tx.conn.execute(
        select(people.c.name)
        .join(cases, cases.c.person_id == people.c.id)
        .where(
            cases.c.assignee_id == viewer.user_id,
            cases.c.state == "open",
            people.c.id.not_in(but),
            viewer.may_see(),
        )
        .order_by(cases.c.id.desc())
        .limit(limit)
    )
    return [texts.read(row.name, NAME) for row in rows]


async def members(tx: Tx, viewer: Viewer, references: Collection[str]) -> Mapping[str, str]:
    """Whose case each of these is, by its reference, where this viewer may open it and somebody is known."""
    rows = await tx.conn.execute(
        select(cases.c.reference, people.c.name)
        .join(people, people.c.id == cases.c.person_id)
        .where(cases.c.reference.in_(list(references)), viewer.may_see())
    )
    return {row.reference: texts.read(row.name, NAME) for row in rows}


async def departing(tx: Tx, viewer: Viewer, case_id: int) -> Mapping[int, datetime]:
    """When each message of the case that waits to go out will go, by outbox id."""
    rows = await tx.conn.execute(
        select(outbox.c.id, outbox.c.due_at).where(
            outbox.c.case_id.in_(family(case_id)), outbox.c.state == "waiting", open_to(viewer, case_id)
        )
    )
    return {int(row.id): row.due_at for row in rows}


async def fates(tx: Tx, viewer: Viewer, case_id: int) -> Mapping[int, str]:
    """What became of each item that came in for the case, by inbox id."""
    rows = await tx.conn.execute(
        select(inbox.c.id, inbox.c.fate)
        .join(messages, messages.c.inbox_id == inbox.c.id)
        .where(messages.c.case_id.in_(family(case_id)), open_to(viewer, case_id))
    )
    return {int(row.id): row.fate or "" for row in rows}


async def opened_since(tx: Tx, viewer: Viewer, case_id: int, *, since: datetime) -> bool:
    """Whether this person has said, since then, why they open the sealed case."""
    found = await tx.conn.execute(
        select(func.count()).where(
            audit.c.case_id == case_id,
            audit.c.actor == f"user:{viewer.user_id}",
            audit.c.act == "case.unsealed",
            audit.c.at >= since,
        )
    )
    return bool(found.scalar_one())


async def names(tx: Tx) -> Mapping[str, str]:
    """What the audit's actors are called."""
    return {f"user:{row.id}": row.name for row in await tx.conn.execute(select(users.c.id, users.c.name))}
