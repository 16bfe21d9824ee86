"""Whose case it is: one member, or after a merge of cases of several people, each of them with the cases that are theirs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from store import people, texts
from store.database import Tx
from store.family import family
from store.schema import cases
from store.schema import people as people_table


@dataclass(frozen=True, slots=True)
class Party:
    """One member of a case: `case_ids` are theirs, the one by which they are written to first; `others` are the ids of the
    people whose addresses are not theirs."""

    person_id: int | None
    name: str
    case_ids: Sequence[int]
    others: Collection[int]


async def of_case(tx: Tx, case_id: int) -> list[Party]:
    """The members of a case that goes on, its own first. Whom nobody could name is somebody of their own in each case."""
    query = (
        select(cases.c.id, cases.c.person_id, people_table.c.name)
        .outerjoin(people_table, people_table.c.id == cases.c.person_id)
        .where(cases.c.id.in_(family(case_id)))
        .order_by((cases.c.id == case_id).desc(), cases.c.id)
    )
    rows = (await tx.conn.execute(query)).all()
    everybody = {row.person_id for row in rows if row.person_id is not None}
    found: dict[tuple[str, int], list[int]] = {}
    names: dict[tuple[str, int], str] = {}
    for row in rows:
        key = ("person", row.person_id) if row.person_id is not None else ("case", row.id)
        found.setdefault(key, []).append(row.id)
        names[key] = texts.read(row.name, people.NAME) if row.name is not None else ""
    return [
        Party(
            person_id=number if kind == "person" else None,
            name=names[kind, number],
            case_ids=case_ids,
            others=everybody - ({number} if kind == "person" else set()),
        )
        for (kind, number), case_ids in found.items()
    ]
