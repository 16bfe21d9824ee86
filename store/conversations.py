"""Conversations on chat channels: one open at a time for an address, what the dialogue knows of it, and its turns in order.

Whoever answers holds the conversation's row until everything is written, so that two workers never answer one turn; and
`inbox.is_next` keeps a later turn from being answered before an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select, update

from config.vocabulary import Channel, Language
from store import cases, inbox, texts
from store.database import Tx
from store.schema import conversations, messages
from store.sql import insert, skipping_locked

# "robot": the dialogue answers. "waiting": handed over, nobody has taken it. "person": somebody has it. "ended": over.
Stage = Literal["robot", "waiting", "person", "ended"]

STATE = texts.Place("conversations", "state")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation. `state` is the dialogue's own; `due_at` when it should act without having heard anything."""

    id: int
    channel: Channel
    account: str
    address: str
    origin: str
    language: Language
    stage: Stage
    state: Mapping[str, Any]
    case_id: int | None
    taken_by: int | None
    started_at: datetime
    heard_at: datetime
    due_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation, as both sides see it. `author` is a colleague's id; `choices` what could be pressed."""

    id: int
    direction: Literal["in", "out"]
    auto: bool
    author: int | None
    text: str
    choices: tuple[tuple[str, str], ...]
    at: datetime


async def held_for(
    tx: Tx, channel: Channel, account: str, address: str, *, language: Language, now: datetime, origin: str = ""
) -> Conversation:
    """The open conversation with this address, begun where there is none; nobody else has it until the transaction ends."""
    key = inbox.thread(channel, account, address)
    values = {
        "channel": channel,
        "account": account,
        "address": address,
        "open_key": key,
        "origin": origin,
        "language": language,
        "stage": "robot",
        "state": texts.keep_json({}, STATE),
        "started_at": now,
        "heard_at": now,
        "version": 1,
    }
    await tx.conn.execute(insert(tx, conversations).values(**values).on_conflict_do_nothing())
    query = select(conversations).where(conversations.c.open_key == key)
    row = (await tx.conn.execute(query if tx.is_sqlite else query.with_for_update())).one()
    return _conversation(row)


async def held(tx: Tx, conversation_id: int) -> Conversation | None:
    """A conversation by its number, ended or not; nobody else has it until the transaction ends."""
    query = select(conversations).where(conversations.c.id == conversation_id)
    row = (await tx.conn.execute(query if tx.is_sqlite else query.with_for_update())).one_or_none()
    return _conversation(row) if row else None


async def look(tx: Tx, channel: str, account: str, address: str) -> Conversation | None:
    """The open conversation with this address, to read only."""
    query = select(conversations).where(conversations.c.open_key == inbox.thread(channel, account, address))
    row = (await tx.conn.execute(query)).one_or_none()
    return _conversation(row) if row else None


async def by_secret(tx: Tx, secret_hash: str, origin: str) -> Conversation | None:
    """The conversation of a widget's key, which counts under the origin that it was made for only (W3)."""
    query = select(conversations).where(
        conversations.c.secret_hash == secret_hash, conversations.c.origin == origin, conversations.c.stage != "ended"
    )
    row = (await tx.conn.execute(query)).one_or_none()
    return _conversation(row) if row else None


async def set_secret(tx: Tx, conversation_id: int, secret_hash: str) -> None:
    """Let a widget's key open a conversation; a key that there was opens it no more."""
    await tx.conn.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(secret_hash=secret_hash)
    )


async def save(
    tx: Tx,
    conversation: Conversation,
    *,
    state: Mapping[str, Any],
    stage: Stage,
    language: Language,
    now: datetime,
    heard: bool,
    due_at: datetime | None,
    case_id: int | None = None,
) -> None:
    """Keep what the dialogue knows after a turn. An ended conversation leaves its address free for the next one."""
    values: dict[str, Any] = {
        "state": texts.keep_json(dict(state), STATE),
        "stage": stage,
        "language": language,
        "due_at": None if stage == "ended" else due_at,
        "version": conversations.c.version + 1,
    }
    if heard:
        values["heard_at"] = now
    if case_id is not None:
        values["case_id"] = case_id
    if stage == "ended":
        values |= {"open_key": None, "ended_at": now, "taken_by": None}
    await tx.conn.execute(update(conversations).where(conversations.c.id == conversation.id).values(**values))


async def take(tx: Tx, conversation_id: int, user_id: int, *, version: int) -> bool:
    """Let a colleague have a conversation that nobody else has; False when it has changed since they saw it."""
    done = await tx.conn.execute(
        update(conversations)
        .where(
            conversations.c.id == conversation_id,
            conversations.c.version == version,
            conversations.c.stage != "ended",
        )
        .values(stage="person", taken_by=user_id, due_at=None, version=conversations.c.version + 1)
    )
    return bool(done.rowcount)


async def give_back(tx: Tx, conversation_id: int) -> None:
    """Let the dialogue answer again."""
    await tx.conn.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id, conversations.c.stage.in_(("person", "waiting")))
        .values(stage="robot", taken_by=None, version=conversations.c.version + 1)
    )


async def due(tx: Tx, *, now: datetime, limit: int) -> list[Conversation]:
    """Conversations in which the dialogue should act by itself, held; those that another process has are left out."""
    query = (
        select(conversations)
        .where(conversations.c.stage.in_(("robot", "waiting")), conversations.c.due_at <= now)
        .order_by(conversations.c.due_at)
        .limit(limit)
    )
    return [_conversation(row) for row in await tx.conn.execute(skipping_locked(tx, query))]


async def open_ones(tx: Tx, stages: Sequence[Stage] = ("robot", "waiting", "person")) -> list[Conversation]:
    """What goes on now, those who wait longest first."""
    query = select(conversations).where(conversations.c.stage.in_(stages)).order_by(conversations.c.heard_at)
    return [_conversation(row) for row in await tx.conn.execute(query)]


async def lines(tx: Tx, conversation_id: int, *, after: int = 0, limit: int = 200) -> list[Line]:
    """The messages of a conversation behind one of them, in order."""
    query = (
        select(
            messages.c.id,
            messages.c.direction,
            messages.c.auto,
            messages.c.author_id,
            messages.c.text,
            messages.c.choices,
            messages.c.at,
        )
        .where(messages.c.conversation_id == conversation_id, messages.c.id > after)
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [
        Line(
            row.id,
            row.direction,
            row.auto,
            row.author_id,
            texts.read(row.text, cases.TEXT),
            tuple((choice[0], choice[1]) for choice in row.choices or ()),
            row.at,
        )
        for row in await tx.conn.execute(query)
    ]


async def give_to_case(tx: Tx, conversation_id: int, case_id: int) -> None:
    """Every message of a conversation that has become a case belongs to that case."""
    await tx.conn.execute(
        update(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.case_id.is_(None))
        .values(case_id=case_id)
    )


_FIELDS: Final = (
    "id",
    "channel",
    "account",
    "address",
    "origin",
    "language",
    "stage",
    "case_id",
    "taken_by",
    "started_at",
    "heard_at",
    "due_at",
    "version",
)


def _conversation(row: Any) -> Conversation:
    return Conversation(**{name: getattr(row, name) for name in _FIELDS}, state=texts.read_json(row.state, STATE))
