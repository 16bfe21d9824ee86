"""Finding the case that a message belongs to, by what it quotes. Proofs are judged elsewhere; this only looks things up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from config.vocabulary import ROBOT
from store.database import Tx
from store.schema import cases, messages


@dataclass(frozen=True, slots=True)
class CaseState:
    """What joining needs to know of a case; `id` is the one that goes on after a merge."""

    id: int
    reference: str
    state: str
    refused: str
    queue: str
    sealed: bool
    language: str
    closed_at: datetime | None
    person_id: int | None
    outcome: str | None = None

    @property
    def put_away(self) -> bool:
        """Whether it was closed as spam or a robot's letter."""
        return self.state == "closed" and self.outcome == ROBOT

    @property
    def goes_to_triage(self) -> bool:
        """Whether a word of its member brings it before people anew: it was refused, or taken for a robot's."""
        return bool(self.refused) or self.put_away


async def case_of_message_ids(tx: Tx, ids: Sequence[str], *, direction: str) -> int | None:
    """The case of the newest message, received ("in") or sent ("out"), that bears one of these Message-IDs."""
    if not ids:
        return None
    found = await tx.conn.execute(
        select(messages.c.case_id)
        .where(messages.c.rfc_message_id.in_(ids), messages.c.direction == direction, messages.c.case_id.is_not(None))
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    return found.scalar()


async def case_of_reference(tx: Tx, reference: str) -> int | None:
    """The case with this reference, in canonical form."""
    return (await tx.conn.execute(select(cases.c.id).where(cases.c.reference == reference))).scalar()


async def current(tx: Tx, case_id: int, *, held: bool = False) -> CaseState | None:
    """The case, or the one it was merged into, however often.

    `held`: nobody else changes it until the transaction ends. Who adds to a case must not find it closed afterwards.
    """
    seen: set[int] = set()
    while case_id not in seen:
        seen.add(case_id)
        query = select(cases).where(cases.c.id == case_id)
        if held and not tx.is_sqlite:
            query = query.with_for_update()
        row = (await tx.conn.execute(query)).one_or_none()
        if row is None:
            return None
        if row.merged_into is None:
            return CaseState(
                row.id,
                row.reference,
                row.state,
                row.refused,
                row.queue,
                row.sealed,
                row.language,
                row.closed_at,
                row.person_id,
                row.outcome,
            )
        case_id = row.merged_into
    return None
