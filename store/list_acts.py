"""What somebody did from a list, to several cases at once: kept, so that it can be told on the next page and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

from sqlalchemy import delete, select, update

from store import audit, drafts, mentions, outbox, reindex, texts
from store import cases as register
from store.database import Tx
from store.pauses import Moved, wake
from store.schema import cases, deadlines, list_acts, messages, notes, pauses
from store.schema import outbox as sent
from store.sql import new_id
from store.viewer import Viewer

# "close" is done on the closing page, to which a list leads; its target is the message that went with it, if any did.
Act = Literal["take", "assign", "move", "accept", "pause", "robot", "close"]
# Who has not taken it back by then has gone on from there.
_KEPT: Final = timedelta(days=1)
_COLUMNS: Final = ("queue", "department", "assignee_id", "sealed")


@dataclass(frozen=True, slots=True)
class Left:
    """A case that was not changed, and why: a key of the words below `acted.left`."""

    reference: str
    why: str


@dataclass(frozen=True, slots=True)
class ListAct:
    """One act of one person. `count`: how many cases it changed. `target`: the queue or the number of the person."""

    id: int
    act: Act
    target: str
    count: int
    left: Sequence[Left]
    undone: bool


async def before(tx: Tx, row: Any) -> dict[str, Any]:
    """What stands in a case (a views.Row) before an act, as `undo` needs it."""
    query = select(deadlines).where(deadlines.c.case_id == row.id).order_by(deadlines.c.id)
    clocks = (await tx.conn.execute(query)).all()
    rests = select(pauses.c.id).where(pauses.c.case_id == row.id, pauses.c.ended_at.is_(None))
    return {
        **{name: getattr(row, name) for name in _COLUMNS},
        "due_on": row.due_on.isoformat() if row.due_on else "",
        "clocks": [[one.clock, one.due_on.isoformat(), one.source] for one in clocks],
        "states": [[one.clock, one.state, one.ended_at.isoformat() if one.ended_at else ""] for one in clocks],
        "unread": row.unread,
        "paused_until": row.paused_until.isoformat() if row.paused_until else "",
        "paused_for": row.paused_for,
        "pauses": list(await tx.conn.scalars(rests)),
    }


async def keep(
    tx: Tx,
    viewer: Viewer,
    act: Act,
    target: str,
    changed: Mapping[int, Mapping[str, Any]],
    left: Sequence[Left],
    *,
    now: datetime,
) -> int:
    """Keep what was just done. `changed` has what stood in each case before; its version now is looked up here."""
    await tx.conn.execute(delete(list_acts).where(list_acts.c.user_id == viewer.user_id, list_acts.c.at < now - _KEPT))
    query = select(cases.c.id, cases.c.version, cases.c.queue).where(cases.c.id.in_(list(changed)))
    now_there = {row.id: {"version": row.version, "queue": row.queue} for row in await tx.conn.execute(query)}
    return await new_id(
        tx,
        list_acts,
        user_id=viewer.user_id,
        act=act,
        target=target,
        changed=[{"case": case_id, **now_there[case_id], "before": was} for case_id, was in changed.items()],
        left=[asdict(one) for one in left],
        at=now,
    )


async def of(tx: Tx, viewer: Viewer, act_id: int) -> ListAct | None:
    """An act of this person; None for anybody else's."""
    row = await _row(tx, viewer, act_id)
    if row is None:
        return None
    left = [Left(one["reference"], one["why"]) for one in row.left]
    return ListAct(row.id, row.act, row.target, len(row.changed), left, row.undone_at is not None)


async def closing_with(tx: Tx, viewer: Viewer, outbox_id: int) -> int | None:
    """The closing by this person that a message went with, as long as it can be taken back."""
    query = select(list_acts.c.id).where(
        list_acts.c.user_id == viewer.user_id,
        list_acts.c.act == "close",
        list_acts.c.target == str(outbox_id),
        list_acts.c.undone_at.is_(None),
    )
    return (await tx.conn.execute(query)).scalar()


async def undo(tx: Tx, viewer: Viewer, act_id: int, *, moved: Moved, now: datetime) -> int | None:
    """Take an act back on every case that nobody has changed since and that this person may open; what is left says which
    were not. `moved` is the due date of a clock that waited. Returns how many; None when there is nothing to take back."""
    # The second of two presses waits, and finds it taken back.
    row = await _row(tx, viewer, act_id, held=True)
    if row is None or row.undone_at is not None:
        return None
    left = [why for one in row.changed if (why := await _undone(tx, viewer, row, one, moved=moved, now=now))]
    await tx.conn.execute(
        update(list_acts).where(list_acts.c.id == act_id).values(undone_at=now, left=[asdict(one) for one in left])
    )
    return len(row.changed) - len(left)


async def _undone(
    tx: Tx, viewer: Viewer, row: Any, one: Mapping[str, Any], *, moved: Moved, now: datetime
) -> Left | None:
    """Take it back on one case; says why not."""
    query = select(cases.c.reference, cases.c.sealed, cases.c.version).where(cases.c.id == one["case"])
    case = (await tx.conn.execute(query if tx.is_sqlite else query.with_for_update())).one()
    if case.sealed and not viewer.medical:
        return Left(case.reference, "sealed")
    if case.version != one["version"]:
        return Left(case.reference, "stale")
    if row.act == "close" and row.target and not await _unsent(tx, viewer, one["case"], int(row.target), now=now):
        return Left(case.reference, "sent")
    await _restore(tx, viewer, row, one, is_sealed=case.sealed, moved=moved, now=now)
    return None


