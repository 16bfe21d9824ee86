"""The clock does what time asks for, once: whoever ticks, however late, and whatever the machine's time does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from config.settings import load
from gateway.clock import Clock
from gateway.house import House, build
from store import audit, cases, schema, users
from tests.store.registered import case

DUE = date(2026, 12, 1)
# 1 December 2026 is a Tuesday: five working days before it is Tuesday 24 November, one is Monday 30.
HOUR = timedelta(hours=1)


def at(day: int, hour: int = 9, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@dataclass
class Ticking:
    """Two clocks on one register, and a case whose result is due on 1 December."""

    house: House
    clock: Clock
    other: Clock
    case_id: int

    async def acts(self) -> list[str]:
        """What the clocks did to the case, by act."""
        async with self.house.store.read() as tx:
            entries = await audit.of_case(tx, self.case_id)
        return [entry.act for entry in entries if entry.act.startswith("clock.")]

    async def row(self, table: Any, **where: Any) -> Any:
        query = select(table)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        async with self.house.store.read() as tx:
            return (await tx.conn.execute(query)).all()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def ticking(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ticking]:
    """A house of each kind."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    settings = load(data=tmp_path, database_url=url, redis_url="", allow_unsafe_database=True)
    house = build(settings, name="test")
    await house.store.open()
    async with house.store.write() as tx:
        case_id = await case(tx, now=at(2))
        await cases.add_deadlines(tx, case_id, [("mediation_result", DUE, "rule")], running=True)
    yield Ticking(house, Clock(house), Clock(house), case_id)
    await house.close()


async def test_nothing_is_said_long_before(ticking: Ticking) -> None:
    await ticking.clock.tick(at(23))
    assert await ticking.acts() == []


async def test_each_reminder_comes_once_and_the_escalation_once(ticking: Ticking) -> None:
    now, seen = at(20), []
    while now < at(6, month=12):
        await ticking.clock.tick(now)
        seen.append((now.date(), len(await ticking.acts())))
        now += 6 * HOUR
    assert await ticking.acts() == ["clock.reminder", "clock.reminder", "clock.missed"]
    days = [next(day for day, count in seen if count == wanted) for wanted in (1, 2, 3)]
    assert days == [date(2026, 11, 24), date(2026, 11, 30), date(2026, 12, 2)]
    (found,) = await ticking.row(schema.cases, id=ticking.case_id)
    assert (found.priority, found.unread) == ("high", True)


async def test_two_clocks_act_as_one(ticking: Ticking) -> None:
    for day in (24, 30):
        await asyncio.gather(*(clock.tick(at(day)) for clock in (ticking.clock, ticking.other) * 3))
    await asyncio.gather(*(clock.tick(at(2, month=12)) for clock in (ticking.clock, ticking.other) * 3))
    assert await ticking.acts() == ["clock.reminder", "clock.reminder", "clock.missed"]


async def test_what_was_missed_is_made_up_once(ticking: Ticking) -> None:
    await ticking.clock.tick(at(20))
    for _ in range(3):
        await ticking.clock.tick(at(10, month=12))
        await ticking.other.tick(at(11, month=12))
    assert await ticking.acts() == ["clock.missed"]


async def test_time_that_steps_back_two_hours_does_nothing_twice(ticking: Ticking) -> None:
    for day, month in ((24, 11), (30, 11), (2, 12)):
        for hour in (9, 7, 8, 9, 10):
            await ticking.clock.tick(at(day, hour, month))
    assert await ticking.acts() == ["clock.reminder", "clock.reminder", "clock.missed"]
    # Also where the step goes back over midnight in Brussels, into a day that is done.
    await ticking.clock.tick(at(3, 23, 12))
    await ticking.clock.tick(at(3, 21, 12))
    assert len(await ticking.acts()) == 3
    runs = await ticking.row(schema.clock_runs, job="reminders")
    assert len({run.slot for run in runs}) == len(runs)


async def test_a_step_forward_frees_nothing_and_sends_nothing_twice(ticking: Ticking) -> None:
    await ticking.clock.tick(at(24))
    await ticking.clock.tick(at(25))
    await ticking.clock.tick(at(24))
    assert await ticking.acts() == ["clock.reminder"]


async def test_a_closed_case_is_left_alone(ticking: Ticking) -> None:
    async with ticking.house.store.write() as tx:
        await cases.close(tx, ticking.case_id, outcome="founded", actor="user:1", now=at(23))
    for day in (24, 30):
        await ticking.clock.tick(at(day))
    await ticking.clock.tick(at(2, month=12))
    assert await ticking.acts() == []


@pytest.mark.parametrize(
    ("begin", "days"),
    [
        # Summer time ends on 25 October 2026: that day has 25 hours.
        (datetime(2026, 10, 24, 20, tzinfo=UTC), ["2026-10-24", "2026-10-25", "2026-10-26"]),
        # It begins on 28 March 2027: that day has 23.
        (datetime(2027, 3, 27, 21, tzinfo=UTC), ["2027-03-27", "2027-03-28", "2027-03-29"]),
        (datetime(2026, 12, 30, 21, tzinfo=UTC), ["2026-12-30", "2026-12-31", "2027-01-01"]),
    ],
)
async def test_each_day_in_brussels_has_one_run_and_each_hour_one(
    ticking: Ticking, begin: datetime, days: list[str]
) -> None:
    hours = 30
    for quarter in range(hours * 2):
        await ticking.clock.tick(begin + quarter * timedelta(minutes=30))
    runs = [run.slot for run in await ticking.row(schema.clock_runs, job="reminders")]
    assert sorted(runs) == days
    assert len(await ticking.row(schema.clock_runs, job="tidying")) == hours


async def test_a_deadline_at_the_turn_of_the_year(ticking: Ticking) -> None:
    async with ticking.house.store.write() as tx:
        await cases.end_clocks(tx, ticking.case_id, now=at(3))
        await cases.add_deadlines(tx, ticking.case_id, [("union", date(2026, 12, 31), "rule")], running=True)
    await ticking.clock.tick(datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    before = await ticking.acts()
    assert "clock.missed" not in before
    await ticking.clock.tick(datetime(2026, 12, 31, 23, 1, tzinfo=UTC))
    assert (await ticking.acts())[len(before) :] == ["clock.missed"]


async def test_the_clock_tidies_and_keeps_what_lives(ticking: Ticking) -> None:
    async with ticking.house.store.write() as tx:
        user_id = await users.add(
            tx, login="a", name="A", role="mediator", medical=False, password="x", actor="command", now=at(24)
        )
        await users.start_session(tx, user_id, token="old", csrf="c", now=at(24, 1))
        await users.start_session(tx, user_id, token="new", csrf="c", now=at(24, 8))
    await ticking.clock.tick(at(24, 8) + timedelta(minutes=10))
    assert len(await ticking.row(schema.sessions)) == 1


async def test_a_tick_that_fails_is_made_up(ticking: Ticking, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr("store.operations.reminded", broken)
    with pytest.raises(ZeroDivisionError):
        await ticking.clock.tick(at(24))
    monkeypatch.undo()
    await ticking.clock.tick(at(24))
    assert await ticking.acts() == ["clock.reminder"]
