"""Figures of the outbox: what waits to go out and since when, and how much has gone by a channel or to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, bindparam, case, func, or_, select, text

from store.database import Tx
from store.outbox import Outgoing, thread_to
from store.schema import outbox

_ABOUT_CASE: Final = case(
    (and_(outbox.c.case_id == bindparam("about"), outbox.c.created_at > bindparam("about_since")), 1), else_=0
)
_AUTOMATIC_SINCE: Final = select(func.coalesce(func.sum(_ABOUT_CASE), 0), func.count()).where(
    outbox.c.contact_id == bindparam("contact"),
    outbox.c.auto.is_(True),
    # Links and codes that somebody asks for have limits of their own, and must not keep a receipt from going out.
    outbox.c.message_id.is_not(None),
    outbox.c.created_at > bindparam("since"),
    outbox.c.state != "cancelled",
)


@dataclass(frozen=True, slots=True)
class LastHour:
    """What went out by a channel since a moment: to one address, and to all."""

    to_address: int
    to_all: int


async def last_with(tx: Tx, prefix: str) -> datetime | None:
    """When the last message whose key begins so went out or is to go out; None when there was none."""
    query = select(func.max(outbox.c.due_at)).where(outbox.c.key.startswith(prefix, autoescape=True))
    found: datetime | None = (await tx.conn.execute(query)).scalar()
    return found


async def automatic_since(
    tx: Tx, *, contact_id: int, case_id: int | None, about_case_since: datetime, since: datetime
) -> tuple[int, int]:
    """Automatic messages to a contact: (about this case since `about_case_since`, in all since `since`)."""
    asked = {"contact": contact_id, "about": case_id, "about_since": about_case_since, "since": since}
    row = (await tx.run(_AUTOMATIC_SINCE, asked)).one()
    return int(row[0]), int(row[1])


async def next_due(tx: Tx) -> datetime | None:
    """When the next waiting message becomes due; None when none waits."""
    row = (
        await tx.conn.execute(
            select(outbox.c.due_at).where(outbox.c.state == "waiting").order_by(outbox.c.due_at).limit(1)
        )
    ).one_or_none()
    return row.due_at if row else None


async def waiting(tx: Tx) -> tuple[int, datetime | None]:
    """How many messages wait to go out, and since when the oldest does."""
    row = (
        await tx.conn.execute(
            select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.state.in_(("waiting", "taken")))
        )
    ).one()
    return int(row[0]), row[1]


async def gone_since(tx: Tx, outgoing: Outgoing, since: datetime) -> LastHour:
    """What has gone by the same channel since then, or is about to before this message.

    Until the transaction ends no other worker counts the same: two must not both take the last place.
    """
    if not tx.is_sqlite:
        lock = text("SELECT pg_advisory_xact_lock(2, hashtext(:channel))")
        await tx.conn.execute(lock, {"channel": outgoing.message.channel})
    gone = or_(
        and_(outbox.c.state == "taken", outbox.c.id < outgoing.id),
        and_(outbox.c.state == "sent", outbox.c.ended_at > since),
    )
    same = case((outbox.c.thread == thread_to(outgoing.message), 1), else_=0)
    query = select(func.coalesce(func.sum(same), 0), func.count()).where(
        outbox.c.channel == outgoing.message.channel, gone
    )
    row = (await tx.conn.execute(query)).one()
    return LastHour(int(row[0]), int(row[1]))
