"""The monthly report on its way out of the house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import SettingsError, load
from gateway.clock import Clock
from gateway.house import House, build
from gateway.reporting import export
from report.month import HOUSE, month_report
from store import outbox as departures
from store import reports, texts, users
from store.outbox import BODY
from store.schema import audit, outbox

MONTH = date(2026, 10, 1)
NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = build(load(data=tmp_path, min_free_mb=0, min_free_percent=0), name="test")
    await made.store.open()
    yield made
    await made.close()


async def test_what_is_taken_out_is_in_the_audit_with_its_filter_and_rows(house: House) -> None:
    file = await export(house, MONTH, "csv", "nl")
    async with house.store.read() as tx:
        act, detail = (await tx.conn.execute(select(audit.c.act, audit.c.detail))).one()
    assert act == "report.exported"
    assert detail == {"month": "2026-10", "format": "csv", "rows": file.rows}
    assert file.rows > 0


async def _told(house: House) -> list[tuple[str, str, str]]:
    """(recipient, subject, text) of everything that waits to go out."""
    async with house.store.read() as tx:
        bodies = (await tx.conn.execute(select(outbox.c.body).order_by(outbox.c.id))).scalars().all()
    found = [texts.read_json(body, BODY) for body in bodies]
    return [(one["recipient"], one["subject"], one["text"]) for one in found]


async def _staffed(house: House) -> int:
    async with house.store.write() as tx:
        await users.add(
            tx,
            login="tom@partenamut.example",
            name="Tom",
            role="mediator",
            medical=False,
            password="x",
            actor="command",
            now=NOW,
        )
        return await users.add(
            tx, login="lena@partenamut.example", name="Lena", role="supervisor", medical=False, password="x",
            actor="command", now=NOW,
        )  # fmt: skip


async def test_supervisors_are_reminded_once_and_readers_told_once_it_is_approved(tmp_path: Path) -> None:
    house = build(
        load(data=tmp_path, min_free_mb=0, report_to="board@partenamut.example,x@partenamut.example"), name="t"
    )
    await house.store.open()
    try:
        lena = await _staffed(house)
        clock = Clock(house)
        await clock.tick(NOW - timedelta(days=1))
        assert await _told(house) == []
        for hours in (0, 1, 30):
            await clock.tick(NOW + timedelta(hours=hours))
        ((recipient, subject, text),) = await _told(house)
        assert recipient == "lena@partenamut.example"
        assert subject == "Le rapport mensuel attend\u202f: octobre 2026"
        assert text.endswith("/console/report?month=2026-10\n")
        report = await month_report(house.store, HOUSE, MONTH, today=date(2026, 11, 6))
        async with house.store.write() as tx:
            await reports.write(tx, MONTH, "Marie Dubois a encore écrit.", version=0, user_id=lena, now=NOW)
            await reports.approve(tx, MONTH, report.model_dump_json(), version=1, user_id=lena, now=NOW)
        for hours in (31, 32, 24 * 20):
            await clock.tick(NOW + timedelta(hours=hours))
        _, *told = await _told(house)
        assert [recipient for recipient, _, _ in told] == ["board@partenamut.example", "x@partenamut.example"]
        # What somebody wrote freely stays behind the sign-in.
        assert "Marie" not in told[0][2]
        assert "- 0 dossiers reçus" in told[0][2]
        async with house.store.write() as tx:
            going = await departures.claim(tx, limit=9, now=NOW + timedelta(days=30), lease=timedelta(minutes=1))
        papers = {one.message.recipient: one.message.attachments for one in going}
        assert not papers.pop("lena@partenamut.example")
        assert set(papers) == {"board@partenamut.example", "x@partenamut.example"}
        for (paper,) in papers.values():
            assert (paper.name, paper.type) == ("report-2026-10.pdf", "application/pdf")
            assert paper.content.startswith(b"%PDF")
    finally:
        await house.close()


async def test_readers_are_told_once_of_a_report_that_is_approved_after_its_month(tmp_path: Path) -> None:
    house = build(load(data=tmp_path, min_free_mb=0, report_to="board@partenamut.example"), name="t")
    await house.store.open()
    try:
        lena, late = await _staffed(house), datetime(2026, 12, 2, 9, tzinfo=UTC)
        report = (await month_report(house.store, HOUSE, MONTH, today=late.date())).model_dump_json()
        async with house.store.write() as tx:
            for month, at in ((MONTH, late), (date(2026, 8, 1), NOW - timedelta(days=60))):
                await reports.write(tx, month, "En retard.", version=0, user_id=lena, now=at)
                await reports.approve(tx, month, report, version=1, user_id=lena, now=at)
        clock = Clock(house)
        for hours in (0, 1, 24, 24 * 20):
            await clock.tick(late + timedelta(hours=hours))
        told = [(recipient, subject) for recipient, subject, _ in await _told(house) if recipient.startswith("board")]
        # Once; and nobody hears of what was approved long ago.
        assert told == [("board@partenamut.example", "Rapport mensuel\u202f: octobre 2026")]
        # Of November, which nobody has approved, the supervisors are reminded as ever.
        assert [subject for _, subject, _ in await _told(house)][1:] == [
            "Le rapport mensuel attend\u202f: novembre 2026"
        ]
    finally:
        await house.close()


async def test_without_readers_nobody_is_told(house: House) -> None:
    await _staffed(house)
    await Clock(house).tick(NOW)
    assert await _told(house) == []


@pytest.mark.parametrize("wrong", ["board", "a@b@c.example", "a b@c.example", "<a@c.example>"])
def test_readers_are_mail_addresses(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load(data=tmp_path, report_to=wrong)
