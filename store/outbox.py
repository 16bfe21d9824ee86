"""The outbox: what is to be sent, written in the transaction that decided it, sent at least once under one key."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import and_, exists, or_, select, update

from channels.message import Attachment, Choice, OutboundMessage
from config.vocabulary import CONVERSING
from store import inbox, links, texts
from store.database import Tx
from store.schema import case_contacts, cases, contacts, messages, outbox
from store.sql import insert_or_leave, skipping_locked

BODY = texts.Place("outbox", "body")
# Why a message was not sent whose reader got another address before it left.
REPLACED: Final = "replaced"
_FIELDS: Final = (
    "account",
    "recipient",
    "recipient_name",
    "subject",
    "text",
    "language",
    "in_reply_to",
    "references",
    "reply_tag",
    "message_tag",
    "choices",
)


# Of a row of messages: it was taken back before it left, so it was never said.
TAKEN_BACK: Final = exists().where(
    # Both move to another case together, and what goes out is found by its case.
    outbox.c.case_id == messages.c.case_id,
    outbox.c.message_id == messages.c.id,
    outbox.c.state == "cancelled",
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message in hand for sending. `attempt` fences its recording."""

    id: int
    attempt: int
    created_at: datetime
    case_id: int | None
    message_id: int | None
    contact_id: int | None
    message: OutboundMessage


@dataclass(frozen=True, slots=True)
class Noted:
    """What a receipt was about. `code` is what holds now; `new`: it said something that was not known yet."""

    message: OutboundMessage
    code: str
    new: bool


async def put(
    tx: Tx,
    message: OutboundMessage,
    *,
    now: datetime,
    due_at: datetime | None = None,
    case_id: int | None = None,
    message_id: int | None = None,
    contact_id: int | None = None,
) -> int | None:
    """Add a message to be sent from `due_at` on; None when one with the same key is there already."""
    body = _body(message)
    values = {
        "key": message.key,
        "case_id": case_id,
        "message_id": message_id,
        "contact_id": contact_id,
        "channel": message.channel,
        "auto": message.auto,
        "body": texts.keep_json(body, BODY),
        "state": "waiting",
        "attempts": 0,
        "created_at": now,
        "due_at": due_at or now,
        "code": "",
        "provider_id": "",
        "thread": thread_to(message),
    }
    outbox_id: int | None = (await tx.run(_put(is_sqlite=tx.is_sqlite), values)).scalar()
    return outbox_id


def thread_to(message: OutboundMessage) -> str | None:
    """What messages to one address on a chat channel share, whatever account they go out by; None for mail and pages."""
    return inbox.thread(message.channel, "", message.recipient) if message.channel in CONVERSING else None


def _body(message: OutboundMessage) -> dict[str, Any]:
    body = {name: getattr(message, name) for name in _FIELDS}
    heard = message.heard_at.isoformat() if message.heard_at else ""
    files = [(one.name, one.type, b64encode(one.content).decode()) for one in message.attachments]
    choices = [(choice.id, choice.label) for choice in message.choices]
    return body | {"choices": choices, "heard_at": heard} | ({"attachments": files} if files else {})


@cache
def _put(*, is_sqlite: bool) -> Any:
    return insert_or_leave(outbox, is_sqlite=is_sqlite).returning(outbox.c.id)


async def claim(tx: Tx, *, limit: int, now: datetime, lease: timedelta) -> list[Outgoing]:
    """Hand out messages that are due; one whose sender died comes again under the same key."""
    due = (
        select(outbox.c.id)
        .where(
            or_(
                and_(outbox.c.state == "waiting", outbox.c.due_at <= now),
                and_(outbox.c.state == "taken", outbox.c.taken_until < now),
            )
        )
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
    )
    ids = (await tx.conn.execute(skipping_locked(tx, due))).scalars().all()
    if not ids:
        return []
    rows = await tx.conn.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(state="taken", attempts=outbox.c.attempts + 1, taken_until=now + lease)
        .returning(outbox)
    )
    return [_outgoing(row) for row in sorted(rows, key=lambda row: int(row.id))]


