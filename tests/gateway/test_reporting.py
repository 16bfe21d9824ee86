"""The monthly report on its way out of the house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import load
from gateway.house import House, build
from gateway.reporting import export
from store.schema import audit

MONTH = date(2026, 10, 1)


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
