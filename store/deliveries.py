"""What reached us on an account in a period, for comparison with what its mailbox says, and for the alarm of silence."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from store.database import Tx
from store.schema import inbox

_WEEKS = 4
_AT_ONCE = 500


async def count(tx: Tx, account: str, since: datetime, until: datetime) -> int:
    """Deliveries received in that time (`until` not included), redeliveries of their items among them."""
    query = select(func.count() + func.coalesce(func.sum(inbox.c.redeliveries), 0)).where(
        inbox.c.account == account, inbox.c.received_at >= since, inbox.c.received_at < until
    )
    return int((await tx.conn.execute(query)).scalar_one())


async def unknown(tx: Tx, account: str, identities: Collection[str]) -> int:
    """How many of these external ids the inbox does not hold for the account."""
    wanted, known = sorted(identities), 0
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = select(func.count()).where(inbox.c.account == account, inbox.c.external_id.in_(some))
        known += int((await tx.conn.execute(query)).scalar_one())
    return len(wanted) - known


async def missing(tx: Tx, channel: str, account: str, external_ids: Collection[str]) -> frozenset[str]:
    """Those of these external ids that the inbox does not hold for this channel and account."""
    wanted, known = sorted(external_ids), set[str]()
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(inbox.c.external_id).where(
            inbox.c.channel == channel,
            inbox.c.account == account,
            inbox.c.external_id.in_(wanted[start : start + _AT_ONCE]),
        )
        known |= set((await tx.conn.execute(query)).scalars())
    return frozenset(wanted) - known


async def usual(tx: Tx, account: str, since: datetime, until: datetime) -> float:
    """How many items usually come between these two moments: the mean over the same hours of the four weeks before.

    Weeks before the account's first item do not count; 0 when there is none.
    """
    first = (await tx.conn.execute(select(func.min(inbox.c.received_at)).where(inbox.c.account == account))).scalar()
    found = []
    for week in range(1, _WEEKS + 1):
        back = timedelta(weeks=week)
        if first is None or first > since - back:
            break
        query = select(func.count()).where(
            inbox.c.account == account, inbox.c.received_at > since - back, inbox.c.received_at <= until - back
        )
        found.append(int((await tx.conn.execute(query)).scalar_one()))
    return sum(found) / len(found) if found else 0.0


async def accounts(tx: Tx, *, since: datetime) -> list[str]:
    """The accounts on which something was received since then, by name."""
    query = select(inbox.c.account).where(inbox.c.received_at >= since).distinct().order_by(inbox.c.account)
    return list((await tx.conn.execute(query)).scalars())


async def from_thread(tx: Tx, thread: str, *, since: datetime) -> int:
    """How many turns of one conversation's address (`inbox.thread`) have come since then."""
    query = select(func.count()).where(inbox.c.thread == thread, inbox.c.kept_at >= since)
    return int((await tx.conn.execute(query)).scalar_one())
