"""Conversations on chat channels: one open at a time for an address, what the dialogue knows of it, and its turns in order.

Whoever answers holds the conversation's row until everything is written, so that two workers never answer one turn; and
`inbox.is_next` keeps a later turn from being answered before an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Integer, and_, bindparam, delete, func, select, update

from channels.message import Attachment
from config.vocabulary import Channel, Language
from store import cases, inbox, links, texts
from store.database import Tx
from store.schema import conversations, message_files, messages, users
from store.schema import inbox as inbox_table
from store.sql import held_rows, insert_or_leave, skipping_locked

# "robot": the dialogue answers. "waiting": handed over, nobody has taken it. "person": somebody has it. "ended": over.
Stage = Literal["robot", "waiting", "person", "ended"]

STATE = texts.Place("conversations", "state")


# Asked for every turn, so built once (see store.sql).
_BY_KEY: Final = select(conversations).where(conversations.c.open_key == bindparam("key"))
_BY_ID: Final = select(conversations).where(conversations.c.id == bindparam("talk"))
_LATEST: Final = (
    select(conversations)
    .where(
        conversations.c.channel == bindparam("by"),
        conversations.c.account == bindparam("of"),
        conversations.c.address == bindparam("with"),
    )
    .order_by(conversations.c.id.desc())
    .limit(1)
)
_BY_SECRET: Final = select(conversations).where(
    conversations.c.secret_hash == bindparam("secret"), conversations.c.open_key.is_not(None)
)
_SAVE: Final = (
    update(conversations).where(conversations.c.id == bindparam("talk")).values(version=conversations.c.version + 1)
)
_LINES: Final = (
    select(
        messages.c.id,
        messages.c.direction,
        messages.c.auto,
        messages.c.text,
        messages.c.choices,
        messages.c.at,
        users.c.name,
        inbox_table.c.external_id,
        select(message_files.c.id).where(message_files.c.message_id == messages.c.id).exists().label("has_files"),
    )
    .outerjoin(users, users.c.id == messages.c.author_id)
    .outerjoin(inbox_table, inbox_table.c.id == messages.c.inbox_id)
    .where(messages.c.conversation_id == bindparam("talk"), messages.c.id > bindparam("last"))
    .order_by(messages.c.id)
    .limit(bindparam("most", type_=Integer))
)
_LINE_OF_ITEM: Final = select(messages.c.id).where(messages.c.inbox_id == bindparam("item")).limit(1)
_LINE_CALLED: Final = (
    select(messages.c.id)
    .join(inbox_table, inbox_table.c.id == messages.c.inbox_id)
    .where(messages.c.conversation_id == bindparam("talk"), inbox_table.c.external_id == bindparam("called"))
    .limit(1)
)
_TO_CASE: Final = update(messages).where(messages.c.id == bindparam("line"))


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
    """One message of a conversation, as both sides see it. `author` is a colleague's name; `choices` what could be pressed;
    `external_id` what the member's side calls a message of theirs; `files` names and sizes in bytes."""

    id: int
    direction: Literal["in", "out"]
    auto: bool
    author: str
    text: str
    choices: tuple[tuple[str, str], ...]
    at: datetime
    external_id: str = ""
    files: tuple[tuple[str, int], ...] = ()


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
    query = held_rows(_BY_KEY, is_sqlite=tx.is_sqlite)
    row = (await tx.run(query, {"key": key})).one_or_none()
    while row is None:
        await tx.run(insert_or_leave(conversations, is_sqlite=tx.is_sqlite), values)
        # The one that stood in the way may be released while we wait for it: then there is room for a new one.
        row = (await tx.run(query, {"key": key})).one_or_none()
    return of_row(row)


async def held(tx: Tx, conversation_id: int) -> Conversation | None:
    """A conversation by its number, ended or not; nobody else has it until the transaction ends."""
    row = (await tx.run(held_rows(_BY_ID, is_sqlite=tx.is_sqlite), {"talk": conversation_id})).one_or_none()
    return of_row(row) if row else None


async def look(tx: Tx, channel: str, account: str, address: str) -> Conversation | None:
    """The open conversation with this address, to read only."""
    row = (await tx.run(_BY_KEY, {"key": inbox.thread(channel, account, address)})).one_or_none()
    return of_row(row) if row else None


async def latest(tx: Tx, channel: str, account: str, address: str) -> Conversation | None:
    """The last conversation with this address, over or not, to read only."""
    row = (await tx.run(_LATEST, {"by": channel, "of": account, "with": address})).one_or_none()
    return of_row(row) if row else None


async def by_secret(tx: Tx, secret_hash: str) -> Conversation | None:
    """The conversation that a widget's key opens. Whether it counts on the page that shows it, its `origin` says (rule W3)."""
    row = (await tx.run(_BY_SECRET, {"secret": secret_hash})).one_or_none()
    return of_row(row) if row else None


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
    case_id: int | None,
) -> None:
    """Keep what the dialogue knows after a turn. One that has ended goes on when its member writes within a day (`release`)."""
    values: dict[str, Any] = {
        "state": texts.keep_json(dict(state), STATE),
        "stage": stage,
        "language": language,
        "due_at": due_at,
        "case_id": case_id,
        "ended_at": now if stage == "ended" else None,
    }
    if heard:
        values["heard_at"] = now
    if stage != "person":
        values["taken_by"] = None
    await tx.run(_SAVE, {"talk": conversation.id} | values)


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


async def look_again(tx: Tx, conversation_id: int, *, due_at: datetime) -> None:
    """When a conversation is to be looked at next, nothing else of it having changed."""
    await tx.conn.execute(update(conversations).where(conversations.c.id == conversation_id).values(due_at=due_at))


