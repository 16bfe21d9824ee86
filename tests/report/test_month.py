"""The totals of the report equal the register, whatever is in it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from sqlalchemy import func, or_, select

from config.causes import causes
from config.vocabulary import CHANNELS, DEPARTMENTS, KINDS, LANGUAGES, ROBOT
from report import figures
from report.month import HOUSE, month_report
from store import recommendations, users
from store.database import Store
from store.schema import cases, deadlines, ratings
from store.viewer import Viewer
from tests.store.conftest import postgres_template, sqlite_template, store

# The stores of the store's own tests serve here too.
__all__ = ["postgres_template", "sqlite_template", "store"]

TODAY = date(2026, 11, 27)
MONTHS = [date(2026, month, 1) for month in (8, 9, 10, 11)]


async def _random_register(store: Store, rng: Random) -> None:
    """Cases of every sort over four months, on purpose near midnight at both ends of them."""
    edges = [edge for first in MONTHS for edge in figures.bounds(first)]
    number = rng.randrange(1, 60)
    async with store.write() as tx:
        for place in range(number):
            at = rng.choice(edges) + timedelta(seconds=rng.randrange(-200_000, 200_000) if rng.random() < 0.7 else -1)
            closed = rng.random() < 0.6
            refused = rng.choice(("", "", "", "anonymous", "off_scope"))
            values = {
                "reference": f"PM-2026-{place:06}-00",
                "kind": rng.choice(KINDS),
                "queue": "triage",
                "department": rng.choice((None, *DEPARTMENTS)),
                "priority": "normal",
                "situation": "department",
                "state": "closed" if closed else "open",
                "refused": refused,
                "outcome": rng.choice(("founded", "not_founded", "explained", ROBOT)) if closed else None,
                "cause": rng.choice(("", *causes().offered())) if closed else "",
                "sealed": rng.random() < 0.2,
                "flags": {},
                "language": rng.choice(LANGUAGES),
                "channel": rng.choice(CHANNELS),
                "account": "form",
                "subject": b"",
                "first_words": b"",
                "received_at": at,
                "closed_at": at + timedelta(hours=rng.uniform(0, 900)) if closed else None,
            }
            case_id = (await tx.conn.execute(cases.insert().values(**values).returning(cases.c.id))).scalar_one()
            if place and rng.random() < 0.1:
                await tx.conn.execute(cases.update().where(cases.c.id == case_id).values(merged_into=1))
            due = at.date() + timedelta(days=rng.randrange(0, 40))
            ended = at + timedelta(days=rng.uniform(0, 50)) if rng.random() < 0.7 else None
            await tx.conn.execute(
                deadlines.insert().values(
                    case_id=case_id, clock="union", due_on=due, source="x", state="met" if ended else "running",
                    reminders=0, ended_at=ended,
                )
            )  # fmt: skip
            if rng.random() < 0.3:
                score = {"case_id": case_id, "score": rng.randrange(1, 6), "comment": b"", "at": at}
                await tx.conn.execute(ratings.insert().values(**score))


@pytest.mark.parametrize("seed", range(6))
async def test_totals_equal_the_register(store: Store, seed: int) -> None:
    await _random_register(store, Random(seed))
    reports = [await month_report(store, HOUSE, first, today=TODAY) for first in MONTHS]
    first, last = figures.bounds(MONTHS[0])[0], figures.bounds(MONTHS[-1])[1]
    async with store.read() as tx:
        within = (cases.c.received_at >= first) & (cases.c.received_at < last)
        everything = (await tx.conn.execute(select(func.count()).select_from(cases).where(within))).scalar_one()
        own = cases.c.merged_into.is_(None) & or_(cases.c.outcome.is_(None), cases.c.outcome != ROBOT)
        away = select(func.count()).select_from(cases)
        away = away.where(within, cases.c.merged_into.is_(None), cases.c.outcome == ROBOT)
        robots = (await tx.conn.execute(away)).scalar_one()
        kinds = Counter((await tx.conn.execute(select(cases.c.kind).where(within, own))).scalars())
        ended = (await tx.conn.execute(select(cases.c.closed_at).where(own, cases.c.state == "closed"))).scalars().all()
    assert sum(one.received + one.merged + (one.robots or 0) for one in reports) == everything
    assert sum(one.robots or 0 for one in reports) == robots
    assert all(ROBOT not in one.outcomes for one in reports)
    assert sum(one.closed for one in reports) == sum(first <= at < last for at in ended)
    for report in reports:
        for counts in report.splits.values():
            assert sum(counts.values()) == report.received
        assert report.trend[-1].received == report.received or report.trend[-1].received is None
        for clock in report.clocks:
            assert clock.due == clock.kept + clock.missed + clock.running
        assert report.founded <= report.judged <= report.closed
        assert report.causes is not None
        assert sum(report.causes.values()) == sum(report.outcomes.values())
    complaints = (own, cases.c.kind == "complaint", cases.c.closed_at >= first, cases.c.closed_at < last)
    async with store.read() as tx:
        stated = Counter((await tx.conn.execute(select(cases.c.cause).where(*complaints))).scalars())
    for cause in ("", *causes().offered()):
        assert sum((one.causes or {}).get(cause or "none", 0) for one in reports) == stated[cause]
    for kind, count in kinds.items():
        assert sum(one.splits["kind"][kind] for one in reports) == count
    for before, after in pairwise(reports):
        assert after.before == before.splits


async def test_a_viewer_who_reads_no_case_gets_no_count(store: Store) -> None:
    await _random_register(store, Random(3))
    report = await month_report(store, Viewer(9, "admin", "administrator"), MONTHS[2], today=TODAY)
    assert report.received == report.merged == report.closed == 0
    assert not report.clocks
    assert not report.themes


async def test_months_before_the_register_are_a_gap_and_not_zero(store: Store) -> None:
    await _random_register(store, Random(5))
    report = await month_report(store, HOUSE, MONTHS[2], today=TODAY)
    assert len(report.trend) == 13
    assert report.trend[0].received is None
    assert report.complete
    assert not (await month_report(store, HOUSE, MONTHS[3], today=TODAY)).complete


async def test_a_report_is_kept_as_it_was_read(store: Store) -> None:
    await _random_register(store, Random(7))
    report = await month_report(store, HOUSE, MONTHS[1], today=TODAY)
    assert figures.Report.model_validate_json(report.model_dump_json()) == report


def test_a_moment_at_the_end_of_a_month_belongs_to_it() -> None:
    start, end = figures.bounds(MONTHS[0])
    assert start < datetime(2026, 8, 31, 21, 59, tzinfo=UTC) < end


async def test_recommendations_and_what_became_of_them(store: Store) -> None:
    await _random_register(store, Random(2))
    start, _ = figures.bounds(MONTHS[2])
    async with store.write() as tx:
        open_ = (
            await tx.conn.execute(select(cases.c.id).where(~cases.c.sealed).order_by(cases.c.id).limit(1))
        ).scalar_one()
        now = start - timedelta(days=40)
        user_id = await users.add(
            tx, login="anne", name="Anne", role="mediator", medical=True, password="x", actor="command", now=now
        )
        anne = Viewer(user_id, "Anne", "mediator", medical=True)
        for days, state in ((-40, "done"), (3, "accepted"), (4, "refused"), (5, None), (40, None)):
            at = start + timedelta(days=days)
            made = await recommendations.make(tx, anne, open_, department="digital", text="x", due_on=None, now=at)
            if state:
                await recommendations.follow(tx, open_, made, state, "", now=at)
    report = await month_report(store, anne, MONTHS[2], today=TODAY)
    # The last one was made in the month after.
    assert report.advice == figures.Advice(made=3, open=2, followed=1, declined=1)
