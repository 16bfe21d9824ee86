"""The clocks of a case: what they are, for the house, and how they go on in another queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, select

from store import cases
from store.database import Tx
from store.schema import deadlines
from store.sql import insert


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A clock of a case."""

    clock: str
    due_on: date
    source: str
    state: str


def of_case(case_id: int) -> Select[Any]:
    """What is asked of the clocks of a case, the earliest first."""
    return (
        select(deadlines.c.clock, deadlines.c.due_on, deadlines.c.source, deadlines.c.state)
        .where(deadlines.c.case_id == case_id)
        .order_by(deadlines.c.due_on, deadlines.c.clock)
    )


async def promised(tx: Tx, case_id: int) -> list[ClockRow]:
    """The clocks of a case for the house itself and for its member; a colleague's are `views.clocks_of`."""
    return [ClockRow(*row) for row in await tx.conn.execute(of_case(case_id))]


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
