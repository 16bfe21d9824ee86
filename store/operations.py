"""What operators and the clock ask of the register: heartbeats, runs of periodic jobs, clocks that fall due, fates counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import String, cast, func, literal, or_, select, update

from store.database import Tx
from store.schema import audit, cases, clock_runs, deadlines, heartbeats, held, inbox, outbox
from store.sql import insert

# The parts of the house whose signs of life bear the name of a process, a new one at every start.
_PARTS: Final = ("web", "mail", "worker", "clock")


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life of a process or of a mailbox."""

    name: str
    state: str
    detail: Mapping[str, Any]
    at: datetime


async def beat(tx: Tx, name: str, state: str, detail: Mapping[str, Any], *, now: datetime) -> None:
    """Leave a sign of life; `detail` holds numbers and labels, never personal data."""
    values = {"state": state, "detail": dict(detail), "at": now}
    statement = insert(tx, heartbeats).values(name=name, **values)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


async def beats(tx: Tx) -> list[Beat]:
    """Every sign of life, by name."""
    query = select(heartbeats.c.name, heartbeats.c.state, heartbeats.c.detail, heartbeats.c.at)
    return [Beat(*row) for row in await tx.conn.execute(query.order_by(heartbeats.c.name))]


async def beat_of(tx: Tx, name: str) -> Beat | None:
    """One sign of life, by its name."""
    query = select(heartbeats.c.name, heartbeats.c.state, heartbeats.c.detail, heartbeats.c.at)
    row = (await tx.conn.execute(query.where(heartbeats.c.name == name))).one_or_none()
    return Beat(*row) if row else None


async def first_to_run(tx: Tx, job: str, slot: str, *, now: datetime) -> bool:
    """Take one run of a periodic job, inside the transaction that does it; False when another clock has done it."""
    statement = insert(tx, clock_runs).values(job=job, slot=slot, at=now, result={})
    return bool((await tx.conn.execute(statement.on_conflict_do_nothing())).rowcount == 1)


async def has_run(tx: Tx, job: str, slot: str) -> bool:
    """Whether this run was done already."""
    query = select(func.count()).where(clock_runs.c.job == job, clock_runs.c.slot == slot)
    return bool((await tx.conn.execute(query)).scalar_one())


async def last_result(tx: Tx, job: str) -> tuple[datetime, Mapping[str, Any]] | None:
    """When a periodic job was last done, and what it found; None when it never was."""
    query = select(clock_runs.c.at, clock_runs.c.result).where(clock_runs.c.job == job)
    row = (await tx.conn.execute(query.order_by(clock_runs.c.at.desc()).limit(1))).one_or_none()
    return (row.at, row.result) if row else None


async def note_result(tx: Tx, job: str, slot: str, result: Mapping[str, Any]) -> None:
    """Keep what a run found."""
    await tx.conn.execute(
        update(clock_runs).where(clock_runs.c.job == job, clock_runs.c.slot == slot).values(result=dict(result))
    )


@dataclass(frozen=True, slots=True)
class DueClock:
    """A running clock of an open case that is near or past its day."""

    id: int
    case_id: int
    reference: str
    clock: str
    due_on: date
    reminders: int
    queue: str
    sealed: bool


async def clocks_due(tx: Tx, *, until: date, limit: int = 50_000) -> list[DueClock]:
    """Running clocks due by `until` which have not been escalated yet, the earliest first."""
    rows = await tx.conn.execute(
        select(
            deadlines.c.id,
            deadlines.c.case_id,
            cases.c.reference,
            deadlines.c.clock,
            deadlines.c.due_on,
            deadlines.c.reminders,
            cases.c.queue,
            cases.c.sealed,
        )
        .join(cases, cases.c.id == deadlines.c.case_id)
        .where(
            deadlines.c.state == "running",
            deadlines.c.due_on <= until,
            deadlines.c.escalated_at.is_(None),
            cases.c.state == "open",
        )
        .order_by(deadlines.c.due_on, deadlines.c.id)
        .limit(limit)
    )
    return [DueClock(*row) for row in rows]


async def held_since(tx: Tx, moment: datetime) -> list[int]:
    """Cases named by messages that have been held since before that moment and wait for a decision."""
    rows = await tx.conn.execute(
        select(held.c.case_id).distinct().where(held.c.state == "waiting", held.c.at < moment).order_by(held.c.case_id)
    )
    return list(rows.scalars())


async def reminded(tx: Tx, clock: DueClock) -> bool:
    """Count a reminder; False when another clock process has counted it."""
    done = await tx.conn.execute(
        update(deadlines)
        .where(deadlines.c.id == clock.id, deadlines.c.reminders == clock.reminders)
        .values(reminders=clock.reminders + 1)
    )
    return bool(done.rowcount == 1)


async def escalated(tx: Tx, clock: DueClock, *, now: datetime) -> bool:
    """Mark a missed clock; False when another clock process has done it."""
    done = await tx.conn.execute(
        update(deadlines).where(deadlines.c.id == clock.id, deadlines.c.escalated_at.is_(None)).values(escalated_at=now)
    )
    return bool(done.rowcount == 1)


