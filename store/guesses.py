"""What the classifier would have said of cases that wait for a person to say where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from store import cases as register
from store import texts
from store.database import Tx
from store.schema import cases, classifications
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Guess:
    """The department that the classifier thinks likeliest for a case, and how likely that is, 0 to 1."""

    department: str
    chance: float


async def of(tx: Tx, viewer: Viewer, case_ids: Sequence[int]) -> Mapping[int, Guess]:
    """By case, for those that the viewer may read and of which something was said."""
    if not case_ids:
        return {}
    rows = await tx.conn.execute(
        select(classifications.c.case_id, classifications.c.body)
        .join(cases, cases.c.id == classifications.c.case_id)
        .where(classifications.c.case_id.in_(list(case_ids)), viewer.may_see())
        .order_by(classifications.c.id)
    )
    found: dict[int, Guess] = {}
    for case_id, body in rows:
        ranked = texts.read_json(body, register.CLASSIFICATION).get("departments") or ()
        # The message that opened the case counts, and it comes first.
        if ranked and case_id not in found:
            found[case_id] = Guess(ranked[0][0], float(ranked[0][1]))
    return found
