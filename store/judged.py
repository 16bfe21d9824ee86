"""What the classifier said of the cases of a period, beside what holds after people corrected it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from store import cases as register
from store import labels, texts
from store.database import Tx
from store.schema import cases, classifications, corrections
from store.viewer import Viewer

# Of more cases than this, the latest are enough to tell how the classifier does.
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One case. `said` and `right` are labels as in store.labels; `probabilities` as the classifier gave them; `settled`: a
    person has closed the case or corrected a label, so that what was left alone counts as right."""

    reference: str
    received_at: datetime
    language: str
    model: str
    said: Mapping[str, Any]
    right: Mapping[str, Any]
    probabilities: Mapping[str, Any]
    abstained: bool
    settled: bool


async def listing(tx: Tx, viewer: Viewer, since: datetime, until: datetime) -> list[Judged]:
    """The cases received from `since` up to, not including, `until`, the latest first, by the message that opened each."""
    first = (
        select(classifications.c.case_id, func.min(classifications.c.id).label("id"))
        .join(cases, cases.c.id == classifications.c.case_id)
        .where(cases.c.received_at >= since, cases.c.received_at < until, viewer.may_see())
        .group_by(classifications.c.case_id)
        .subquery()
    )
    rows = (
        await tx.conn.execute(
            select(
                cases.c.id,
                cases.c.reference,
                cases.c.received_at,
                cases.c.language,
                cases.c.state,
                classifications.c.message_id,
                classifications.c.model,
                classifications.c.body,
            )
            .join(first, first.c.case_id == cases.c.id)
            .join(classifications, classifications.c.id == first.c.id)
            .order_by(cases.c.received_at.desc(), cases.c.id.desc())
            .limit(MOST)
        )
    ).all()
    wanted: dict[int, list[Mapping[str, Any]]] = {}
    standing = (
        select(corrections.c.message_id, corrections.c.wanted)
        .join(cases, cases.c.id == corrections.c.case_id)
        .where(cases.c.received_at >= since, cases.c.received_at < until, corrections.c.undone_at.is_(None))
        .order_by(corrections.c.id)
    )
    for message_id, labels_wanted in await tx.conn.execute(standing):
        wanted.setdefault(message_id, []).append(labels_wanted)
    # Thousands of texts are opened and read: that is work for a thread.
    return await asyncio.to_thread(_judged, rows, wanted)


async def hidden(tx: Tx, viewer: Viewer, since: datetime, until: datetime) -> int:
    """How many cases of the period the viewer may not read, and are therefore not counted."""
    period = (cases.c.received_at >= since, cases.c.received_at < until, viewer.may_list())
    query = select(func.count()).select_from(cases).where(*period, ~viewer.may_see())
    return int((await tx.conn.execute(query)).scalar_one())


def _judged(rows: Sequence[Any], wanted: Mapping[int, Sequence[Mapping[str, Any]]]) -> list[Judged]:
    found = []
    for row in rows:
        body = texts.read_json(row.body, register.CLASSIFICATION)
        said = labels.said(body)
        corrected = wanted.get(row.message_id, ())
        found.append(
            Judged(
                reference=row.reference,
                received_at=row.received_at,
                language=row.language,
                model=row.model,
                said=said,
                right=labels.standing(said, corrected),
                probabilities=body["probabilities"],
                abstained=bool(body["abstained"]),
                settled=row.state == "closed" or bool(corrected),
            )
        )
    return found
