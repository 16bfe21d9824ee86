"""Where words stand in the cases of a page of results: what each says, for who may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import LargeBinary, Select, String, func, literal, select, type_coerce, union_all

from config.directions import straight
from store import cases as register
from store import outbox, texts
from store.database import Tx
from store.schema import cases, message_files, messages, notes
from store.viewer import Viewer

# A message of the member, one of ours, one to or from a department, an internal note, the name of a file.
Where = Literal["in", "out", "department", "note", "file"]
# What of one case is looked through for one line of a list: the newest texts, until they are so many bytes. A case of years must
# not make the page of fifty slow; what stands deeper is found all the same, and read on the case.
_MOST_BYTES: Final = 40_000
_PLACES: Final[dict[str, tuple[Where, texts.Place]]] = {
    "in": ("in", register.REPLY),
    "out": ("out", register.REPLY),
    "ask": ("department", register.REPLY),
    "dep": ("department", register.REPLY),
    "note": ("note", register.NOTE),
    "file": ("file", register.FILE_NAME),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One text of a case, or of one that was merged into it."""

    case_id: int
    where: Where
    text: str


async def pieces(tx: Tx, viewer: Viewer, ids: Sequence[int]) -> list[Piece]:
    """The texts of these cases that the viewer may read, the newest of each kind first. Nothing of sealed cases: who may open one
    does that with a reason, not by the way."""
    goes_on = await _families(tx, viewer, ids)
    if not goes_on:
        return []
    # By their numbers, and not joined: a planner that does not know how few they are reads all messages instead.
    members = sorted(goes_on)
    noted = select(notes.c.case_id, literal("note", String), notes.c.id, notes.c.text)
    noted = noted.where(notes.c.case_id.in_(members))
    of_these = select(messages.c.id).where(messages.c.case_id.in_(members))
    named = select(messages.c.case_id, literal("file", String), message_files.c.id, message_files.c.name)
    named = named.join(messages, messages.c.id == message_files.c.message_id)
    named = named.where(message_files.c.message_id.in_(of_these), message_files.c.inline.is_(False))
    found = await tx.conn.execute(union_all(_said(members), noted, named))
    rows = sorted(found.all(), key=lambda row: row[2], reverse=True)
    # A line of a list is one among others: nothing in it may turn it round (rule M14).
    return [
        Piece(goes_on[row[0]], _PLACES[row[1]][0], straight(texts.read(row[3], _PLACES[row[1]][1]))) for row in rows
    ]


async def _families(tx: Tx, viewer: Viewer, ids: Sequence[int]) -> dict[int, int]:
    """The cases and what was merged into them, each with the one of these that it goes on in."""
    if not ids:
        return {}
    own = (
        select(cases.c.id.label("root"), cases.c.id.label("member"))
        .where(cases.c.id.in_(ids), viewer.may_see(), cases.c.sealed.is_(False))
        .cte("own", recursive=True)
    )
    # UNION, as for one family: merges that went in a circle would end.
    every = own.union(select(own.c.root, cases.c.id).join(own, cases.c.merged_into == own.c.member))
    return {row.member: row.root for row in await tx.conn.execute(select(every))}


def _said(members: Sequence[int]) -> Select[Any]:
    """What was said on each case and is not automatic, the newest until it is enough."""
    # What is searched for is what a message adds; where nothing of it could be told from what it quotes, all of it.
    body = func.coalesce(func.nullif(messages.c.reply, literal(b"", LargeBinary)), messages.c.text)
    size = func.length(body)
    before = func.sum(size).over(partition_by=messages.c.case_id, order_by=messages.c.id.desc()) - size
    said = (
        select(
            messages.c.case_id,
            messages.c.direction,
            messages.c.id,
            type_coerce(body, LargeBinary).label("body"),
            before.label("before"),
        )
        .where(
            messages.c.case_id.in_(members),
            messages.c.auto.is_(False),
            messages.c.direction.in_(("in", "out", "ask", "dep")),
            ~outbox.TAKEN_BACK,
        )
        .subquery()
    )
    return select(said.c.case_id, said.c.direction, said.c.id, said.c.body).where(said.c.before < _MOST_BYTES)
