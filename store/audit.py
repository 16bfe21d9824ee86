"""The audit: who did what, when, to which case. Append only, and never content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from store.database import Tx
from store.schema import audit
from store.sql import add


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `actor` is "system", "member" or "user:<id>"; `detail` holds ids and labels only."""

    at: datetime
    actor: str
    act: str
    detail: Mapping[str, Any]


async def write(
    tx: Tx, *, actor: str, act: str, at: datetime, case_id: int | None = None, detail: Mapping[str, Any] | None = None
) -> None:
    """Add one entry in the transaction that does the act."""
    await add(tx, audit, at=at, actor=actor, act=act, case_id=case_id, detail=dict(detail or {}))


async def of_case(tx: Tx, case_id: int) -> list[Entry]:
    """Everything that was done to a case, oldest first."""
    rows = await tx.conn.execute(
        select(audit.c.at, audit.c.actor, audit.c.act, audit.c.detail)
        .where(audit.c.case_id == case_id)
        .order_by(audit.c.id)
    )
    return [Entry(*row) for row in rows]