def _outgoing(row: Any) -> Outgoing:
    body = texts.read_json(row.body, BODY)
    body["references"] = tuple(body["references"])
    # What was put there before there were choices has none.
    body["choices"] = tuple(Choice(*choice) for choice in body.get("choices", ()))
    files = body.pop("attachments", ())
    body["attachments"] = tuple(Attachment(name, type_, b64decode(content)) for name, type_, content in files)
    heard = body.pop("heard_at", "")
    message = OutboundMessage(
        key=row.key,
        channel=row.channel,
        auto=row.auto,
        heard_at=datetime.fromisoformat(heard) if heard else None,
        # An attempt before this one may have gone out, whatever became of whoever made it.
        tried_since=row.created_at if row.attempts > 1 else None,
        **body,
    )
    return Outgoing(row.id, row.attempts, row.created_at, row.case_id, row.message_id, row.contact_id, message)


async def is_next(tx: Tx, outgoing: Outgoing) -> bool:
    """Whether nothing that was put here before still has to go to the same address on the same chat channel."""
    thread = thread_to(outgoing.message)
    if thread is None:
        return True
    before = select(outbox.c.id).where(
        outbox.c.thread == thread,
        outbox.c.state.in_(("waiting", "taken")),
        outbox.c.id < outgoing.id,
    )
    return (await tx.conn.execute(before.limit(1))).first() is None


async def sent(tx: Tx, outgoing: Outgoing, *, code: str, provider_id: str, masked: str, now: datetime) -> None:
    """Record that the provider took the message. The copy kept loses its secret link (`masked` is the text without it), and its
    files, which can be made again."""
    body = _body(replace(outgoing.message, attachments=())) | {"text": masked}
    mine = await _end(tx, outgoing, "sent", code, provider_id, now, body=texts.keep_json(body, BODY))
    if mine and outgoing.message_id is not None:
        await tx.conn.execute(
            update(messages)
            .where(messages.c.id == outgoing.message_id)
            .values(text=texts.keep(masked, texts.Place("messages", "text")))
        )


async def failed(tx: Tx, outgoing: Outgoing, *, code: str, now: datetime) -> None:
    """Record a permanent failure; the case shows it."""
    mine = await _end(tx, outgoing, "failed", code, "", now)
    if mine:
        await _mask(tx, outgoing.id)
    if mine and outgoing.case_id is not None:
        await _unread(tx, outgoing.case_id, None)


async def later(tx: Tx, outgoing: Outgoing, *, code: str, due_at: datetime, counted: bool = True) -> None:
    """Record when to try again; not `counted` when it was we who chose to wait."""
    attempts = outbox.c.attempts if counted else outbox.c.attempts - 1
    await tx.conn.execute(
        _mine(outgoing).values(state="waiting", due_at=due_at, taken_until=None, code=code[:120], attempts=attempts)
    )


async def put_back(tx: Tx, outgoing: Outgoing, *, due_at: datetime) -> None:
    """Give a message back that was not tried; what its server last said stays."""
    await tx.conn.execute(
        _mine(outgoing).values(state="waiting", due_at=due_at, taken_until=None, attempts=outbox.c.attempts - 1)
    )


def _mine(outgoing: Outgoing) -> Any:
    return update(outbox).where(
        outbox.c.id == outgoing.id, outbox.c.state == "taken", outbox.c.attempts == outgoing.attempt
    )


async def _end(
    tx: Tx, outgoing: Outgoing, state: str, code: str, provider_id: str, now: datetime, **values: Any
) -> bool:
    """Whether it was still in this sender's hand: one that lost its lease changes nothing."""
    done = await tx.conn.execute(
        _mine(outgoing).values(
            state=state, code=code[:120], provider_id=provider_id[:200], taken_until=None, ended_at=now, **values
        )
    )
    return bool(done.rowcount == 1)


async def cancel(tx: Tx, outbox_id: int, *, now: datetime) -> bool:
    """Take a waiting message back; the one conditional update decides against the sender."""
    done = await tx.conn.execute(
        update(outbox)
        .where(outbox.c.id == outbox_id, outbox.c.state == "waiting")
        .values(state="cancelled", ended_at=now)
    )
    if done.rowcount == 1:
        await _mask(tx, outbox_id)
    return bool(done.rowcount == 1)


async def give_up_on(tx: Tx, contact_id: int, case_ids: Collection[int], *, now: datetime) -> None:
    """What waits to go to a contact about these cases does not go: the member is reached otherwise now. The case shows it."""
    waiting = (outbox.c.contact_id == contact_id, outbox.c.case_id.in_(case_ids), outbox.c.state == "waiting")
    done = await tx.conn.scalars(
        update(outbox).where(*waiting).values(state="failed", code=REPLACED, ended_at=now).returning(outbox.c.id)
    )
    for outbox_id in list(done):
        await _mask(tx, outbox_id)


