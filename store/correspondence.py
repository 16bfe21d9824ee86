"""The messages of cases as people read them: those of a case, those of its member, those held apart, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, or_, select

from store import cases as register
from store import contact_changes, texts
from store.database import Tx
from store.family import family, goes_on_as, open_to
from store.schema import cases, contacts, held, message_files, messages, outbox, users
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a message."""

    id: int
    hash: str
    name: str
    type: str
    size: int
    inline: bool


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message of a case. `direction` is "in" from the member, "out" to the member, "ask" to a department (whose id is in
    `situation`), "dep" from a department. `delivery` is the state of its sending ("" for what came in), `code` the server's word;
    `hidden` is what its sender made invisible, and no word of it counts as said.
    """

    id: int
    direction: str
    channel: str
    sender_name: str
    address: str
    subject: str
    text: str
    reply: str
    auto: bool
    situation: str
    author: str
    verified: bool
    defects: tuple[str, ...]
    at: datetime
    inbox_id: int | None
    outbox_id: int | None
    delivery: str
    code: str
    files: tuple[FileRow, ...]
    rfc_message_id: str = ""
    author_id: int | None = None
    hidden: str = ""
    # How far the provider says that it came since it took it: "delivered", "read", "undelivered" …; and why it did not.
    receipt: str = ""
    receipt_code: str = ""

    @property
    def undelivered(self) -> bool:
        """Whether it did not reach the member: it could not be handed over, or the provider could not hand it on."""
        return self.direction == "out" and (self.delivery == "failed" or self.receipt in ("failed", "undelivered"))

    @property
    def reason(self) -> str:
        """Why it did not, as whoever refused it calls it."""
        return self.code if self.delivery == "failed" else self.receipt_code

    conversation_id: int | None = None
    # The case that it came to, which may go on in another one.
    case_id: int | None = None
    contact_id: int | None = None


def _seen(viewer: Viewer, case_id: int) -> ColumnElement[Any]:
    return and_(messages.c.case_id.in_(family(case_id)), open_to(viewer, case_id))


async def messages_of(tx: Tx, viewer: Viewer, case_id: int) -> list[MessageRow]:
    """The messages of a case and of what was merged into it, oldest first; none when the viewer may not open it."""
    return await _message_rows(tx, _messages().where(_seen(viewer, case_id)))


async def messages_for_member(tx: Tx, case_id: int, contact_id: int | None) -> list[MessageRow]:
    """What the holder of a link sees: messages from and to the contact the link was made for, and no other's.

    A contact in whose place it came was the same member. After a merge that is their part of the whole matter. Who left no
    address sees what was said on their own case only: nothing tells two people without one apart.
    """
    root = await goes_on_as(tx, case_id)
    same = await contact_changes.same_member(tx, case_id, contact_id)
    nameless = and_(messages.c.contact_id.is_(None), messages.c.case_id == case_id)
    known = [one for one in same if one is not None]
    own = nameless if None in same or root is None else false()
    if known and root is not None:
        own = or_(own, and_(messages.c.contact_id.in_(known), messages.c.case_id.in_(family(root.id))))
    # What is asked and answered between colleagues and departments is no word to or from the member.
    spoken = messages.c.direction.in_(("in", "out"))
    found = await _message_rows(tx, _messages().where(own, spoken))
    # An answer that can still be taken back, or was, has not been said.
    return [row for row in found if row.auto or row.delivery not in ("waiting", "taken", "cancelled")]


async def answer_waits(tx: Tx, case_id: int) -> bool:
    """Whether an answer of ours to a case is still on its way out, or to be taken back."""
    waiting = (
        select(outbox.c.id)
        .join(messages, messages.c.id == outbox.c.message_id)
        .where(
            outbox.c.case_id.in_(family(case_id)),
            messages.c.direction == "out",
            outbox.c.auto.is_(False),
            outbox.c.state.in_(("waiting", "taken")),
            # One that a server keeps refusing for days cannot be taken back any more.
            outbox.c.attempts < 2,
        )
    )
    return (await tx.conn.execute(waiting.limit(1))).first() is not None


def _messages() -> Any:
    return (
        select(
            messages,
            contacts.c.address,
            users.c.name.label("author"),
            outbox.c.id.label("outbox_id"),
            outbox.c.state.label("delivery"),
            outbox.c.code,
            outbox.c.receipt,
            outbox.c.receipt_code,
        )
        .outerjoin(contacts, contacts.c.id == messages.c.contact_id)
        .outerjoin(users, users.c.id == messages.c.author_id)
        .outerjoin(outbox, outbox.c.message_id == messages.c.id)
        .order_by(messages.c.at, messages.c.id)
    )


async def _message_rows(tx: Tx, query: Any) -> list[MessageRow]:
    rows = (await tx.conn.execute(query)).all()
    found = await _files(tx, [row.id for row in rows])
    return [
        MessageRow(
            id=row.id,
            direction=row.direction,
            channel=row.channel,
            sender_name=texts.read(row.sender_name, register.SENDER_NAME),
            address=row.address or "",
            subject=texts.read(row.subject, register.MESSAGE_SUBJECT),
            text=texts.read(row.text, register.TEXT),
            reply=texts.read(row.reply, register.REPLY),
            auto=row.auto,
            situation=row.situation,
            author=row.author or "",
            verified=row.verified,
            defects=tuple(row.defects),
            at=row.at,
            inbox_id=row.inbox_id,
            outbox_id=row.outbox_id,
            delivery=row.delivery or "",
            code=row.code or "",
            files=tuple(found.get(row.id, ())),
            rfc_message_id=row.rfc_message_id or "",
            author_id=row.author_id,
            hidden=texts.read(row.hidden, register.HIDDEN),
            receipt=row.receipt or "",
            receipt_code=row.receipt_code or "",
            conversation_id=row.conversation_id,
            case_id=row.case_id,
            contact_id=row.contact_id,
        )
        for row in rows
    ]


async def _files(tx: Tx, message_ids: list[int]) -> dict[int, list[FileRow]]:
    found: dict[int, list[FileRow]] = {}
    rows = await tx.conn.execute(
        select(message_files).where(message_files.c.message_id.in_(message_ids)).order_by(message_files.c.id)
    )
    for row in rows:
        name = texts.read(row.name, register.FILE_NAME)
        found.setdefault(row.message_id, []).append(FileRow(row.id, row.hash, name, row.type, row.size, row.inline))
    return found


async def file_of(tx: Tx, viewer: Viewer, case_id: int, file_id: int) -> FileRow | None:
    """A file, only through a case that the viewer may open."""
    row = (
        await tx.conn.execute(
            select(message_files)
            .join(messages, messages.c.id == message_files.c.message_id)
            .where(message_files.c.id == file_id, _seen(viewer, case_id))
        )
    ).one_or_none()
    if row is None:
        return None
    return FileRow(row.id, row.hash, texts.read(row.name, register.FILE_NAME), row.type, row.size, row.inline)


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A message that names a case without proof of belonging to it."""

    id: int
    case_id: int
    reference: str
    why: str
    inbox_id: int
    message: MessageRow


async def held_messages(tx: Tx, viewer: Viewer, *, case_id: int | None = None) -> list[HeldRow]:
    """Held messages that wait for a decision, of one case or of all that the viewer may open."""
    query = (
        select(held.c.id, held.c.case_id, cases.c.reference, held.c.why, held.c.inbox_id, held.c.message_id)
        .join(cases, cases.c.id == held.c.case_id)
        .where(held.c.state == "waiting", viewer.may_see(), or_(held.c.sealed.is_(False), literal(viewer.medical)))
        .order_by(held.c.id)
    )
    if case_id is not None:
        query = query.where(held.c.case_id.in_(family(case_id)))
    rows = (await tx.conn.execute(query)).all()
    found = await _message_rows(tx, _messages().where(messages.c.id.in_([row.message_id for row in rows])))
    by_id = {message.id: message for message in found}
    return [
        HeldRow(row.id, row.case_id, row.reference, row.why, row.inbox_id, by_id[row.message_id])
        for row in rows
        if row.message_id in by_id
    ]
