"""What today's rules say of a case, once people have put its labels right."""

from __future__ import annotations

from typing import cast

from sqlalchemy import select, update

from gateway.desk import HouseDesk
from gateway.intake import Intake
from gateway.reading import Parsing
from store import views
from store.schema import cases as case_table
from store.viewer import Viewer
from tests.gateway.conftest import Gateway
from tests.gateway.test_asking import COMPLAINT

VIEWER = Viewer(1, "Test", "supervisor", medical=True)


async def test_the_same_case_is_decided_alike_and_a_corrected_one_goes_elsewhere(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    desk = HouseDesk(gateway.house, cast(Parsing, cast(Intake, gateway.intake).parsing))
    async with gateway.house.store.read() as tx:
        case_id = int((await tx.conn.execute(select(case_table.c.id))).scalar_one())
        row = await views.case(tx, VIEWER, case_id)
    assert row is not None
    same = await desk.decided_now(VIEWER, case_id)
    assert same is not None
    assert same.queue == row.queue
    async with gateway.house.store.write() as tx:
        flags = {**row.flags, "doctor": True}
        await tx.conn.execute(update(case_table).where(case_table.c.id == case_id).values(flags=flags))
    now = await desk.decided_now(VIEWER, case_id)
    assert now is not None
    assert now.queue == "medical_coordinator"
    # Nobody who may not open the case is told.
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(case_table).where(case_table.c.id == case_id).values(sealed=True))
    assert await desk.decided_now(Viewer(2, "Tom", "mediator"), case_id) is None