async def _mask(tx: Tx, outbox_id: int) -> None:
    """What will not go out any more keeps no secret link either."""
    query = select(outbox.c.body, outbox.c.message_id).where(outbox.c.id == outbox_id)
    row = (await tx.conn.execute(query)).one()
    body = texts.read_json(row.body, BODY)
    body["text"] = links.masked(body["text"], with_code=row.message_id is None)
    await tx.conn.execute(update(outbox).where(outbox.c.id == outbox_id).values(body=texts.keep_json(body, BODY)))
    kept = texts.keep(body["text"], texts.Place("messages", "text"))
    await tx.conn.execute(update(messages).where(messages.c.id == row.message_id).values(text=kept))


async def release_all(tx: Tx) -> int:
    """Hand out again whatever was in hand. For the start of the one process that owns this database alone."""
    done = await tx.conn.execute(
        update(outbox).where(outbox.c.state == "taken").values(state="waiting", taken_until=None)
    )
    return int(done.rowcount)


async def note_receipt(
    tx: Tx,
    provider_id: str,
    key: str,
    *,
    merge: Callable[[str, str], tuple[str, str]],
    broken: Collection[str],
    now: datetime,
) -> Noted | None:
    """Keep what a provider says of a message since it took it; None when no message has this id or key.

    The key comes first: the provider may speak before the answer to our own request has told us its id. `merge` gives the
    (receipt, code) that hold after what was known; with one of `broken` a colleague is to look at the case.
    """
    query = select(outbox).where(outbox.c.key == key if key else outbox.c.provider_id == provider_id)
    row = (await tx.conn.execute(query if tx.is_sqlite else query.with_for_update())).first()
    if row is None:
        return None
    receipt, code = merge(row.receipt, row.receipt_code)
    message = _outgoing(row).message
    if (receipt, code) == (row.receipt, row.receipt_code):
        return Noted(message, code, new=False)
    values: dict[str, Any] = {"receipt": receipt, "receipt_code": code[:8], "receipt_at": now}
    await tx.conn.execute(update(outbox).where(outbox.c.id == row.id).values(**values))
    if receipt in broken:
        await _unread(tx, row.case_id, row.message_id)
    return Noted(message, code, new=True)


async def _unread(tx: Tx, case_id: int | None, message_id: int | None) -> None:
    """Let a case be looked at; a line of a conversation belongs to the case that came of it later."""
    if case_id is None and message_id is not None:
        case_id = (await tx.conn.execute(select(messages.c.case_id).where(messages.c.id == message_id))).scalar()
    if case_id is not None:
        await tx.conn.execute(
            update(cases).where(cases.c.id == case_id).values(unread=True, version=cases.c.version + 1)
        )


async def by_key(tx: Tx, key: str) -> tuple[int, int | None, int | None] | None:
    """(outbox id, case, contact) of the message sent under a key: what a bounce refers to."""
    row = (
        await tx.conn.execute(select(outbox.c.id, outbox.c.case_id, outbox.c.contact_id).where(outbox.c.key == key))
    ).one_or_none()
    return (row.id, row.case_id, row.contact_id) if row else None


async def reply_contact(tx: Tx, case_id: int, *, others: Collection[int] = ()) -> tuple[int, str, str] | None:
    """(contact id, kind, address) by which the member of a case is answered: the one the case came from. `others` are people
    whose addresses are known on the case and are not its member's."""
    row = (
        await tx.conn.execute(
            select(contacts.c.id, contacts.c.kind, contacts.c.address)
            .join(case_contacts, case_contacts.c.contact_id == contacts.c.id)
            .join(cases, cases.c.id == case_contacts.c.case_id)
            .where(
                cases.c.id == case_id,
                # An address that a family shares may be another's; where the case itself names it, it is its member's too.
                or_(contacts.c.person_id.not_in(others), contacts.c.id == cases.c.contact_id),
            )
            .order_by((contacts.c.id == cases.c.contact_id).desc(), contacts.c.id)
            .limit(1)
        )
    ).one_or_none()
    return (row.id, row.kind, row.address) if row else None
