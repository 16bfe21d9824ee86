"""A case rests until a day: only as long as its promises allow, and it comes back by itself."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import product

import pytest
from sqlalchemy import update

from router import deadlines
from store import cases, clocks, pauses
from store.clocks import ClockRow
from store.schema import deadlines as clock_table
from tests.console.conftest import Running
from tests.console.example_house import NOW
from tests.console.test_actions import acts_of, row_of

MOVED = partial(deadlines.after_pause)


async def clocks_of(running: Running, key: str) -> dict[str, ClockRow]:
    async with running.house.store.read() as tx:
        return {clock.clock: clock for clock in await clocks.promised(tx, running.house.cases[key])}


async def test_waiting_for_the_member_stops_our_own_clock_and_no_other(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    before = await clocks_of(running, "marie")
    await tom.get(path)
    until = date(2026, 12, 1)
    page = await tom.post(f"{path}/pause", reason="member", until=until.isoformat())
    assert "Rests until Tue 1 Dec." in page
    assert "Our own time limits wait; the others go on." in page
    assert "let the case rest until Tue 1 Dec: We wait for the member." in page
    after = await clocks_of(running, "marie")
    assert {name: clock.state for name, clock in after.items() if name != "acknowledgement"} == {
        "result": "paused",
        "union": "running",
    }
    row = await row_of(running, "marie")
    assert row.due_on == before["union"].due_on
    assert "rests until Tue 1 Dec" in await tom.get("/console/queue/mediation")
    # Woken by hand three working days later, the clock that waited is due three working days later.
    running.clock.forward(days=3)
    tom = await running.sign_in("tom")
    await tom.get(path)
    page = await tom.post(f"{path}/wake")
    assert "The case goes on." in page
    woken = await clocks_of(running, "marie")
    assert woken["result"].state == "running"
    assert woken["result"].due_on == deadlines.add_working_days(before["result"].due_on, 3)
    assert woken["union"].due_on == before["union"].due_on
    assert (await row_of(running, "marie")).paused_until is None
    await tom.post(f"{path}/wake", status=409)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": "holiday", "until": "2026-11-26"}, "Say what we wait for"),
        ({"reason": "day", "until": "2026-11-24"}, "Choose a day after today"),
        ({"reason": "day", "until": "soon"}, "Choose a day after today"),
        ({"reason": "department", "until": "2027-03-01"}, "later than what was promised"),
        ({"reason": "member", "until": "2027-03-01"}, "later than what was promised"),
    ],
)
async def test_a_case_is_not_put_off_beyond_its_promise(running: Running, fields: dict[str, str], words: str) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    await tom.get(path)
    assert words in await tom.post(f"{path}/pause", status=422, **fields)
    assert (await row_of(running, "marie")).paused_until is None


async def test_a_late_case_cannot_rest(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("late"))
    assert "Not now. What was promised is due first." in page
    await tom.post(f"{running.case('late')}/pause", status=422, reason="day", until="2026-11-26")


async def test_the_day_comes(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    await tom.get(path)
    await tom.post(f"{path}/pause", reason="department", until="2026-11-26")
    assert (await clocks_of(running, "marie"))["result"].state == "running"
    case_id = running.house.cases["marie"]
    async with running.house.store.write() as tx:
        assert await pauses.over(tx, today=date(2026, 11, 25)) == []
        assert await pauses.over(tx, today=date(2026, 11, 26)) == [case_id]
        later = NOW + timedelta(days=2)
        # What it does not wait for does not wake it.
        assert not await pauses.wake_if(tx, case_id, ("member",), moved=MOVED, now=later)
        assert await pauses.wake_if(tx, case_id, ("department",), moved=MOVED, now=later)
        assert not await pauses.wake(tx, case_id, actor="system", moved=MOVED, now=later)
    row = await row_of(running, "marie")
    assert (row.paused_until, row.paused_for, row.unread) == (None, "", True)
    assert (await acts_of(running, "marie"))[-2:] == ["case.paused", "case.woken"]


async def test_closing_ends_the_rest(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    await tom.get(path)
    await tom.post(f"{path}/pause", reason="member", until="2026-11-26")
    async with running.house.store.write() as tx:
        await cases.close(tx, running.house.cases["marie"], outcome="explained", actor="system", now=NOW)
        assert await pauses.over(tx, today=date(2026, 12, 24)) == []
    assert {clock.state for clock in (await clocks_of(running, "marie")).values()} == {"met"}
    assert (await row_of(running, "marie")).paused_until is None


DAYS = (-3, -1, 0, 1, 20)


@pytest.mark.parametrize("reason", pauses.REASONS)
async def test_no_pause_makes_a_late_case_less_late(running: Running, reason: pauses.Reason) -> None:
    """For every place of our own clock and of the union's on either side of today: what is late is late while it rests, and by
    as many days when it goes on."""
    today, case_id = NOW.date(), running.house.cases["marie"]
    waiting = deadlines.pausable() if reason == "member" else ()
    for own, union in product(DAYS, DAYS):
        async with running.house.store.write() as tx:
            for clock, days in (("result", own), ("union", union)):
                due_on = today + timedelta(days=days)
                await tx.conn.execute(
                    update(clock_table)
                    .where(clock_table.c.case_id == case_id, clock_table.c.clock == clock)
                    .values(due_on=due_on, state="running")
                )
            await cases.refresh_due(tx, case_id)
            until = today + timedelta(days=8)
            begun = {
                "reason": reason,
                "until": until,
                "waiting": waiting,
                "author_id": None,
                "today": today,
                "now": NOW,
            }
            await pauses.begin(tx, case_id, **begun)  # type: ignore[arg-type]  # each as `begin` wants it
        resting = (await row_of(running, "marie")).due_on
        async with running.house.store.write() as tx:
            await pauses.wake(tx, case_id, actor="system", moved=MOVED, now=NOW + timedelta(days=8))
        woken = (await row_of(running, "marie")).due_on
        late = min(own, union)
        if late < 0:
            assert resting == woken == today + timedelta(days=late), (own, union)
        assert resting is not None
        assert (resting < today) == (late < 0)


async def test_a_late_case_that_rests_says_that_it_is_late(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    async with running.house.store.write() as tx:
        await tx.conn.execute(
            update(clock_table)
            .where(clock_table.c.case_id == running.house.cases["marie"], clock_table.c.clock == "result")
            .values(due_on=NOW.date() - timedelta(days=4))
        )
        await cases.refresh_due(tx, running.house.cases["marie"])
    assert "2 working days late" in await tom.get(path)
    page = await tom.post(f"{path}/pause", reason="member", until="2026-12-01")
    assert "What is late stays late." in page
    assert "2 working days late" in page