async def _restore(
    tx: Tx, viewer: Viewer, row: Any, one: Mapping[str, Any], *, is_sealed: bool, moved: Moved, now: datetime
) -> None:
    case_id, version, was = one["case"], one["version"], one["before"]
    actor = f"user:{viewer.user_id}"
    if row.act == "pause":
        await wake(tx, case_id, actor=actor, moved=moved, now=now, version=version)
        return
    if row.act in ("robot", "close") and "states" in was:
        await _open_again(tx, case_id, was, actor=actor, now=now, version=version)
        if "ending" in was:
            await _filled_in_again(tx, viewer, case_id, was, now=now)
        return
    if row.act == "robot":
        # Done before what a closing ends was kept: as when its member writes again.
        await register.reopen(tx, case_id, actor=actor, now=now, version=version)
        return
    values = {name: was[name] for name in _COLUMNS}
    values["due_on"] = date.fromisoformat(was["due_on"]) if was["due_on"] else None
    is_move = row.act in ("move", "accept")
    # A way back is a move like any, for the member too: their page says who has the case.
    act, detail = ("case.moved", {"from": one["queue"], "to": was["queue"]}) if is_move else ("case.list_undone", {})
    await register.change(tx, case_id, actor=actor, act=act, now=now, version=version, detail=detail, **values)
    if is_move:
        await _set_clocks(tx, case_id, was["clocks"])
    if row.act == "assign":
        await mentions.take_back(tx, case_id, author_id=viewer.user_id, at=row.at)
    if is_sealed and not was["sealed"]:
        await reindex.case(tx, case_id)


async def _unsent(tx: Tx, viewer: Viewer, case_id: int, outbox_id: int, *, now: datetime) -> bool:
    """Take back what was to go out with a closing; what was written is a draft again. False when it had left."""
    if not await outbox.cancel(tx, outbox_id, now=now):
        return False
    query = select(messages.c.id, messages.c.reply).join(sent, sent.c.message_id == messages.c.id)
    message = (await tx.conn.execute(query.where(sent.c.id == outbox_id))).one()
    text = texts.read(message.reply, register.REPLY)
    await drafts.keep(tx, viewer, case_id, "closing", text, now=now)
    detail = {"message": message.id}
    await audit.write(
        tx, actor=f"user:{viewer.user_id}", act="case.answer_undone", at=now, case_id=case_id, detail=detail
    )
    return True


async def _filled_in_again(tx: Tx, viewer: Viewer, case_id: int, was: Mapping[str, Any], *, now: datetime) -> None:
    """The fields of a closing that was taken back are a draft again; the note of what was done, which was not, goes."""
    fields = dict(was["ending"])
    if note_id := was.get("note"):
        gone = await tx.conn.execute(delete(notes).where(notes.c.id == note_id).returning(notes.c.text))
        fields["measures"] = texts.read(gone.scalar_one(), register.NOTE)
    # Nothing finds the words of the note, nor of the message that was taken back.
    await reindex.case(tx, case_id)
    await drafts.keep(tx, viewer, case_id, "ending", urlencode(fields), now=now)


async def _open_again(tx: Tx, case_id: int, was: Mapping[str, Any], *, actor: str, now: datetime, version: int) -> None:
    """Open what was closed, as it was: also what had ended before runs no more, and what rested rests on."""
    until = date.fromisoformat(was["paused_until"]) if was["paused_until"] else None
    await register.change(
        tx,
        case_id,
        actor=actor,
        act="case.reopened",
        now=now,
        version=version,
        detail={"queue": None},
        state="open",
        outcome=None,
        cause="",
        closed_at=None,
        unread=was["unread"],
        paused_until=until,
        paused_for=was["paused_for"],
    )
    for clock, state, ended_at in was["states"]:
        await tx.conn.execute(
            update(deadlines)
            .where(deadlines.c.case_id == case_id, deadlines.c.clock == clock)
            .values(state=state, ended_at=datetime.fromisoformat(ended_at) if ended_at else None)
        )
    await tx.conn.execute(update(pauses).where(pauses.c.id.in_(was["pauses"])).values(ended_at=None))


async def _set_clocks(tx: Tx, case_id: int, clocks: Sequence[Sequence[str]]) -> None:
    """The clocks as they were: a department that a case has left for good has promised nothing."""
    known = [clock for clock, _, _ in clocks]
    of_case = deadlines.c.case_id == case_id
    await tx.conn.execute(delete(deadlines).where(of_case, deadlines.c.clock.not_in(known)))
    for clock, due_on, source in clocks:
        await tx.conn.execute(
            update(deadlines)
            .where(of_case, deadlines.c.clock == clock)
            .values(due_on=date.fromisoformat(due_on), source=source)
        )


async def _row(tx: Tx, viewer: Viewer, act_id: int, *, held: bool = False) -> Any:
    query = select(list_acts).where(list_acts.c.id == act_id, list_acts.c.user_id == viewer.user_id)
    return (await tx.conn.execute(query.with_for_update() if held and not tx.is_sqlite else query)).one_or_none()
