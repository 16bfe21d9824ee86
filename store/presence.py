"""Who has a case open right now, so that two people on one case see each other. A note of a moment, not a record of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from store.database import Tx
from store.schema import drafts, presence, users
from store.sql import insert
from store.viewer import Viewer

# A page that is open says so this often, and counts as closed when it has not for so long: a laptop that was shut says nothing.
TOUCH: Final = timedelta(seconds=15)
HOLDS: Final = timedelta(seconds=45)
# A text is kept a moment after each pause in typing: who has not paused or typed for so long does something else.
_TYPING: Final = timedelta(seconds=45)


async def touch(tx: Tx, viewer: Viewer, case_id: int, *, now: datetime) -> None:
    """Note that this person has the case open."""
    statement = insert(tx, presence).values(user_id=viewer.user_id, case_id=case_id, seen_at=now)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=["user_id", "case_id"], set_={"seen_at": now}))


async def leave(tx: Tx, viewer: Viewer, case_id: int) -> None:
    """Note that they have not any more."""
    mine = (presence.c.user_id == viewer.user_id, presence.c.case_id == case_id)
    await tx.conn.execute(delete(presence).where(*mine))


async def others(tx: Tx, viewer: Viewer, case_ids: Sequence[int], *, now: datetime) -> Mapping[int, Sequence[str]]:
    """The names of the other people who have each of these cases open. The caller has made sure that they may be known."""
    if not case_ids:
        return {}
    rows = await tx.conn.execute(
        select(presence.c.case_id, users.c.name)
        .join(users, users.c.id == presence.c.user_id)
        .where(
            presence.c.case_id.in_(case_ids),
            presence.c.user_id != viewer.user_id,
            presence.c.seen_at > now - HOLDS,
            # Who was shut out has gone, whatever is still open on their screen.
            users.c.disabled.is_(False),
        )
        .order_by(users.c.name)
    )
    found: dict[int, list[str]] = {}
    for case_id, name in rows:
        found.setdefault(case_id, []).append(name)
    return found


async def writing(tx: Tx, viewer: Viewer, case_ids: Sequence[int], *, now: datetime) -> Mapping[int, Sequence[str]]:
    """The names of the others who type something on each of these cases right now, never what. The caller has made sure that
    they may be known."""
    if not case_ids:
        return {}
    rows = await tx.conn.execute(
        select(drafts.c.case_id, users.c.name)
        .join(users, users.c.id == drafts.c.user_id)
        .where(
            drafts.c.case_id.in_(case_ids),
            drafts.c.user_id != viewer.user_id,
            drafts.c.at > now - _TYPING,
            users.c.disabled.is_(False),
        )
        .order_by(users.c.name)
        .distinct()
    )
    found: dict[int, list[str]] = {}
    for case_id, name in rows:
        found.setdefault(case_id, []).append(name)
    return found
