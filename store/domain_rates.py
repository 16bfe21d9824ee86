"""How much automatic mail went to each recipient domain in each minute: one count for all workers.

The domain is kept as a hash: which providers our members use is nobody's business for longer than it takes to count.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete

from store.database import Tx
from store.schema import domain_rates
from store.sql import insert_for


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


async def take(tx: Tx, domain: str, *, most: int, now: datetime) -> bool:
    """Count one message to a domain in this minute; False, and nothing counted, when `most` have gone already.

    The row is held until the transaction ends: whoever counts several domains takes them in one order.
    """
    values = {
        "domain_hash": hashlib.sha256(domain.encode("utf-8", "replace")).hexdigest(),
        "minute": _minute(now),
        "sent": 1,
        "most": most,
    }
    return (await tx.run(_take(is_sqlite=tx.is_sqlite), values)).scalar() is not None


@cache
def _take(*, is_sqlite: bool) -> Any:
    return (
        insert_for(domain_rates, is_sqlite=is_sqlite)
        .on_conflict_do_update(
            index_elements=["domain_hash", "minute"],
            set_={"sent": domain_rates.c.sent + 1},
            where=domain_rates.c.sent < bindparam("most"),
        )
        .returning(domain_rates.c.sent)
    )


async def forget_old(tx: Tx, *, now: datetime) -> None:
    """Minutes that are over count for nothing."""
    await tx.conn.execute(delete(domain_rates).where(domain_rates.c.minute < _minute(now - timedelta(minutes=5))))
