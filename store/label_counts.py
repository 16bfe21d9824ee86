"""Counts of what the classifier says, for all processes together. They only grow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select

from store.database import Tx
from store.schema import label_counts
from store.sql import insert


class Count(NamedTuple):
    """How often a model said a label: `measure` is what was asked ("kind"), `label` what was said ("complaint")."""

    model: str
    measure: str
    label: str
    total: int


async def add(tx: Tx, counts: Iterable[tuple[str, str, str, int]]) -> None:
    """Add to counts: (model, measure, label, how many) each."""
    # In one order everywhere, so that two workers never wait for each other crosswise.
    for model, measure, label, count in sorted(counts):
        statement = insert(tx, label_counts).values(model=model[:40], measure=measure, label=label, count=count)
        grown = statement.on_conflict_do_update(
            index_elements=["model", "measure", "label"], set_={"count": label_counts.c.count + count}
        )
        await tx.conn.execute(grown)


async def everything(tx: Tx) -> list[Count]:
    """All counts, by model, measure and label."""
    columns = (label_counts.c.model, label_counts.c.measure, label_counts.c.label)
    rows = await tx.conn.execute(select(*columns, label_counts.c.count).order_by(*columns))
    return [Count(*row) for row in rows]
