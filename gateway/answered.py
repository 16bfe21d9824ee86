"""A member who answers a colleague by text message or on Telegram is heard in that case, and not by the robot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, select

from gateway.adding import add_to_case
from gateway.arrival import Arrival, Recorded
from gateway.house import House
from router.joining import Proof, join
from store import conversations, people, threads
from store.database import Tx
from store.schema import messages, outbox

# Who was written to by a person may take so long to answer; later it is a matter of its own.
_ANSWERS_WITHIN: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class _Written:
    case_id: int
    at: datetime


async def in_their_case(tx: Tx, house: House, arrival: Arrival, *, now: datetime) -> Recorded | None:
    """The message recorded in the case in which a colleague last wrote to this address; None when the robot is to answer:
    nobody has written, or the member has been talking with it since."""
    known = await people.find_contact(tx, arrival.writer) if arrival.writer else None
    if known is None:
        return None
    written = await _written_to(tx, known.id, since=now - _ANSWERS_WITHIN)
    if written is None:
        return None
    message = arrival.message
    talk = await conversations.latest(tx, message.channel, message.account, known.address)
    if talk is not None and (talk.stage != "ended" or talk.heard_at > written.at):
        return None
    current = await threads.current(tx, written.case_id, held=True)
    if current is None:
        return None
    joining = join((Proof("conversation", str(current.id)),), sender_known=True, authentication="unknown")
    return await add_to_case(tx, house, arrival, joining, current, known, now)


async def _written_to(tx: Tx, contact_id: int, *, since: datetime) -> _Written | None:
    query = (
        select(messages.c.case_id, messages.c.at)
        # An answer that was taken back has not been given.
        .join(outbox, and_(outbox.c.message_id == messages.c.id, outbox.c.state != "cancelled"))
        .where(
            messages.c.contact_id == contact_id,
            messages.c.direction == "out",
            messages.c.author_id.is_not(None),
            messages.c.case_id.is_not(None),
            messages.c.at >= since,
        )
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    return _Written(row.case_id, row.at) if row else None
