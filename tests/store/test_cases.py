"""A case changes only under the eyes of who changes it, and its clocks follow its state."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from store import audit, cases, schema
from store.clocks import tighten
from store.database import Store
from tests.store.registered import NOW, case

ACK, RESULT, UNION = date(2026, 12, 2), date(2026, 12, 23), date(2026, 12, 24)
CLOCKS = [("acknowledgement", ACK, "rule"), ("mediation_result", RESULT, "rule"), ("union", UNION, "rule")]


async def opened(store: Store, *, refused: bool = False) -> int:
    async with store.write() as tx:
        case_id = await case(tx, refused=refused)
        await cases.add_deadlines(tx, case_id, CLOCKS, running=not refused)
    return case_id


async def row(store: Store, case_id: int) -> Any:
    async with store.read() as tx:
        return (await tx.conn.execute(select(schema.cases).where(schema.cases.c.id == case_id))).one()


async def clocks(store: Store, case_id: int) -> dict[str, tuple[str, bool]]:
    """(state, has ended) of each clock."""
    table = schema.deadlines
    async with store.read() as tx:
        rows = await tx.conn.execute(select(table).where(table.c.case_id == case_id).order_by(table.c.id))
        return {row.clock: (row.state, row.ended_at is not None) for row in rows}


async def test_an_older_form_cannot_overwrite_a_newer_state(store: Store) -> None:
    case_id = await opened(store)
    async with store.write() as tx:
        first = await cases.change(tx, case_id, actor="user:1", act="case.moved", now=NOW, version=1, queue="triage")
    assert first == 2

    async def late() -> None:
        async with store.write() as tx:
            await cases.change(tx, case_id, actor="user:2", act="case.moved", now=NOW, version=1, queue="mediation")

    with pytest.raises(cases.StaleError):
        await late()
    assert (await row(store, case_id)).queue == "triage"
    async with store.read() as tx:
        acts = [entry.actor for entry in await audit.of_case(tx, case_id) if entry.act == "case.moved"]
    assert acts == ["user:1"]


async def test_of_many_forms_at_once_one_wins(store: Store) -> None:
    case_id = await opened(store)

    async def move(number: int) -> int:
        async with store.write() as tx:
            act = {"actor": f"user:{number}", "act": "case.moved", "now": NOW, "queue": "triage"}
            return await cases.change(tx, case_id, version=1, **act)

    results = await asyncio.gather(*(move(number) for number in range(10)), return_exceptions=True)
    assert results.count(2) == 1
    assert sum(isinstance(result, cases.StaleError) for result in results) == 9


async def test_changes_without_a_version_never_lose_each_other(store: Store) -> None:
    case_id = await opened(store)

    async def note() -> None:
        async with store.write() as tx:
            await cases.change(tx, case_id, actor="system", act="clock.reminder", now=NOW, unread=True)

    await asyncio.gather(*(note() for _ in range(10)))
    assert (await row(store, case_id)).version == 11


async def test_a_case_that_does_not_exist_cannot_be_changed(store: Store) -> None:
    async def change() -> None:
        async with store.write() as tx:
            await cases.change(tx, 404, actor="user:1", act="case.moved", now=NOW)

    with pytest.raises(cases.StaleError):
        await change()


async def test_closing_stops_the_clocks_and_keeps_the_outcome(store: Store) -> None:
    case_id = await opened(store)
    later = NOW + timedelta(days=3)
    async with store.write() as tx:
        await cases.close(tx, case_id, outcome="founded", actor="user:1", now=later, version=1)
    found = await row(store, case_id)
    assert (found.state, found.outcome, found.closed_at, found.unread) == ("closed", "founded", later, False)
    assert set((await clocks(store, case_id)).values()) == {("met", True)}


async def test_reopening_runs_the_clocks_again_but_for_the_acknowledgement(store: Store) -> None:
    case_id = await opened(store)
    async with store.write() as tx:
        await cases.close(tx, case_id, outcome="founded", actor="user:1", now=NOW)
        await cases.reopen(tx, case_id, actor="system", now=NOW + timedelta(days=1))
    found = await row(store, case_id)
    assert (found.state, found.outcome, found.closed_at, found.refused) == ("open", None, None, "")
    assert (found.queue, found.unread, found.due_on) == ("incapacity", True, RESULT)
    assert await clocks(store, case_id) == {
        "acknowledgement": ("met", True),
        "mediation_result": ("running", False),
        "union": ("running", False),
    }


async def test_a_refused_case_is_closed_counts_and_can_go_on_elsewhere(store: Store) -> None:
    case_id = await opened(store, refused=True)
    found = await row(store, case_id)
    assert (found.state, found.outcome, found.closed_at) == ("closed", "not_handled_off_scope", NOW)
    assert {state for state, _ in (await clocks(store, case_id)).values()} == {"met"}
    async with store.write() as tx:
        await cases.reopen(tx, case_id, actor="system", now=NOW, queue="triage")
    found = await row(store, case_id)
    assert (found.state, found.queue, found.refused) == ("open", "triage", "")


async def test_the_earliest_running_clock_drives_the_queue(store: Store) -> None:
    case_id = await opened(store)
    async with store.write() as tx:
        await cases.end_clocks(tx, case_id, now=NOW, clock="mediation_result")
        await cases.refresh_due(tx, case_id)
    assert (await row(store, case_id)).due_on == UNION
    async with store.write() as tx:
        await cases.end_clocks(tx, case_id, now=NOW)
        await cases.refresh_due(tx, case_id)
    assert (await row(store, case_id)).due_on == UNION


async def test_moving_never_lengthens_what_was_promised(store: Store) -> None:
    case_id = await opened(store)
    earlier, later = RESULT - timedelta(days=5), RESULT + timedelta(days=5)
    async with store.write() as tx:
        await tighten(tx, case_id, [("mediation_result", later, "new"), ("union", earlier, "new")])
    assert (await row(store, case_id)).due_on == earlier
    async with store.write() as tx:
        await tighten(tx, case_id, [("department", later, "new")])
    assert (await row(store, case_id)).due_on == earlier
    assert len(await clocks(store, case_id)) == 4


async def test_ending_one_clock_leaves_the_others(store: Store) -> None:
    case_id = await opened(store)
    async with store.write() as tx:
        await cases.end_clocks(tx, case_id, now=NOW, clock="acknowledgement")
    assert await clocks(store, case_id) == {
        "acknowledgement": ("met", True),
        "mediation_result": ("running", False),
        "union": ("running", False),
    }
