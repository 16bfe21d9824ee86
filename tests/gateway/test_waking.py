"""Cases that rest come back by the clock, or when the one whom they wait for writes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from gateway import waking
from router import deadlines
from store import cases, clocks, pauses, views
from store.schema import cases as case_table
from store.viewer import Viewer
from tests.gateway.conftest import Gateway
from tests.gateway.test_asking import COMPLAINT

VIEWER = Viewer(1, "Test", "supervisor", medical=True)


async def resting(gateway: Gateway, reason: pauses.Reason) -> int:
    """A case of Mediation that rests."""
    await gateway.mail(COMPLAINT)
    now = gateway.house.now()
    until = deadlines.received_day(now) + timedelta(days=2)
    async with gateway.house.store.write() as tx:
        case_id = int((await tx.conn.execute(select(case_table.c.id))).scalar_one())
        await cases.change(
            tx, case_id, actor="system", act="case.paused", now=now, paused_until=until, paused_for=reason
        )
        waiting = deadlines.pausable() if reason == "member" else ()
        await pauses.begin(
            tx,
            case_id,
            reason=reason,
            until=until,
            waiting=waiting,
            author_id=None,
            today=deadlines.received_day(now),
            now=now,
        )
    return case_id


async def test_the_member_writes_and_the_case_is_awake(gateway: Gateway) -> None:
    case_id = await resting(gateway, "member")
    more = COMPLAINT.replace("<first@", "<second@").replace("Subject:", "In-Reply-To: <first@mail.example>\nSubject:")
    await gateway.mail(more.replace("Bonjour", "Voici le certificat. Bonjour"))
    async with gateway.house.store.read() as tx:
        row = await views.case(tx, VIEWER, case_id)
        states = {clock.state for clock in await clocks.promised(tx, case_id) if clock.clock != "acknowledgement"}
    assert row is not None
    assert row.paused_until is None
    assert states == {"running"}


async def test_the_clock_wakes_it_on_its_day_and_once(gateway: Gateway) -> None:
    case_id = await resting(gateway, "day")
    today, now = deadlines.received_day(gateway.house.now()), gateway.house.now()
    async with gateway.house.store.write() as tx:
        assert await waking.whose_day_came(tx, gateway.house, today=today, now=now) == 0
        day = today + timedelta(days=3)
        assert await waking.whose_day_came(tx, gateway.house, today=day, now=now + timedelta(days=3)) == 1
        assert await waking.whose_day_came(tx, gateway.house, today=day, now=now + timedelta(days=3)) == 0
        row = await views.case(tx, VIEWER, case_id)
    assert row is not None
    assert row.unread
