"""A member's earlier cases while a colleague speaks with them: by their address or number, and by a name as a hint only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select

from channels.message import Sender
from store import numbers, people, search, texts
from store.cases import FIRST_WORDS
from store.database import Tx
from store.schema import cases, contacts
from store.schema import people as people_table
from store.viewer import Viewer

_MOST: Final = 6
# Of so many cases that hold the words of a name, it is looked whether their member bears it.
_LOOKED_AT: Final = 60


@dataclass(frozen=True, slots=True)
class Earlier:
    """One case. `sure`: the same address or member number; else only the name is the same."""

    reference: str
    person: str
    kind: str
    queue: str
    state: str
    language: str
    first_words: str
    received_at: datetime
    sure: bool


async def of_member(
    tx: Tx, viewer: Viewer, senders: Sequence[Sender], *, member_number: str = "", name: str = ""
) -> list[Earlier]:
    """Cases of whoever this is that the viewer may see: those tied by an address or number first, then open before closed and
    the latest first. A name ties nobody to anything: two members may bear the same."""
    known: list[ColumnElement[Any]] = [
        (contacts.c.kind == sender.kind) & (contacts.c.address == people.normalised(sender)) for sender in senders
    ]
    sure: list[Earlier] = []
    ids = select(contacts.c.person_id).where(or_(*known)) if known else None
    tied = [cases.c.person_id.in_(ids)] if ids is not None else []
    if member_number:
        tied.append(cases.c.person_id.in_(await numbers.people_with(tx, member_number)))
    if tied:
        sure = await _found(tx, viewer, or_(*tied), sure=True)
    seen = {case.reference for case in sure}
    if len(sure) < _MOST and len(search.words_of(name)) > 1:
        by_words = await search.find(tx, name, limit=_LOOKED_AT)
        wanted = sorted(search.words_of(name))
        for case in await _found(tx, viewer, cases.c.id.in_(by_words), sure=False, limit=_LOOKED_AT):
            if sorted(search.words_of(case.person)) == wanted and case.reference not in seen:
                sure.append(case)
    return sure[:_MOST]


async def _found(
    tx: Tx, viewer: Viewer, condition: ColumnElement[Any], *, sure: bool, limit: int = _MOST
) -> list[Earlier]:
    rows = await tx.conn.execute(
        select(cases, people_table.c.name.label("person_name"))
        .outerjoin(people_table, people_table.c.id == cases.c.person_id)
        .where(condition, cases.c.merged_into.is_(None), viewer.may_see())
        .order_by(cases.c.state.desc(), cases.c.received_at.desc(), cases.c.id.desc())
        .limit(limit)
    )
    return [
        Earlier(
            reference=row.reference,
            person=texts.read(row.person_name, people.NAME) if row.person_name is not None else "",
            kind=row.kind,
            queue=row.queue,
            state=row.state,
            language=row.language,
            first_words=texts.read(row.first_words, FIRST_WORDS),
            received_at=row.received_at,
            sure=sure,
        )
        for row in rows
    ]
