"""Conversations as colleagues look at them: those that go on, one whole, and who may see which.

One that has touched a medical matter is for those who may open sealed cases, like the case that comes of it (rule S2): the
mark stays on it for good, and a sealed case among its messages is a mark too. One whose messages went into a case is for those
who have the queue of that case; as long as there is no case, it is nobody's yet and anybody's to take.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select, true

from store import conversations, texts
from store.cases import TEXT
from store.conversations import Conversation, Line
from store.database import Tx
from store.family import family
from store.schema import cases, inbox, messages, outbox, users
from store.schema import conversations as table
from store.viewer import Viewer

# Under this key the register keeps with a conversation's state that it has touched a medical matter.
SEALED: Final = "sealed"
# The situation of a line of ours that answers nothing: a word beside the conversation.
NOTE: Final = "note"
# So many that the robot has are listed, those heard last; the others are counted.
MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Going:
    """A conversation with what stands around it. `asked_at` is since when the member has had no answer, None where they were
    answered; `robot_at` when the robot last said something. One that is not `readable` has an empty state."""

    conversation: Conversation
    sealed: bool
    reference: str
    holder: str
    asked_at: datetime | None
    robot_at: datetime | None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line. `read` says that the house has read what the member wrote; until then nobody knows what it is about.

    `delivery` is the state of its sending, "" where nothing is sent or nothing is known.
    """

    line: Line
    read: bool
    delivery: str


def visible(viewer: Viewer, *, sealed: bool) -> bool:
    """Whether this viewer may know of a conversation."""
    return viewer.reads_cases and (viewer.medical or not sealed)


async def going_on(tx: Tx, viewer: Viewer) -> list[Going]:
    """What waits for a person or has one, and of the others those heard last; only what this viewer may know of."""
    with_people = await _listed(tx, viewer, table.c.stage.in_(("waiting", "person")), None)
    return with_people + await _listed(tx, viewer, table.c.stage == "robot", MOST)


async def waiting(tx: Tx, viewer: Viewer) -> int:
    """How many wait for a person, of those that this viewer may know of."""
    return len(await _listed(tx, viewer, table.c.stage == "waiting", None)) if viewer.reads_cases else 0


async def one(tx: Tx, viewer: Viewer, talk_id: int) -> Going | None:
    """A conversation by its number, ended or not; None where this viewer may not know of it."""
    found = await _listed(tx, viewer, table.c.id == talk_id, None)
    return found[0] if found else None


async def open_for_case(tx: Tx, viewer: Viewer, case_id: int) -> int | None:
    """The conversation that goes on with the member of a case, or of one that was merged into it, if there is one."""
    in_case = and_(table.c.case_id.in_(family(case_id)), table.c.stage != "ended")
    found = await _listed(tx, viewer, in_case, None)
    return found[-1].conversation.id if found else None


async def is_sealed(tx: Tx, conversation: Conversation) -> bool:
    """Whether a conversation, as it is stored, has touched a medical matter."""
    return bool(conversation.state.get(SEALED)) or bool((await tx.run(_IN_SEALED, {"talk": conversation.id})).scalar())


async def lines(tx: Tx, talk_id: int, *, after: int = 0) -> list[SeenLine]:
    """The lines of a conversation behind one of them, in order. The caller has made sure that they may be seen."""
    found = await conversations.lines(tx, talk_id, after=after)
    query = (
        select(messages.c.id, inbox.c.state, outbox.c.state)
        .outerjoin(inbox, inbox.c.id == messages.c.inbox_id)
        .outerjoin(outbox, outbox.c.message_id == messages.c.id)
        .where(messages.c.conversation_id == talk_id, messages.c.id > after)
    )
    states = {row[0]: (row[1], row[2]) for row in await tx.conn.execute(query)}
    return [SeenLine(line, states[line.id][0] in (None, "done"), states[line.id][1] or "") for line in found]


