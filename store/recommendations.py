"""Recommendations to departments: made on a case, followed until they are done or refused, counted by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import case, func, select, update

from store import texts
from store.database import Tx
from store.family import family, members
from store.schema import cases, recommendations, users
from store.sql import new_id
from store.viewer import Viewer

State = Literal["open", "accepted", "refused", "done"]
STATES: Final[tuple[State, ...]] = ("open", "accepted", "refused", "done")
# What nobody has to follow any more.
ENDED: Final = ("refused", "done")
TEXT: Final = texts.Place("recommendations", "text")
REMARK: Final = texts.Place("recommendations", "remark")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommendation. `due_on` is when the department is to have acted, `remark` what it said of it last."""

    id: int
    case_id: int
    reference: str
    department: str
    author: str
    text: str
    state: str
    remark: str
    due_on: date | None
    made_at: datetime
    changed_at: datetime | None
    sealed: bool


async def make(
    tx: Tx, viewer: Viewer, case_id: int, *, department: str, text: str, due_on: date | None, now: datetime
) -> int:
    """Record a recommendation; the caller has made sure that this person may act on the case."""
    return await new_id(
        tx,
        recommendations,
        case_id=case_id,
        author_id=viewer.user_id,
        department=department,
        text=texts.keep(text, TEXT),
        state="open",
        remark=texts.keep("", REMARK),
        due_on=due_on,
        made_at=now,
    )


async def made_since(tx: Tx, viewer: Viewer, case_id: int, *, department: str, text: str, since: datetime) -> bool:
    """Whether this person has recommended just this since then, on a case that they may open."""
    query = select(recommendations.c.id).join(cases, cases.c.id == recommendations.c.case_id)
    query = query.where(
        viewer.may_see(),
        recommendations.c.case_id == case_id,
        recommendations.c.author_id == viewer.user_id,
        recommendations.c.department == department,
        recommendations.c.text == texts.keep(text, TEXT),
        recommendations.c.made_at >= since,
    )
    return (await tx.conn.execute(query.limit(1))).first() is not None


async def follow(tx: Tx, case_id: int, recommendation_id: int, state: State, remark: str, *, now: datetime) -> bool:
    """What became of a recommendation of this case or of what was merged into it; False when there is no such one. An empty
    remark leaves the last."""
    values: dict[str, Any] = {"state": state, "changed_at": now}
    if remark:
        values["remark"] = texts.keep(remark, REMARK)
    every = await members(tx, case_id)
    done = await tx.conn.execute(
        update(recommendations)
        .where(recommendations.c.id == recommendation_id, recommendations.c.case_id.in_(every))
        .values(**values)
    )
    return bool(done.rowcount == 1)


async def of_case(tx: Tx, viewer: Viewer, case_id: int) -> list[Recommendation]:
    """The recommendations made on a case and on what was merged into it, oldest first; none when the viewer may not open it."""
    return await _listed(tx, viewer, recommendations.c.case_id.in_(family(case_id)), recommendations.c.id)


async def to_follow(tx: Tx, viewer: Viewer, *, limit: int = 200) -> list[Recommendation]:
    """Those that are not done or refused, of the cases that this viewer may open: the earliest due first."""
    open_ = recommendations.c.state.not_in(ENDED)
    return await _listed(
        tx,
        viewer,
        open_,
        recommendations.c.due_on.is_(None),
        recommendations.c.due_on,
        recommendations.c.id,
        limit=limit,
    )


async def ended(tx: Tx, viewer: Viewer, *, limit: int = 50) -> list[Recommendation]:
    """The last that were done or refused, of the cases that this viewer may open."""
    over = recommendations.c.state.in_(ENDED)
    return await _listed(
        tx, viewer, over, recommendations.c.changed_at.desc(), recommendations.c.id.desc(), limit=limit
    )


async def by_month(tx: Tx, viewer: Viewer, *, since: datetime, until: datetime) -> Mapping[str, Mapping[str, int]]:
    """For the report: by department, how many recommendations were made from `since` up to before `until`, in all ("made")
    and by what has become of them by now, of the cases that this viewer may open."""
    state = recommendations.c.state
    counted = [func.sum(case((state == name, 1), else_=0)).label(name) for name in STATES]
    rows = await tx.conn.execute(
        select(recommendations.c.department, func.count().label("made"), *counted)
        .join(cases, cases.c.id == recommendations.c.case_id)
        .where(recommendations.c.made_at >= since, recommendations.c.made_at < until, viewer.may_see())
        .group_by(recommendations.c.department)
        .order_by(recommendations.c.department)
    )
    return {
        row.department: {"made": int(row.made), **{name: int(getattr(row, name)) for name in STATES}} for row in rows
    }


async def _listed(tx: Tx, viewer: Viewer, which: Any, *order: Any, limit: int | None = None) -> list[Recommendation]:
    query = (
        select(recommendations, cases.c.reference, cases.c.sealed, users.c.name.label("author"))
        .join(cases, cases.c.id == recommendations.c.case_id)
        .outerjoin(users, users.c.id == recommendations.c.author_id)
        .where(which, viewer.may_see())
        .order_by(*order)
    )
    if limit is not None:
        query = query.limit(limit)
    return [
        Recommendation(
            id=row.id,
            case_id=row.case_id,
            reference=row.reference,
            department=row.department,
            author=row.author or "",
            text=texts.read(row.text, TEXT),
            state=row.state,
            remark=texts.read(row.remark, REMARK),
            due_on=row.due_on,
            made_at=row.made_at,
            changed_at=row.changed_at,
            sealed=row.sealed,
        )
        for row in await tx.conn.execute(query)
    ]
