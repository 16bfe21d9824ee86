"""How often each rule took part in a decision, or nearly did, and in which cases; each as far as the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import func, select

from router.decision import Decision
from store.database import Tx
from store.schema import cases, decisions
from store.viewer import Viewer

How = Literal["hits", "near"]
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases in which a rule took part, and in which it nearly did."""

    hits: int = 0
    near: int = 0


def took_part(decision: Decision) -> list[str]:
    """The rules that hit until the one that decided, the last of them."""
    ids = [rule.rule for rule in decision.trace]
    end = ids.index(decision.decided_by) + 1 if decision.decided_by in ids else len(ids)
    return [rule.rule for rule in decision.trace[:end] if rule.outcome == "hit"]


def nearly_did(decision: Decision) -> list[str]:
    """The rules that missed by little."""
    return [rule.rule for rule in decision.trace if rule.outcome == "near"]


def marked(rules: Iterable[str]) -> str:
    """Ids as the register keeps them: ",one,two,"; empty for none."""
    joined = ",".join(rules)
    return f",{joined}," if joined else ""


async def counts(tx: Tx, viewer: Viewer, since: datetime) -> Mapping[str, Tally]:
    """The tally of each rule over the cases that came in since then."""
    rows = await tx.conn.execute(
        select(decisions.c.hits, decisions.c.near, func.count())
        .join(cases, cases.c.id == decisions.c.case_id)
        .where(cases.c.received_at >= since, viewer.may_see())
        .group_by(decisions.c.hits, decisions.c.near)
    )
    hits: dict[str, int] = {}
    near: dict[str, int] = {}
    for row in rows:
        for found, into in ((row[0], hits), (row[1], near)):
            for rule in found.strip(",").split(",") if found else ():
                into[rule] = into.get(rule, 0) + int(row[2])
    return {rule: Tally(hits.get(rule, 0), near.get(rule, 0)) for rule in hits.keys() | near.keys()}


async def cases_of(
    tx: Tx, viewer: Viewer, rule: str, how: How, since: datetime, *, before: int | None = None, limit: int = PAGE
) -> list[int]:
    """The ids of the cases in which a rule took part or nearly did, the latest first; `before` is the last id of the page
    before."""
    column = decisions.c.hits if how == "hits" else decisions.c.near
    conditions: list[Any] = [
        cases.c.received_at >= since,
        column.contains(f",{rule},", autoescape=True),
        viewer.may_see(),
    ]
    if before is not None:
        conditions.append(cases.c.id < before)
    rows = await tx.conn.execute(
        select(cases.c.id)
        .distinct()
        .join(decisions, decisions.c.case_id == cases.c.id)
        .where(*conditions)
        .order_by(cases.c.id.desc())
        .limit(limit)
    )
    return [int(row[0]) for row in rows]
