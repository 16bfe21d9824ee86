"""The clocks of a case that goes on in another queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import case

from store import cases
from store.database import Tx
from store.schema import deadlines
from store.sql import insert


async def tighten(tx: Tx, case_id: int, clocks: Sequence[tuple[str, date, str]]) -> None:
    """Add clocks, (id, due date, source) each. One that is there keeps the earlier date and none is taken away: moving a
    case never lengthens what its member was promised."""
    for clock, due_on, source in clocks:
        statement = insert(tx, deadlines).values(
            case_id=case_id, clock=clock, due_on=due_on, source=source, state="running", reminders=0
        )
        earlier = deadlines.c.due_on > statement.excluded.due_on
        await tx.conn.execute(
            statement.on_conflict_do_update(
                index_elements=["case_id", "clock"],
                set_={
                    "due_on": case((earlier, statement.excluded.due_on), else_=deadlines.c.due_on),
                    "source": case((earlier, statement.excluded.source), else_=deadlines.c.source),
                },
            )
        )
    await cases.refresh_due(tx, case_id)
