"""A person looks again at what the house decided about an item: a robot that is none, a held message that belongs or does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from store import audit, cases, people, texts
from store.database import Tx
from store.schema import classifications, held, inbox, message_files, messages
from store.viewer import Viewer

_ENVELOPE = texts.Place("inbox", "envelope")
# What a person said about an item; kept in its envelope, so that every later reading of it knows.
A_MEMBER = "said_to_be_a_member"
OWN_CASE = "said_to_be_its_own_case"


@dataclass(frozen=True, slots=True)
class Held:
    """A held message that waits for a decision."""

    id: int
    inbox_id: int
    case_id: int
    message_id: int | None


async def _waiting(tx: Tx, held_id: int) -> Held | None:
    row = (
        await tx.conn.execute(
            select(held.c.id, held.c.inbox_id, held.c.case_id, held.c.message_id).where(
                held.c.id == held_id, held.c.state == "waiting"
            )
        )
    ).one_or_none()
    return Held(*row) if row else None


async def join_held(tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> bool:
    """Let a held message join its case, and its sender be known there; False when it was decided before."""
    found = await _waiting(tx, held_id)
    if found is None or found.message_id is None:
        return False
    await _decided(tx, viewer, held_id, "joined", now)
    await tx.conn.execute(
        update(messages).where(messages.c.id == found.message_id).values(case_id=found.case_id, verified=False)
    )
    await tx.conn.execute(
        update(classifications).where(classifications.c.message_id == found.message_id).values(case_id=found.case_id)
    )
    contact_id = (
        await tx.conn.execute(select(messages.c.contact_id).where(messages.c.id == found.message_id))
    ).scalar()
    if contact_id is not None:
        await people.know_on_case(tx, found.case_id, contact_id, now=now)
    await tx.conn.execute(update(inbox).where(inbox.c.id == found.inbox_id).values(fate="joined"))
    detail = {"held": held_id, "contact": contact_id}
    await cases.change(
        tx,
        found.case_id,
        actor=f"user:{viewer.user_id}",
        act="message.joined_by_hand",
        now=now,
        detail=detail,
        unread=True,
    )
    return True


async def open_held(tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> int | None:
    """Let a held message be read again as a case of its own. Returns the item, or None when it was decided before."""
    found = await _waiting(tx, held_id)
    if found is None:
        return None
    await _decided(tx, viewer, held_id, "opened", now)
    if found.message_id is not None:
        # The item is recorded anew, with a message of its own; the held copy would stand beside it.
        await tx.conn.execute(delete(classifications).where(classifications.c.message_id == found.message_id))
        await tx.conn.execute(delete(message_files).where(message_files.c.message_id == found.message_id))
        await tx.conn.execute(update(held).where(held.c.id == held_id).values(message_id=None))
        await tx.conn.execute(delete(messages).where(messages.c.id == found.message_id))
    await _read_again(tx, found.inbox_id, OWN_CASE, now)
    await audit.write(
        tx,
        actor=f"user:{viewer.user_id}",
        act="message.opened_by_hand",
        at=now,
        case_id=found.case_id,
        detail={"held": held_id},
    )
    return found.inbox_id


async def not_a_robot(tx: Tx, viewer: Viewer, item_id: int, *, now: datetime) -> bool:
    """Let an item that was taken for an automatic message be read again as a person's; False when it was not."""
    fate = (await tx.conn.execute(select(inbox.c.fate).where(inbox.c.id == item_id))).scalar()
    if fate != "robot":
        return False
    await _read_again(tx, item_id, A_MEMBER, now)
    await audit.write(tx, actor=f"user:{viewer.user_id}", act="item.not_a_robot", at=now, detail={"item": item_id})
    return True


async def _decided(tx: Tx, viewer: Viewer, held_id: int, state: str, now: datetime) -> None:
    await tx.conn.execute(
        update(held).where(held.c.id == held_id).values(state=state, decided_at=now, decided_by=viewer.user_id)
    )


async def _read_again(tx: Tx, item_id: int, mark: str, now: datetime) -> None:
    stored = (await tx.conn.execute(select(inbox.c.envelope).where(inbox.c.id == item_id))).scalar_one()
    envelope = texts.read_json(stored, _ENVELOPE) | {mark: "1"}
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
