"""What colleagues typed on a case and have not sent yet: it survives a reload, another browser and the end of a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func, select

from store import texts
from store.database import Tx
from store.family import family
from store.schema import cases, drafts, messages, notes
from store.sql import insert
from store.viewer import Viewer

# An answer to the member, a note, a question to a department, the last words of a case, and the other fields of its closing.
Purpose = Literal["reply", "note", "question", "closing", "ending"]
PURPOSES: tuple[Purpose, ...] = ("reply", "note", "question", "closing")
TEXT = texts.Place("drafts", "text")


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that waits to be sent, and when it was last kept."""

    text: str
    at: datetime


async def keep(tx: Tx, viewer: Viewer, case_id: int, purpose: Purpose, text: str, *, now: datetime) -> None:
    """Keep what this person typed; an empty text lets it go."""
    if not text.strip():
        await let_go(tx, viewer, case_id, purpose)
        return
    values = {"text": texts.keep(text, TEXT), "at": now}
    statement = insert(tx, drafts).values(user_id=viewer.user_id, case_id=case_id, purpose=purpose, **values)
    await tx.conn.execute(
        statement.on_conflict_do_update(index_elements=["user_id", "case_id", "purpose"], set_=values)
    )


async def bring_back(tx: Tx, viewer: Viewer, case_id: int, purpose: Purpose, text: str, *, now: datetime) -> None:
    """Keep what this person had sent and took back; what they have typed since stands below it."""
    since = (await of_case(tx, viewer, case_id)).get(purpose)
    await keep(tx, viewer, case_id, purpose, both(text, since.text if since else ""), now=now)


def both(text: str, since: str) -> str:
    """A text that was taken back and what was typed since, in one; what one of them says already is not said twice."""
    if not since.strip() or since.strip() in text:
        return text
    return since if text.strip() in since else f"{text.rstrip()}\n\n{since}"


async def let_go(tx: Tx, viewer: Viewer, case_id: int, purpose: Purpose) -> None:
    """Forget what this person typed, because it was sent or thrown away."""
    await tx.conn.execute(
        delete(drafts).where(
            drafts.c.user_id == viewer.user_id, drafts.c.case_id == case_id, drafts.c.purpose == purpose
        )
    )


async def of_case(tx: Tx, viewer: Viewer, case_id: int) -> dict[str, Draft]:
    """This person's own drafts on a case that they may open, by purpose; nobody reads another's."""
    rows = await tx.conn.execute(
        select(drafts.c.purpose, drafts.c.text, drafts.c.at)
        .join(cases, cases.c.id == drafts.c.case_id)
        .where(drafts.c.user_id == viewer.user_id, drafts.c.case_id == case_id, viewer.may_see())
    )
    return {row.purpose: Draft(texts.read(row.text, TEXT), row.at) for row in rows}


async def sent_since(tx: Tx, viewer: Viewer, case_id: int, purpose: Purpose, *, since: datetime) -> bool:
    """Whether this person has sent such a text on the case since then: what a page from before it still keeps comes too
    late, and must not bring back what was sent."""
    table = notes if purpose == "note" else messages
    query = select(func.count()).where(
        table.c.case_id.in_(family(case_id)), table.c.author_id == viewer.user_id, table.c.at >= since
    )
    return bool((await tx.conn.execute(query)).scalar_one())


async def forget_old(tx: Tx, *, before: datetime) -> int:
    """Forget what nobody has gone on with since then. Returns how many."""
    return int((await tx.conn.execute(delete(drafts).where(drafts.c.at < before))).rowcount)
