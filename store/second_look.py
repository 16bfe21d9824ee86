"""A person looks again at what the house decided about an item: a robot that is none, a held message that belongs or does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select, update

from store import audit, texts
from store.database import Tx
from store.schema import classifications, held, inbox, message_files, messages
from store.viewer import Viewer

_ENVELOPE = texts.Place("inbox", "envelope")
# What a person said about an item; kept in its envelope, so that every later reading of it knows.
A_MEMBER = "said_to_be_a_member"
OWN_CASE = "said_to_be_its_own_case"
TO_JOIN = "said_to_join"
MARKS = (A_MEMBER, OWN_CASE, TO_JOIN)


async def join_held(tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> int | None:
    """Let a held message join its case, and its sender be known there. Returns the item, or None when decided before.

    The item is read again with what the person said, so that all that joining does (sealing, reopening, distress) is done
    in one place.
    """
    return await _decide(tx, viewer, held_id, "joined", now)


async def open_held(tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> int | None:
    """Let a held message be read again as a case of its own. Returns the item, or None when it was decided before."""
    return await _decide(tx, viewer, held_id, "opened", now)


async def _decide(tx: Tx, viewer: Viewer, held_id: int, state: str, now: datetime) -> int | None:
    found = (
        await tx.conn.execute(
            update(held)
            .where(held.c.id == held_id, held.c.state == "waiting")
            .values(state=state, decided_at=now, decided_by=viewer.user_id, message_id=None)
            .returning(held.c.inbox_id, held.c.case_id)
        )
    ).one_or_none()
    if found is None:
        return None
    # The item is recorded anew, with a message of its own; the held copy would stand beside it.
    copies = select(messages.c.id).where(messages.c.inbox_id == found.inbox_id, messages.c.case_id.is_(None))
    await tx.conn.execute(delete(classifications).where(classifications.c.message_id.in_(copies)))
    await tx.conn.execute(delete(message_files).where(message_files.c.message_id.in_(copies)))
    await tx.conn.execute(delete(messages).where(messages.c.inbox_id == found.inbox_id, messages.c.case_id.is_(None)))
    mark = {OWN_CASE: "1"} if state == "opened" else {TO_JOIN: str(found.case_id)}
    await _read_again(tx, found.inbox_id, mark, now)
    await audit.write(
        tx,
        actor=f"user:{viewer.user_id}",
        act="held.own_case" if state == "opened" else "held.joined",
        at=now,
        case_id=found.case_id,
        detail={"held": held_id},
    )
    return int(found.inbox_id)


async def not_a_robot(tx: Tx, viewer: Viewer, item_id: int, *, now: datetime) -> bool:
    """Let an item that was taken for an automatic message be read again as a person's; False when it was not."""
    taken = await tx.conn.execute(
        update(inbox).where(inbox.c.id == item_id, inbox.c.fate == "robot").values(fate=None, fate_at=None)
    )
    if taken.rowcount != 1:
        return False
    await _read_again(tx, item_id, {A_MEMBER: "1"}, now)
    await audit.write(tx, actor=f"user:{viewer.user_id}", act="item.not_a_robot", at=now, detail={"item": item_id})
    return True


async def _read_again(tx: Tx, item_id: int, marks: Mapping[str, str], now: datetime) -> None:
    stored = (await tx.conn.execute(select(inbox.c.envelope).where(inbox.c.id == item_id))).scalar_one()
    envelope = texts.read_json(stored, _ENVELOPE) | marks
    await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item_id)
        .values(
            envelope=texts.keep_json(envelope, _ENVELOPE),
            state="waiting",
            attempts=0,
            due_at=now,
            fate=None,
            fate_at=None,
            case_id=None,
        )
    )
