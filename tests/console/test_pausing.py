"""A case rests until a day: only as long as its promises allow, and it comes back by itself."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from router import deadlines
from store import cases, clocks, pauses
from store.clocks import ClockRow
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
