"""Cases that somebody looks for: by words, by a number or by an address of their member; for one viewer, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, false, or_, select

from store import numbers, search
from store.database import Tx
from store.schema import case_contacts, cases, contacts
from store.viewer import Viewer
from store.views import Row, row_of, row_query

# So many found cases are looked at together for who may not see them all: the others fall out afterwards.
_BATCH: Final = 200
# Looks before a search ends even though there may be more: who may see next to nothing must not make the house read it all.
_MOST_LOOKS: Final = 25
# Cases of the people found by a number or an address; who has more is found by words.
_MOST_OF_PEOPLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. A case is found by its words, or by the number or an address, (kind, address), of its member."""

    words: str = ""
    number: str = ""
    addresses: tuple[tuple[str, str], ...] = ()


async def found(tx: Tx, viewer: Viewer, asked: Asked, *, before: int | None = None, limit: int) -> list[Row]:
    """Cases that the viewer may read and that hold what is asked; `before` is the id of the last of the page before."""
    of_people = await _of_people(tx, viewer, asked, before)
    rows: list[Row] = []
    batch = limit if viewer.queues is None else max(limit, _BATCH)
    for _ in range(_MOST_LOOKS):
        ids = await search.find(tx, asked.words, before=before, limit=batch)
        # Only down to the last one found by words, so that the two keep one order from page to page.
        last = ids[-1] if len(ids) == batch else 0
        both = sorted({*ids, *(one for one in of_people if last <= one < (before or one + 1))}, reverse=True)
        rows += await _rows(tx, viewer, both)
        if len(rows) >= limit or not last:
            break
        before = last
    return rows[:limit]


async def _of_people(tx: Tx, viewer: Viewer, asked: Asked, before: int | None) -> Sequence[int]:
    conditions: list[ColumnElement[Any]] = []
    if asked.number:
        conditions.append(cases.c.person_id.in_(await numbers.people_with(tx, asked.number)))
    for kind, address in asked.addresses:
        of_contact = (
            select(case_contacts.c.case_id)
            .join(contacts, contacts.c.id == case_contacts.c.contact_id)
            .where(contacts.c.kind == kind, contacts.c.address == address)
        )
        conditions.append(cases.c.id.in_(of_contact))
    if not conditions:
        return ()
    query = select(cases.c.id).where(or_(*conditions), viewer.may_see())
    if before is not None:
        query = query.where(cases.c.id < before)
    query = query.order_by(cases.c.id.desc()).limit(_MOST_OF_PEOPLE)
    return list(await tx.conn.scalars(query))


async def _rows(tx: Tx, viewer: Viewer, ids: Iterable[int]) -> list[Row]:
    wanted = cases.c.id.in_(list(ids)) if ids else false()
    query = row_query().where(wanted, cases.c.merged_into.is_(None), viewer.may_see()).order_by(cases.c.id.desc())
    return [row_of(row, viewer) for row in await tx.conn.execute(query)]
