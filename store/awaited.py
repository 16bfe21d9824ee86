"""What waits for one supervisor in particular: new rules and a way back that another one asks them to read, a draft of rules
that came back to them, and texts of another one that nobody may publish alone."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, or_, select

from store.database import Tx
from store.schema import rule_drafts, rule_returns, rule_sets, text_drafts, users
from store.users import stands_for_rules
from store.viewer import Viewer


async def rules(tx: Tx, viewer: Viewer) -> int:
    """How many acts about rules wait for this supervisor."""
    if not viewer.supervises:
        return 0
    me = viewer.user_id
    drafts = (
        select(func.count())
        .select_from(rule_drafts.outerjoin(users, and_(users.c.id == rule_drafts.c.proposed_by, stands_for_rules())))
        .where(or_(users.c.id != me, rule_drafts.c.sent_back_to == me))
    )
    live = select(rule_sets.c.version).where(rule_sets.c.active.is_(True)).scalar_subquery()
    returns = (
        select(func.count())
        .select_from(rule_returns.join(users, users.c.id == rule_returns.c.asked_by))
        .where(stands_for_rules(), users.c.id != me, rule_returns.c.live == live)
    )
    return int((await tx.conn.execute(drafts)).scalar_one()) + int((await tx.conn.execute(returns)).scalar_one())


async def texts(tx: Tx, viewer: Viewer, situations: Collection[str]) -> list[tuple[str, str]]:
    """The drafts of these texts that another colleague wrote: the situation, and who wrote it last."""
    if not viewer.supervises:
        return []
    rows = await tx.conn.execute(
        select(text_drafts.c.situation, users.c.name)
        .join(users, users.c.id == text_drafts.c.author_id)
        .where(text_drafts.c.situation.in_(situations), text_drafts.c.author_id != viewer.user_id)
        .order_by(text_drafts.c.situation)
    )
    return [(row.situation, row.name) for row in rows]
