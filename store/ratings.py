"""What members thought of how their case was handled: one rating of a case, which they may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from store import texts
from store.database import Tx
from store.schema import ratings
from store.sql import insert

SCORES: Final = range(1, 6)
_COMMENT: Final = texts.Place("ratings", "comment")


@dataclass(frozen=True, slots=True)
class Rating:
    """From 1 (bad) to 5 (good), with the member's own words, if any."""

    score: int
    comment: str
    at: datetime


async def keep(tx: Tx, case_id: int, score: int, comment: str, *, now: datetime) -> None:
    """Keep a rating in the place of an earlier one. Raises ValueError for a score that is none."""
    if score not in SCORES:
        raise ValueError("a rating is a number from 1 to 5")
    values = {"score": score, "comment": texts.keep(comment, _COMMENT), "at": now}
    statement = insert(tx, ratings).values(case_id=case_id, **values)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))


async def of_case(tx: Tx, case_id: int) -> Rating | None:
    """The rating of a case, if its member gave one."""
    row = (await tx.conn.execute(select(ratings).where(ratings.c.case_id == case_id))).one_or_none()
    return Rating(row.score, texts.read(row.comment, _COMMENT), row.at) if row else None
