"""What the page of a case says while it rests."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from sqlalchemy import select

from channels.form.telling import told
from config.vocabulary import LANGUAGES
from router import deadlines
from store import cases, pauses, schema
from tests.gateway.conftest import Gateway
from tests.gateway.test_member_page import NOW, page


async def test_a_member_reads_that_we_wait_and_for_what(gateway: Gateway) -> None:
    _, token = await page(gateway, "Jan Peeters")
    moved = partial(deadlines.after_pause, saturdays=False)
    for reason, state in (("member", "waiting_for_you"), ("department", "in_department")):
        async with gateway.house.store.write() as tx:
            case_id = (await tx.conn.execute(select(schema.cases.c.id))).scalar_one()
            until = date(2026, 12, 4)
            detail = {"reason": reason, "until": until.isoformat()}
            await cases.change(
                tx,
                case_id,
                actor="user:1",
                act="case.paused",
                now=NOW,
                detail=detail,
                queue="digital",
                paused_until=until,
                paused_for=reason,
            )
            await pauses.begin(
                tx, case_id, reason=reason, until=until, waiting=(), author_id=None, today=NOW.date(), now=NOW
            )  # type: ignore[arg-type]  # of the closed list
        view = await gateway.door.case_view(token)
        assert view is not None
        assert view.state == state
        paused = [event for event in view.events if event.what == "paused"][-1]
        said = {language: told(view, language)["event_detail"](paused) for language in LANGUAGES}
        assert said["en"] == {"member": "your answer", "department": "the department looks something up for us"}[reason]
        assert len(set(said.values())) == len(LANGUAGES)
        async with gateway.house.store.write() as tx:
            assert await pauses.wake(tx, case_id, actor="system", moved=moved, now=NOW + timedelta(days=1))
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.state == "in_department"
    assert [event.what for event in view.events][-4:] == ["paused", "resumed", "paused", "resumed"]
