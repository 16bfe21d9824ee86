"""The inbox: raw items as they arrived, who works on them, and the one fate of each.

An attempt is counted when an item is handed out, before any work, so that a crash counts too; and an attempt can be
recorded only by who holds it, so that a worker which slept through its lease can never record an item twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any, Final, Literal

import structlog
from sqlalchemy import Integer, and_, bindparam, func, or_, select, text, update

from channels.message import RawMessage
from config.vocabulary import CONVERSING
from store import texts, troubles
from store.database import Tx
from store.files import FileStore
from store.schema import inbox
from store.sql import free_rows, insert_for

log = structlog.get_logger(__name__)

# "typed": a colleague typed it in by hand, as an item of its own.
Fate = Literal[
    "opened", "joined", "held", "conversing", "robot", "refused", "duplicate", "typed", "set_aside", "quarantined"
]

# Larger raw messages go to a file beside the database: rows stay quick to read and to copy.
LARGE: Final = 512 * 1024
# One batch holds no more than this, and at least one item: the worker has it in memory several times over.
BATCH_BYTES: Final = 32 * 1024 * 1024
TRIES: Final = 5
# How long a turn waits for the one before it in the same conversation, before it is looked at again.
_MOMENT: Final = timedelta(milliseconds=200)
_LONGEST_MOMENT: Final = timedelta(seconds=2)
_RAW = texts.Place("inbox", "raw")
_ENVELOPE = texts.Place("inbox", "envelope")


# Asked for every message, so built once (see store.sql).
_FINISH: Final = (
    update(inbox)
    .where(inbox.c.id == bindparam("item"), inbox.c.state == "taken", inbox.c.attempts == bindparam("attempt"))
    .values(state="done", taken_until=None, error=None)
)
_ASSIGN: Final = update(inbox).where(inbox.c.id == bindparam("item"))
_SEEN: Final = (
    select(inbox.c.case_id)
    .where(
        inbox.c.fingerprint == bindparam("same"),
        inbox.c.kept_at >= bindparam("since"),
        inbox.c.case_id.is_not(None),
        or_(inbox.c.fate == "opened", inbox.c.fate == "joined"),
    )
    .order_by(inbox.c.id.desc())
    .limit(1)
)


_DUE: Final = or_(
    and_(inbox.c.state == "waiting", inbox.c.due_at <= bindparam("at", type_=inbox.c.due_at.type)),
    and_(inbox.c.state == "taken", inbox.c.taken_until < bindparam("at", type_=inbox.c.due_at.type)),
)
_FIRST_DUE: Final = (
    select(inbox.c.id, inbox.c.size).where(_DUE).order_by(inbox.c.id).limit(bindparam("most", type_=Integer))
)
_FRESH: Final = _FIRST_DUE.where(inbox.c.attempts == 0)
_TRIED: Final = _FIRST_DUE.where(inbox.c.attempts > 0)
_QUARANTINE: Final = (
    update(inbox)
    # An end that was recorded never leaves an item waiting after its last try.
    .where(_DUE, inbox.c.attempts >= TRIES)
    .values(state="quarantined", fate="quarantined", taken_until=None)
    .returning(inbox.c.id)
)


class ClaimLostError(Exception):
    """Somebody else was given this item meanwhile: what was worked out must not be recorded."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item in hand. `attempt` is what fences its recording.

    A large body lies in the file `raw_file` and is empty here.
    """

    id: int
    attempt: int
    raw: RawMessage
    reserved_reference: str | None
    raw_file: str | None = None


async def add(tx: Tx, raw: RawMessage, *, now: datetime, reserved_reference: str | None = None) -> tuple[int, bool]:
    """Keep a raw message. Returns its id and whether it is new; a redelivery is counted on the row that is there."""
    large = len(raw.body) > LARGE
    values = {
        "channel": raw.channel,
        "account": raw.account,
        "external_id": raw.external_id,
        "raw": None if large else texts.keep_bytes(raw.body, _RAW),
        "raw_file": await asyncio.to_thread(tx.files.write, raw.body) if large else None,
        "size": len(raw.body),
        "envelope": texts.keep_json(dict(raw.envelope), _ENVELOPE),
        "received_at": raw.received_at,
        "kept_at": now,
        "redeliveries": 0,
        "state": "waiting",
        "attempts": 0,
        "due_at": now,
        "reserved_reference": reserved_reference,
        "thread": thread_of(raw),
    }
    row = (await tx.run(_add(is_sqlite=tx.is_sqlite), values)).one()
    return int(row.id), row.redeliveries == 0


def thread_of(raw: RawMessage) -> str | None:
    """What the turns of one conversation share; None for what is no turn of any."""
    address = raw.envelope.get("address", "") if raw.channel in CONVERSING else ""
    return thread(raw.channel, raw.account, address) if address else None


def thread(channel: str, account: str, address: str) -> str:
    """What is the same for all turns of a conversation and tells nobody whose it is: 64 hexadecimal digits."""
    return hashlib.sha256("\x1f".join((channel, account, address)).encode("utf-8", "replace")).hexdigest()


async def is_next(tx: Tx, item: Item, *, now: datetime) -> bool:
    """Whether no earlier turn of the same conversation still waits or is being worked on. One that failed and waits for its
    next try does not keep the others waiting; one that is due again (its worker died) does."""
    return item.id in await _in_turn(tx, [item], now)


async def put_early_back(tx: Tx, items: Sequence[Item], *, now: datetime) -> tuple[list[Item], datetime | None]:
    """Put back those of a batch whose turn has not come, before anybody reads them. Returns the others, and when the first of
    those put back is due again."""
    in_turn = await _in_turn(tx, items, now)
    early = [item for item in items if item.id not in in_turn]
    due_at = [await wait(tx, item, now=now) for item in early]
    return [item for item in items if item.id in in_turn], min(due_at, default=None)


async def _in_turn(tx: Tx, items: Sequence[Item], now: datetime) -> frozenset[int]:
    """The items before which no turn of their conversation is pending outside of the batch."""
    threads = {item.id: thread_of(item.raw) for item in items}
    wanted = {thread for thread in threads.values() if thread is not None}
    first: dict[str, int] = {}
    if wanted:
        query = _pending(len(wanted), len(threads))
        values = _numbered("thread", wanted) | _numbered("own", threads) | {"at": now}
        first = {row[0]: row[1] for row in (await tx.run(query, values)).all()}
    return frozenset(number for number, thread in threads.items() if number < first.get(thread or "", number + 1))


@cache
def _pending(wanted: int, own: int) -> Any:
    """The first turn of each of so many conversations that is pending, apart from so many items."""
    again = and_(
        inbox.c.state == "waiting",
        or_(inbox.c.attempts == 0, inbox.c.due_at <= bindparam("at", type_=inbox.c.due_at.type)),
    )
    return (
        select(inbox.c.thread, func.min(inbox.c.id))
        .where(
            inbox.c.thread.in_(_listed("thread", wanted, inbox.c.thread.type)),
            inbox.c.id.not_in(_listed("own", own, inbox.c.id.type)),
            or_(inbox.c.state == "taken", again),
        )
        .group_by(inbox.c.thread)
    )


@cache
def _taking(many: int) -> Any:
    """Take so many items in hand."""
    return (
        update(inbox)
        .where(inbox.c.id.in_(_listed("item", many, inbox.c.id.type)))
        .values(state="taken", attempts=inbox.c.attempts + 1)
        .returning(*_ITEM)
    )


def _listed(name: str, many: int, kind: Any) -> list[Any]:
    # A list of parameters keeps the text of the statement the same; a list of values would be spelled anew each time.
    return [bindparam(f"{name}_{number}", type_=kind) for number in range(many)]


def _numbered(name: str, values: Iterable[Any]) -> dict[str, Any]:
    return {f"{name}_{number}": value for number, value in enumerate(values)}


@cache
def _add(*, is_sqlite: bool) -> Any:
    return (
        insert_for(inbox, is_sqlite=is_sqlite)
        .on_conflict_do_update(
            index_elements=["channel", "account", "external_id"], set_={"redeliveries": inbox.c.redeliveries + 1}
        )
        .returning(inbox.c.id, inbox.c.redeliveries)
    )


async def claim(tx: Tx, *, limit: int, now: datetime, lease: timedelta) -> list[Item]:
    """Hand out what is due, oldest first, for the length of the lease.

    Items tried before come one at a time: one that kills its worker must not take innocent ones along. An item that was
    handed out five times without an end is quarantined here, since nobody lived to do it.
    """
    await _quarantine_killers(tx, now)
    fresh = await _take(tx, _FRESH, limit=limit, now=now, lease=lease)
    return fresh or await _take(tx, _TRIED, limit=1, now=now, lease=lease)


async def _take(tx: Tx, due_items: Any, *, limit: int, now: datetime, lease: timedelta) -> list[Item]:
    due = (await tx.run(free_rows(due_items, is_sqlite=tx.is_sqlite), {"at": now, "most": limit})).all()
    before = accumulate((row.size for row in due), initial=0)
    ids = [row.id for row, size in zip(due, before, strict=False) if size < BATCH_BYTES]
    if not ids:
        return []
    taken = await tx.run(_taking(len(ids)), _numbered("item", ids) | {"taken_until": now + lease})
    rows = sorted(taken.all(), key=lambda row: int(row.id))
    return [_item(row) for row in rows]


_ITEM: Final = (
    inbox.c.id,
    inbox.c.attempts,
    inbox.c.channel,
    inbox.c.account,
    inbox.c.external_id,
    inbox.c.raw,
    inbox.c.raw_file,
    inbox.c.envelope,
    inbox.c.received_at,
    inbox.c.reserved_reference,
)


def _item(row: Any) -> Item:
    raw = RawMessage(
        channel=row.channel,
        account=row.account,
        external_id=row.external_id,
        body=b"" if row.raw_file else texts.read_bytes(row.raw, _RAW),
        received_at=row.received_at,
        envelope=texts.read_json(row.envelope, _ENVELOPE),
    )
    return Item(row.id, row.attempts, raw, row.reserved_reference, row.raw_file)


async def with_body(files: FileStore, item: Item) -> Item:
    """The item with its whole body. Raises FileLostError when its file is missing or damaged."""
    if item.raw_file is None:
        return item
    body = await asyncio.to_thread(files.read, item.raw_file)
    return replace(item, raw=replace(item.raw, body=body), raw_file=None)


async def _quarantine_killers(tx: Tx, now: datetime) -> None:
    error = troubles.WORKER_ENDED
    ended = await tx.run(_QUARANTINE, {"at": now, "fate_at": now, "error": error})
    for row in ended.all():
        log.error("an item is in quarantine", item=row.id, reason=error)


async def finish(
    tx: Tx, item: Item, fate: Fate, *, now: datetime, case_id: int | None = None, fingerprint: str | None = None
) -> None:
    """Give the item its fate, as the first act of the recording transaction. Raises ClaimLostError."""
    values = {"fate": fate, "fate_at": now, "case_id": case_id, "fingerprint": fingerprint}
    done = await tx.run(_FINISH, {"item": item.id, "attempt": item.attempt} | values)
    if done.rowcount != 1:
        raise ClaimLostError(item.id)


async def assign_case(tx: Tx, item_id: int, case_id: int | None, fate: Fate) -> None:
    """Say which case the item became, once its number is known inside the same transaction."""
    await tx.run(_ASSIGN, {"item": item_id, "case_id": case_id, "fate": fate})


async def set_back(tx: Tx, item: Item, *, due_at: datetime | None, error: str, now: datetime) -> None:
    """End an attempt without a record: to be tried again at `due_at`, or quarantined whole when that is None."""
    values: dict[str, Any] = {"state": "waiting", "due_at": due_at, "taken_until": None, "error": error}
    if due_at is None:
        values = {
            "state": "quarantined",
            "fate": "quarantined",
            "fate_at": now,
            "taken_until": None,
            "error": error,
        }
    await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item.id, inbox.c.state == "taken", inbox.c.attempts == item.attempt)
        .values(**values)
    )


async def wait(tx: Tx, item: Item, *, now: datetime) -> datetime:
    """Put one item back for a moment, without an attempt: an earlier turn of its conversation is not answered yet. Returns when
    it is due again: the longer it has waited, the later."""
    due_at = now + min(max(_MOMENT, (now - item.raw.received_at) / 4), _LONGEST_MOMENT)
    await tx.conn.execute(
        update(inbox)
        .where(inbox.c.id == item.id, inbox.c.state == "taken", inbox.c.attempts == item.attempt)
        .values(state="waiting", attempts=inbox.c.attempts - 1, taken_until=None, due_at=due_at)
    )
    return due_at


async def hand_back(tx: Tx, items: Sequence[Item]) -> None:
    """Put items back untouched, for a worker that is asked to stop: that was no attempt."""
    for item in items:
        await tx.conn.execute(
            update(inbox)
            .where(inbox.c.id == item.id, inbox.c.state == "taken", inbox.c.attempts == item.attempt)
            .values(state="waiting", attempts=inbox.c.attempts - 1, taken_until=None)
        )


async def release_all(tx: Tx) -> int:
    """Hand out again whatever was in hand. For the start of the one process that owns this database alone."""
    done = await tx.conn.execute(
        update(inbox).where(inbox.c.state == "taken").values(state="waiting", taken_until=None)
    )
    return int(done.rowcount)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when we have had the oldest."""

    waiting: int
    oldest: datetime | None
    quarantined: int
    items: int


