"""Cases that rest wake on their day, or when what they waited for is there."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from gateway.house import House
from router import deadlines
from store import pauses
from store.database import Tx
from store.pauses import Moved, Reason


async def whose_day_came(tx: Tx, house: House, *, today: date, now: datetime) -> int:
    """Wake the cases whose rest ends today or has ended. Returns how many."""
    woken = [
        await pauses.wake(tx, case_id, actor="system", moved=_moved(house), now=now)
        for case_id in await pauses.over(tx, today=today)
    ]
    return sum(woken)


async def heard_from(tx: Tx, house: House, case_id: int, whom: Reason, *, now: datetime) -> bool:
    """Wake a case that rests until this one says something."""
    return await pauses.wake_if(tx, case_id, (whom,), moved=_moved(house), now=now)


def _moved(house: House) -> Moved:
    return partial(deadlines.after_pause, saturdays=house.settings.saturdays_are_working_days)
