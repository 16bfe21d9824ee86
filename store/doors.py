"""How each door does: what came in last and what waits, what went out last and what does not, and the fates of each day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import and_, case, func, select

from config.vocabulary import CHANNELS
from store.database import Tx
from store.schema import inbox, outbox

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entrance:
    """One account on which messages come in. `waiting` have no fate yet, `lately` came within 24 hours."""

    channel: str
    account: str
    last_at: datetime
    lately: int
    waiting: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Exit:
    """One channel by which messages go out. `refused` never arrived, of those that ended within 24 hours; `code` is what
    was said of the last of them."""

    channel: str
    last_at: datetime | None
    waiting: int
    oldest: datetime | None
    refused: int
    code: str


@dataclass(frozen=True, slots=True)
class DayOfFates:
    """What came in on a day (of Brussels) by one channel, by fate. `open`: no fate yet."""

    day: date
    channel: str
    items: int
    fates: Mapping[str, int]

    @property
    def open(self) -> int:
        """How many have no fate."""
        return self.items - sum(self.fates.values())


@dataclass(frozen=True, slots=True)
class Trial:
    """A test message of ours to somebody of ours. `code` is what the server last said of it, `receipt` how far the provider says
    that it came since, and `receipt_code` why not further."""

    at: datetime
    state: str
    code: str
    ended_at: datetime | None
    receipt: str
    receipt_code: str

    @property
    def end(self) -> str:
        """What became of it: "waits", "sent", "delivered" or "failed"."""
        if self.state == "failed" or self.receipt in ("failed", "undelivered"):
            return "failed"
        if self.receipt in ("delivered", "read"):
            return "delivered"
        return "sent" if self.state == "sent" else "waits"

    @property
    def why(self) -> str:
        """Why it did not arrive, or not yet; "" where it did."""
        if self.end in ("sent", "delivered"):
            return ""
        return self.receipt_code or self.code


async def entrances(tx: Tx, *, now: datetime) -> list[Entrance]:
    """Every account on which something ever came, by channel and name."""
    undecided = inbox.c.fate.is_(None)
    rows = await tx.conn.execute(
        select(
            inbox.c.channel,
            inbox.c.account,
            func.max(inbox.c.received_at),
            func.count().filter(inbox.c.received_at > now - _DAY),
            func.count().filter(undecided),
            func.min(inbox.c.received_at).filter(undecided),
        )
        .group_by(inbox.c.channel, inbox.c.account)
        .order_by(inbox.c.channel, inbox.c.account)
    )
    return [Entrance(*row) for row in rows]


async def oldest_waiting(tx: Tx) -> dict[tuple[str, str], datetime]:
    """When the oldest item came in that has no fate yet, by channel and account."""
    rows = await tx.conn.execute(
        select(inbox.c.channel, inbox.c.account, func.min(inbox.c.received_at))
        .where(inbox.c.state.in_(("waiting", "taken")), inbox.c.fate.is_(None))
        .group_by(inbox.c.channel, inbox.c.account)
    )
    return {(channel, account): oldest for channel, account, oldest in rows}


async def last_by(tx: Tx, channel: str, account: str) -> datetime | None:
    """When something came in by a door, the last time."""
    query = select(inbox.c.received_at).where(inbox.c.channel == channel, inbox.c.account == account)
    found: datetime | None = (await tx.conn.execute(query.order_by(inbox.c.id.desc()).limit(1))).scalar()
    return found


async def doors_of(tx: Tx, accounts: Sequence[str]) -> list[tuple[str, str]]:
    """The channels by which something ever came on these accounts. Asked one by one, each is one look into the index."""
    named = [(channel, account) for account in accounts for channel in CHANNELS]
    return [name for name in named if await last_by(tx, *name) is not None]


async def doors_of_channel(tx: Tx, channel: str) -> list[tuple[str, str]]:
    """The accounts on which something ever came by a channel."""
    rows = await tx.conn.execute(select(inbox.c.account).where(inbox.c.channel == channel).distinct())
    return [(channel, account) for account in rows.scalars()]


async def exits(tx: Tx, *, now: datetime) -> list[Exit]:
    """Every channel by which something was ever to go out. What is not due yet does not wait."""
    waits = and_(outbox.c.state.in_(("waiting", "taken")), outbox.c.due_at <= now)
    refused = and_(outbox.c.state == "failed", outbox.c.ended_at > now - _DAY)
    rows = await tx.conn.execute(
        select(
            outbox.c.channel,
            func.max(outbox.c.ended_at).filter(outbox.c.state == "sent").label("last_at"),
            func.count().filter(waits).label("waiting"),
            func.min(outbox.c.created_at).filter(waits).label("oldest"),
            func.count().filter(refused).label("refused"),
        )
        .group_by(outbox.c.channel)
        .order_by(outbox.c.channel)
    )
    found = rows.all()
    last = select(outbox.c.code).where(outbox.c.state == "failed").order_by(outbox.c.ended_at.desc()).limit(1)
    codes = {
        row.channel: (await tx.conn.execute(last.where(outbox.c.channel == row.channel))).scalar()
        for row in found
        if row.refused
    }
    return [
        Exit(row.channel, row.last_at, row.waiting, row.oldest, row.refused, codes.get(row.channel) or "")
        for row in found
    ]


async def fates(tx: Tx, days: Sequence[tuple[date, datetime]], *, until: datetime) -> list[DayOfFates]:
    """The fates of what came in before `until` on each of these days, given with the moments when they begin, the latest first.
    Days without anything are left out."""
    which = case(*((inbox.c.received_at >= start, number) for number, (_, start) in enumerate(days)), else_=-1)
    rows = await tx.conn.execute(
        select(which.label("which"), inbox.c.channel, inbox.c.fate, func.count())
        .where(inbox.c.received_at >= days[-1][1], inbox.c.received_at < until)
        .group_by("which", inbox.c.channel, inbox.c.fate)
    )
    found: dict[tuple[int, str], dict[str, int]] = {}
    for number, channel, fate, count in rows:
        found.setdefault((number, channel), {})[fate or ""] = int(count)
    return [
        DayOfFates(
            days[number][0], channel, sum(by_fate.values()), {fate: count for fate, count in by_fate.items() if fate}
        )
        for (number, channel), by_fate in sorted(found.items())
    ]


async def last_trial(tx: Tx, prefix: str) -> Trial | None:
    """The latest test message whose key begins so; None when there was none."""
    query = select(
        outbox.c.created_at,
        outbox.c.state,
        outbox.c.code,
        outbox.c.ended_at,
        outbox.c.receipt,
        outbox.c.receipt_code,
    )
    query = query.where(outbox.c.key.startswith(prefix, autoescape=True)).order_by(outbox.c.id.desc()).limit(1)
    row = (await tx.conn.execute(query)).one_or_none()
    return Trial(*row) if row else None


def in_sum(days: Sequence[DayOfFates]) -> Mapping[str, int]:
    """All days together, by fate."""
    total: dict[str, int] = {}
    for day in days:
        for fate, count in day.fates.items():
            total[fate] = total.get(fate, 0) + count
    return total
