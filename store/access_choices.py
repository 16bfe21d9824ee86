"""What people said of an answer to a request for access: which cases are in it, which notes and messages, what is masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from store import texts
from store.database import Tx
from store.family import goes_on_as
from store.schema import access_cases, access_items, cases, contacts, messages
from store.sql import insert
from store.viewer import Viewer

ALSO: Final = texts.Place("access_cases", "also")
SHOWN: Final = texts.Place("access_cases", "shown")
REASON: Final = texts.Place("access_items", "reason")
Kind = Literal["note", "message"]


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter in which something of a person stands: the case that goes on, and which of its family are the person's own.

    None of them is theirs where they only wrote in somebody else's case.
    """

    case_id: int
    reference: str
    sealed: bool
    own: Sequence[int]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was said of one case. `also` is masked beside what was found, `shown` was found wrongly."""

    taken: bool
    also: Sequence[str] = ()
    shown: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """A note or message that somebody put in or left out."""

    taken: bool
    reason: str


async def matters_of(tx: Tx, viewer: Viewer, person_id: int) -> list[Matter]:
    """The matters of a person that this viewer may open, the oldest first."""
    own = set(await tx.conn.scalars(select(cases.c.id).where(cases.c.person_id == person_id)))
    written = select(messages.c.case_id).join(contacts, contacts.c.id == messages.c.contact_id)
    wrote_in = written.where(contacts.c.person_id == person_id, messages.c.case_id.is_not(None)).distinct()
    found: dict[int, set[int]] = {}
    for case_id in sorted(own | set(await tx.conn.scalars(wrote_in))):
        root = await goes_on_as(tx, case_id)
        found.setdefault(int(root.id), set()).update({case_id} & own)
    query = select(cases.c.id, cases.c.reference, cases.c.sealed).where(cases.c.id.in_(found), viewer.may_see())
    rows = {row.id: row for row in await tx.conn.execute(query)}
    return [Matter(number, row.reference, row.sealed, sorted(found[number])) for number, row in sorted(rows.items())]


async def cases_of(tx: Tx, request_id: int) -> Mapping[int, Chosen]:
    """What was said of the cases of an answer, by case."""
    rows = await tx.conn.execute(select(access_cases).where(access_cases.c.request_id == request_id))
    return {
        row.case_id: Chosen(row.taken, texts.read_json(row.also, ALSO), texts.read_json(row.shown, SHOWN))
        for row in rows
    }


async def items_of(tx: Tx, request_id: int) -> Mapping[tuple[str, int], Put]:
    """What was put in or left out by hand, by kind and number."""
    rows = await tx.conn.execute(select(access_items).where(access_items.c.request_id == request_id))
    return {(row.kind, row.item_id): Put(row.taken, texts.read(row.reason, REASON)) for row in rows}


async def choose_case(tx: Tx, viewer: Viewer, request_id: int, case_id: int, chosen: Chosen, *, now: datetime) -> None:
    """Say whether a case is in the answer, and what is masked in it; the caller has made sure that this person may open it."""
    values = {
        "taken": chosen.taken,
        "also": texts.keep_json(list(chosen.also), ALSO),
        "shown": texts.keep_json(list(chosen.shown), SHOWN),
    }
    await _keep(tx, viewer, access_cases, {"request_id": request_id, "case_id": case_id}, values, now)


async def choose_item(
    tx: Tx, viewer: Viewer, request_id: int, case_id: int, item: tuple[str, int], put: Put, *, now: datetime
) -> None:
    """Put a note or a message of a case in, or leave it out; as `choose_case`."""
    values = {"case_id": case_id, "taken": put.taken, "reason": texts.keep(put.reason, REASON)}
    key = {"request_id": request_id, "kind": item[0], "item_id": item[1]}
    await _keep(tx, viewer, access_items, key, values, now)


async def _keep(tx: Tx, viewer: Viewer, table: Any, key: dict[str, Any], values: dict[str, Any], now: datetime) -> None:
    values = values | {"user_id": viewer.user_id, "at": now}
    statement = insert(tx, table).values(**key, **values)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
