"""What was decided in the past, for replaying it: each case with the classification and the decision that opened it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from classifier.classification import Classification, Evidence, Passage
from store import cases as register
from store import texts
from store.database import Tx
from store.schema import cases, classifications, decisions, messages


@dataclass(frozen=True, slots=True)
class Decided:
    """One case as it was decided. `queue` is where the decision sent it, `earlier` the cases its sender had before
    within the period."""

    reference: str
    inbox_id: int
    sealed: bool
    queue: str
    decided_by: str
    classification: Classification
    earlier: int


async def decided_since(tx: Tx, moment: datetime) -> list[Decided]:
    """Every case opened since then by a message that is kept, oldest first."""
    rows = await tx.conn.execute(
        select(
            cases.c.reference,
            cases.c.sealed,
            cases.c.person_id,
            messages.c.inbox_id,
            decisions.c.decided_by,
            decisions.c.body,
            classifications.c.body.label("said"),
        )
        .join(decisions, decisions.c.case_id == cases.c.id)
        .join(messages, messages.c.id == decisions.c.message_id)
        .join(classifications, classifications.c.message_id == messages.c.id)
        .where(cases.c.received_at >= moment, messages.c.inbox_id.is_not(None))
        .order_by(cases.c.id)
    )
    seen: dict[int, int] = {}
    found = []
    for row in rows:
        earlier = seen.get(row.person_id, 0)
        seen[row.person_id] = earlier + 1
        found.append(
            Decided(
                reference=row.reference,
                inbox_id=row.inbox_id,
                sealed=row.sealed,
                queue=texts.read_json(row.body, register.DECISION)["queue"],
                decided_by=row.decided_by,
                classification=classification_from(texts.read_json(row.said, register.CLASSIFICATION)),
                earlier=earlier,
            )
        )
    return found


def classification_from(said: dict[str, Any]) -> Classification:
    """The classification that was kept as JSON (see Classification.as_json)."""
    flags = ("anonymous", "off_scope", "doctor", "urgent", "second_line")
    return Classification(
        language=said["language"],
        kind=said["kind"],
        flags={flag: bool(said[flag]) for flag in flags},  # type: ignore[misc]  # the closed list of flags
        department=said["department"],
        departments=tuple((name, p) for name, p in said["departments"]),
        probabilities=said["probabilities"],
        abstained=tuple(said["abstained_on"]),
        because=said.get("abstained_because", {}),
        evidence=tuple(Evidence(**item) for item in said["evidence"]),
        model=said["model"],
        # What was kept before these were told has none.
        languages=tuple(Passage(**item) for item in said.get("languages", ())),
    )
