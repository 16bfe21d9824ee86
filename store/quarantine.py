"""The quarantine: what could not be processed, kept whole, shown to supervisors, and replayed once the cause is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import and_, select, update

from store import audit
from store.database import Tx
from store.schema import cases, inbox
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Kept:
    """One item in quarantine. `error` says what went wrong in words that hold nothing of the message."""

    id: int
    channel: str
    account: str
    size: int
    received_at: datetime
    attempts: int
    error: str


# Why nobody waits for an answer to something: a closed list, since the audit holds no words of anybody.
Reason = Literal["advertising", "copy", "test", "machine", "empty"]


@dataclass(frozen=True, slots=True)
class Aside:
    """An item that was set aside, and when."""

    id: int
    channel: str
    account: str
    received_at: datetime
    at: datetime


async def listing(tx: Tx, *, limit: int = 500) -> list[Kept]:
    """What is kept, oldest first."""
    rows = await tx.conn.execute(
        select(
            inbox.c.id,
            inbox.c.channel,
            inbox.c.account,
            inbox.c.size,
            inbox.c.received_at,
            inbox.c.attempts,
            inbox.c.error,
        )
        .where(inbox.c.state == "quarantined")
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return [Kept(*row[:6], row.error or "") for row in rows]


@dataclass(frozen=True, slots=True)
class Again:
    """What became of an item that was tried again. `fate` is "" while it is read; `reference` names its case, "" where there is
    none, or none that the viewer may open."""

    id: int
    channel: str
    received_at: datetime
    fate: str
    has_case: bool
    reference: str


async def after_again(tx: Tx, viewer: Viewer, items: Sequence[int]) -> list[Again]:
    """What became of some items, as far as the viewer may know."""
    rows = await tx.conn.execute(
        select(inbox.c.id, inbox.c.channel, inbox.c.received_at, inbox.c.fate, inbox.c.case_id, cases.c.reference)
        .outerjoin(cases, and_(cases.c.id == inbox.c.case_id, viewer.may_see()))
        .where(inbox.c.id.in_(items))
        .order_by(inbox.c.id)
    )
    return [
        Again(row.id, row.channel, row.received_at, row.fate or "", row.case_id is not None, row.reference or "")
        for row in rows
    ]


async def replay(tx: Tx, item_id: int, *, actor: str, now: datetime) -> bool:
    """Let one item be tried again from the beginning; False when it is not in quarantine."""
    done = await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item_id, inbox.c.state == "quarantined")
        .values(state="waiting", attempts=0, due_at=now, fate=None, fate_at=None)
    )
    if done.rowcount == 1:
        await audit.write(tx, actor=actor, act="quarantine.replay", at=now, detail={"item": item_id})
    return bool(done.rowcount == 1)


# In the envelope of what was typed in by hand: the item that could not be read.
TYPED_FROM: Final = "typed_from"


async def typed_in(tx: Tx, item_id: int, *, actor: str, now: datetime) -> bool:
    """A colleague typed this item in by hand, which is its fate; False when it is not in quarantine any more."""
    done = await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item_id, inbox.c.state == "quarantined")
        .values(state="done", fate="typed", fate_at=now)
    )
    if done.rowcount == 1:
        await audit.write(tx, actor=actor, act="quarantine.typed", at=now, detail={"item": item_id})
    return bool(done.rowcount == 1)


async def set_aside(tx: Tx, item_id: int, *, reason: Reason, actor: str, now: datetime) -> bool:
    """Nobody waits for an answer to this item, and somebody who read it says why, which is its fate. It stays whole, and
    `bring_back` undoes it. False when it is not in quarantine any more."""
    done = await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item_id, inbox.c.state == "quarantined")
        .values(state="done", fate="set_aside", fate_at=now)
    )
    if done.rowcount == 1:
        detail = {"item": item_id, "reason": reason}
        await audit.write(tx, actor=actor, act="quarantine.set_aside", at=now, detail=detail)
    return bool(done.rowcount == 1)


async def bring_back(tx: Tx, item_id: int, *, actor: str, now: datetime) -> bool:
    """It is in quarantine again, as it was; False when it was not set aside."""
    done = await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item_id, inbox.c.state == "done", inbox.c.fate == "set_aside")
        .values(state="quarantined", fate="quarantined", fate_at=now)
    )
    if done.rowcount == 1:
        await audit.write(tx, actor=actor, act="quarantine.back", at=now, detail={"item": item_id})
    return bool(done.rowcount == 1)


async def were_set_aside(tx: Tx, *, limit: int = 20) -> list[Aside]:
    """What was set aside, the latest first."""
    columns = (inbox.c.id, inbox.c.channel, inbox.c.account, inbox.c.received_at, inbox.c.fate_at)
    query = select(*columns).where(inbox.c.fate == "set_aside").order_by(inbox.c.fate_at.desc()).limit(limit)
    return [Aside(*row) for row in await tx.conn.execute(query)]


async def became(tx: Tx, item_id: int, case_id: int | None) -> None:
    """What was typed in from this item is a case now: both lead there."""
    await tx.conn.execute(update(inbox).where(inbox.c.id == item_id, inbox.c.fate == "typed").values(case_id=case_id))


async def one(tx: Tx, item_id: int) -> Kept | None:
    """One item that is kept; None when it is not (any more)."""
    return next((item for item in await listing(tx) if item.id == item_id), None)