async def forget_empty(tx: Tx, conversation_id: int) -> bool:
    """Remove a conversation in which nothing was said; False where something was."""
    said = select(messages.c.id).where(messages.c.conversation_id == conversation_id).exists()
    done = await tx.conn.execute(delete(conversations).where(conversations.c.id == conversation_id, ~said))
    return bool(done.rowcount)


async def release(tx: Tx, conversation_id: int) -> None:
    """Leave the address free for the next conversation (rule W3), and keep no secret link of this one any longer."""
    await tx.conn.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(open_key=None, secret_hash=None, due_at=None, taken_by=None)
    )
    query = select(messages.c.id, messages.c.text).where(
        messages.c.conversation_id == conversation_id, messages.c.auto.is_(True)
    )
    for row in (await tx.conn.execute(query)).all():
        text = texts.read(row.text, cases.TEXT)
        masked = links.masked(text)
        if masked != text:
            kept = texts.keep(masked, cases.TEXT)
            await tx.conn.execute(update(messages).where(messages.c.id == row.id).values(text=kept))


async def due(tx: Tx, *, now: datetime, limit: int) -> list[int]:
    """Which conversations should be looked at without a word of anybody, those that wait longest first."""
    query = select(conversations.c.id).where(_is_due(now)).order_by(conversations.c.due_at).limit(limit)
    return list((await tx.conn.execute(query)).scalars())


async def still_due(tx: Tx, conversation_id: int, *, now: datetime) -> Conversation | None:
    """One of these, held; None where somebody has looked at it meanwhile, or has it in hand."""
    query = select(conversations).where(conversations.c.id == conversation_id, _is_due(now))
    row = (await tx.conn.execute(skipping_locked(tx, query))).one_or_none()
    return of_row(row) if row else None


def _is_due(now: datetime) -> Any:
    # The stages are named because the index begins with them.
    return and_(conversations.c.stage.in_(("robot", "waiting", "person", "ended")), conversations.c.due_at <= now)


async def lines(tx: Tx, conversation_id: int, *, after: int = 0, limit: int = 500) -> list[Line]:
    """The messages of a conversation behind one of them, in order."""
    rows = (await tx.run(_LINES, {"talk": conversation_id, "last": after, "most": limit})).all()
    files = await _files(tx, [row.id for row in rows if row.direction == "in" and row.has_files])
    return [
        Line(
            row.id,
            row.direction,
            row.auto,
            row.name or "",
            texts.read(row.text, cases.TEXT),
            tuple((choice[0], choice[1]) for choice in row.choices or ()),
            row.at,
            row.external_id or "",
            tuple(files.get(row.id, ())),
        )
        for row in rows
    ]


async def _files(tx: Tx, message_ids: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = {}
    if message_ids:
        query = (
            select(message_files.c.message_id, message_files.c.name, message_files.c.size)
            .where(message_files.c.message_id.in_(message_ids))
            .order_by(message_files.c.id)
        )
        for row in await tx.conn.execute(query):
            found.setdefault(row.message_id, []).append((texts.read(row.name, cases.FILE_NAME), row.size))
    return found


async def spoken_in(tx: Tx, *, after: int | None) -> tuple[frozenset[int], int]:
    """(the conversations in which anything was said behind a message, the newest message of all)."""
    newest = (await tx.conn.execute(select(func.max(messages.c.id)))).scalar() or 0
    if after is None:
        return frozenset(), newest
    query = select(messages.c.conversation_id).where(messages.c.id > after, messages.c.conversation_id.is_not(None))
    return frozenset((await tx.conn.execute(query.distinct())).scalars()), newest


async def line_of_item(tx: Tx, item_id: int) -> int | None:
    """The message that a door has kept already for an item, if it has."""
    found: int | None = (await tx.run(_LINE_OF_ITEM, {"item": item_id})).scalar()
    return found


async def line_called(tx: Tx, conversation_id: int, external_id: str) -> int | None:
    """The message of a conversation that its item calls so (`RawMessage.external_id`)."""
    found: int | None = (await tx.run(_LINE_CALLED, {"talk": conversation_id, "called": external_id})).scalar()
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """A line of a member that a later one names."""

    id: int
    case_id: int | None
    text: str


async def line_named(tx: Tx, conversation_id: int, name: str) -> Named | None:
    """The newest line of the member that bears this name of the provider's (`ThreadKeys.message_id`), edits of it included."""
    query = (
        select(messages.c.id, messages.c.case_id, messages.c.text)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.rfc_message_id == name,
            messages.c.direction == "in",
        )
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    return Named(row.id, row.case_id, texts.read(row.text, cases.TEXT)) if row else None


async def complete_line(
    tx: Tx, message_id: int, *, case_id: int | None, attachments: Sequence[Attachment], at: datetime
) -> None:
    """Give a message that a door has kept its case and its files."""
    await line_to_case(tx, message_id, case_id)
    for attachment in attachments:
        await cases.add_file(tx, message_id, attachment, at)


async def line_to_case(tx: Tx, message_id: int, case_id: int | None) -> None:
    """Let a message belong to a case, or to none."""
    await tx.run(_TO_CASE, {"line": message_id, "case_id": case_id})


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


def of_row(row: Any) -> Conversation:
    """A conversation from its row, or from a row that holds more. Raises ValueError where its state cannot be read."""
    state = texts.read_json(row.state, STATE)
    if not isinstance(state, dict):
        raise ValueError("the state of a conversation is no object")
    return Conversation(**{name: getattr(row, name) for name in _FIELDS}, state=state)


def without_state(row: Any) -> Conversation:
    """A conversation whose state cannot be read: what stands beside it."""
    return Conversation(**{name: getattr(row, name) for name in _FIELDS}, state={})