async def backlog(tx: Tx) -> Backlog:
    """What has arrived and has no fate yet, and what is in quarantine."""
    open_ = inbox.c.state.in_(("waiting", "taken"))
    row = (await tx.conn.execute(select(func.count(), func.min(inbox.c.kept_at)).where(open_))).one()
    kept = (await tx.conn.execute(select(func.count()).where(inbox.c.state == "quarantined"))).scalar_one()
    items = (await tx.conn.execute(select(func.count()).select_from(inbox))).scalar_one()
    return Backlog(int(row[0]), row[1], int(kept), int(items))


async def outcome(tx: Tx, item_id: int) -> tuple[str, int | None]:
    """(state, case id) of an item."""
    row = (await tx.conn.execute(select(inbox.c.state, inbox.c.case_id).where(inbox.c.id == item_id))).one()
    return row.state, row.case_id


async def seen_before(tx: Tx, fingerprint: str, *, since: datetime) -> int | None:
    """The case that a message with this fingerprint became since that moment; None when there was none.

    Until the transaction ends, no other worker can ask the same about the same fingerprint.
    """
    if not tx.is_sqlite:
        number = int(fingerprint[:15], 16)
        await tx.conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    case_id: int | None = (await tx.run(_SEEN, {"same": fingerprint, "since": since})).scalar()
    return case_id


async def raw_of(tx: Tx, item_id: int) -> RawMessage | None:
    """The raw message of an item, whatever its state; None when there is no such item. Raises FileLostError."""
    row = (await tx.conn.execute(select(*_ITEM).where(inbox.c.id == item_id))).one_or_none()
    return (await with_body(tx.files, _item(row))).raw if row else None