@dataclass(frozen=True, slots=True)
class Tally:
    """What came in on one account, by fate. `deliveries` counts redeliveries too; `open` has no fate yet."""

    account: str
    channel: str
    deliveries: int
    items: int
    fates: Mapping[str, int]
    open: int


async def tallies(tx: Tx, *, since: datetime | None = None) -> list[Tally]:
    """The fates of everything received since then, by account."""
    query = select(
        inbox.c.account,
        inbox.c.channel,
        func.coalesce(inbox.c.fate, "").label("fate"),
        func.count().label("items"),
        func.sum(inbox.c.redeliveries).label("again"),
    ).group_by(inbox.c.account, inbox.c.channel, inbox.c.fate)
    if since:
        query = query.where(inbox.c.received_at >= since)
    found: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for row in await tx.conn.execute(query):
        found.setdefault((row.account, row.channel), {})[row.fate] = (int(row.items), int(row.again or 0))
    return [
        Tally(
            account=account,
            channel=channel,
            deliveries=sum(items + again for items, again in fates.values()),
            items=sum(items for items, _ in fates.values()),
            fates={fate: items for fate, (items, _) in sorted(fates.items()) if fate},
            open=fates.get("", (0, 0))[0],
        )
        for (account, channel), fates in sorted(found.items())
    ]


async def kept_since(tx: Tx, *, account: str, since: datetime | None) -> int:
    """How many items of an account were committed since then."""
    query = select(func.count()).where(inbox.c.account == account)
    if since:
        query = query.where(inbox.c.kept_at >= since)
    return int((await tx.conn.execute(query)).scalar_one())


def _keys_of_answers() -> list[Any]:
    # As gateway.opening and gateway.adding make them.
    number = cast(inbox.c.id, String)
    return [literal("ack-") + number, literal("joined-") + number]


async def contradictions(tx: Tx) -> dict[str, int]:
    """What must never be: each count is 0 in a sound register."""
    with_case = ("opened", "joined", "held", "duplicate")
    opened = select(func.count()).where(inbox.c.fate.in_(with_case), inbox.c.case_id.is_(None))
    ended = inbox.c.state.in_(("done", "quarantined"))
    unlike = select(func.count()).where(
        (ended & inbox.c.fate.is_(None))
        | (~ended & inbox.c.fate.is_not(None))
        | ((inbox.c.state == "quarantined") != (func.coalesce(inbox.c.fate, "") == "quarantined"))
    )
    answered = select(func.count()).where(
        inbox.c.fate == "robot",
        select(outbox.c.id).where(outbox.c.key.in_(_keys_of_answers())).exists(),
    )
    twice = (
        select(inbox.c.case_id)
        .where(inbox.c.fate == "opened")
        .group_by(inbox.c.case_id)
        .having(func.count() > 1)
        .subquery()
    )
    # What was split off has the item of a message that had joined another case.
    split_off = select(audit.c.id).where(audit.c.case_id == cases.c.id, audit.c.act == "case.split_off").exists()
    brought = or_(inbox.c.fate == "opened", (inbox.c.fate == "joined") & split_off)
    orphans = (
        select(func.count())
        .select_from(cases)
        .where(~select(inbox.c.id).where(inbox.c.case_id == cases.c.id, brought).exists())
        .where(cases.c.channel.in_(("email", "webform")))
    )
    held_lost = select(func.count()).where(
        inbox.c.fate == "held", ~select(held.c.id).where(held.c.inbox_id == inbox.c.id).exists()
    )
    queries = {
        "items_without_their_case": opened,
        "items_whose_state_and_fate_differ": unlike,
        "robots_that_were_answered": answered,
        "cases_opened_twice": select(func.count()).select_from(twice),
        "cases_without_their_item": orphans,
        "held_without_their_message": held_lost,
        "decided_without_a_date": select(func.count()).where(inbox.c.fate.is_not(None), inbox.c.fate_at.is_(None)),
    }
    return {name: int((await tx.conn.execute(query)).scalar_one()) for name, query in queries.items()}


async def last_received(tx: Tx, *, account: str) -> datetime | None:
    """When the last item came in on an account."""
    row = (await tx.conn.execute(select(func.max(inbox.c.received_at)).where(inbox.c.account == account))).one()
    found: datetime | None = row[0]
    return found


async def hold_lease(tx: Tx, name: str, owner: str, *, now: datetime, life: timedelta) -> bool:
    """Take or renew the right to do something alone (to own a mailbox); False while another owner's lease lives."""
    statement = insert(tx, heartbeats).values(name=name, state="held", detail={"owner": owner}, at=now)
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"state": "held", "detail": {"owner": owner}, "at": now},
        where=(heartbeats.c.at < now - life) | (heartbeats.c.detail["owner"].as_string() == owner),
    )
    return bool((await tx.conn.execute(taken)).rowcount == 1)


async def forget_old_runs(tx: Tx, *, now: datetime) -> None:
    """Runs of periodic jobs are kept for 90 days, signs of life of processes for a day after the last."""
    await tx.conn.execute(clock_runs.delete().where(clock_runs.c.at < now - timedelta(days=90)))
    of_process = or_(*(heartbeats.c.name.startswith(f"{part}:") for part in _PARTS))
    await tx.conn.execute(heartbeats.delete().where(of_process, heartbeats.c.at < now - timedelta(days=1)))
