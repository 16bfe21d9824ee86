"""A case that its member withdraws while an answer of ours still waits to go out."""

from __future__ import annotations

from store import cases
from tests.console.conftest import Running
from tests.console.test_actions import messages_of, row_of


async def test_taking_an_answer_back_does_not_open_what_its_member_withdrew(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Een antwoord dat nog wacht.")
    sent = (await messages_of(running, "soon"))[-1]
    row = await row_of(running, "soon")
    async with running.house.store.write() as tx:
        await cases.close(tx, row.id, outcome="withdrawn", actor="member", now=running.clock(), act="case.withdrawn")
    page = await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert "nothing was sent" in page
    row = await row_of(running, "soon")
    assert (row.state, row.outcome) == ("closed", "withdrawn")
