"""The latest case of a situation, as far as a text may be tried with it: dates and department, and nobody's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from store import texts
from store.database import Tx
from store.people import NAME
from store.schema import cases, people
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class PastCase:
    """One case. `initials` are all that is told of its member: "M. D."."""

    initials: str
    kind: str
    department: str | None
    received_at: datetime
    due_on: date | None


async def latest_of(tx: Tx, viewer: Viewer, situation: str) -> PastCase | None:
    """The latest case of a situation that the viewer may see and that is not sealed; None when there is none."""
    row = (
        await tx.conn.execute(
            select(cases.c.kind, cases.c.department, cases.c.received_at, cases.c.due_on, people.c.name)
            .outerjoin(people, people.c.id == cases.c.person_id)
            .where(cases.c.situation == situation, cases.c.sealed.is_(False), viewer.may_see())
            .order_by(cases.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    words = texts.read(row.name, NAME).split() if row.name is not None else []
    initials = " ".join(f"{word[0].upper()}." for word in words[:3] if word[0].isalpha())
    return PastCase(initials, row.kind, row.department, row.received_at, row.due_on)