def _in_sealed_case(talk_id: Any) -> Any:
    return (
        select(messages.c.id)
        .join(cases, cases.c.id == messages.c.case_id)
        .where(messages.c.conversation_id == talk_id, cases.c.sealed.is_(True))
        .exists()
    )


# Asked for every turn, so built once (see store.sql).
_IN_SEALED: Final = select(_in_sealed_case(bindparam("talk", type_=BigInteger)))


def _last(wanted: Any) -> Any:
    """When the last of these messages of a conversation was written."""
    return select(func.max(messages.c.at)).where(messages.c.conversation_id == table.c.id, wanted).scalar_subquery()


def _unanswered_since() -> Any:
    """The first line of the member behind the last one of ours."""
    said, ours = messages.alias(), messages.alias()
    answer = select(ours.c.id).where(
        ours.c.conversation_id == said.c.conversation_id,
        ours.c.direction == "out",
        ours.c.id > said.c.id,
        ours.c.situation != NOTE,
    )
    query = select(func.min(said.c.at)).where(
        said.c.conversation_id == table.c.id, said.c.direction == "in", ~answer.exists()
    )
    return query.scalar_subquery()


# Asked for with every page, for the rail counts those who wait.
_UNANSWERED_SINCE: Final = _unanswered_since()
_ROBOT_SAID: Final = _last(messages.c.auto.is_(True))


async def _listed(tx: Tx, viewer: Viewer, wanted: Any, most: int | None) -> list[Going]:
    if not viewer.reads_cases:
        return []
    query = (
        select(
            table,
            cases.c.reference,
            or_(func.coalesce(cases.c.sealed, False), _in_sealed_case(table.c.id)).label("in_sealed"),
            users.c.name,
            _UNANSWERED_SINCE.label("asked_at"),
            _ROBOT_SAID.label("robot_at"),
        )
        .outerjoin(cases, cases.c.id == table.c.case_id)
        .outerjoin(users, users.c.id == table.c.taken_by)
        .where(wanted, _of_queues(viewer))
        .order_by(table.c.heard_at.desc(), table.c.id.desc())
    )
    rows = (await tx.conn.execute(query.limit(most) if most else query)).all()
    return [found for row in rows if (found := _going(row, viewer)) is not None]


def _of_queues(viewer: Viewer) -> Any:
    """Holds where no case of the conversation is in a queue that the viewer has not."""
    if viewer.queues is None:
        return true()
    own = messages.alias()
    its_cases = select(own.c.case_id).where(own.c.conversation_id == table.c.id).correlate(table)
    is_of_it = or_(cases.c.id == table.c.case_id, cases.c.id.in_(its_cases))
    foreign = select(cases.c.id).where(~viewer.may_list(), is_of_it).correlate(table)
    return ~foreign.exists()


def _going(row: Any, viewer: Viewer) -> Going | None:
    try:
        conversation, readable = conversations.of_row(row), True
        sealed = bool(row.in_sealed) or bool(conversation.state.get(SEALED))
    except ValueError:
        # Whether it has touched a medical matter, nobody can tell any more: it is for those who may read anything (rule S2).
        conversation, readable, sealed = conversations.without_state(row), False, True
    # What the house has not read yet may be about anything; in a moment it has.
    unheard = readable and "dialogue" not in conversation.state
    if unheard or not visible(viewer, sealed=sealed):
        return None
    return Going(conversation, sealed, row.reference or "", row.name or "", row.asked_at, row.robot_at, readable)


async def has_said(tx: Tx, talk_id: int, viewer: Viewer, text: str, *, since: datetime) -> bool:
    """Whether this colleague has said just this since then. The conversation is held, so that two at once come one by one."""
    query = select(messages.c.id).where(
        messages.c.conversation_id == talk_id,
        messages.c.author_id == viewer.user_id,
        messages.c.text == texts.keep(text, TEXT),
        messages.c.at > since,
    )
    return (await tx.conn.execute(query.limit(1))).first() is not None
