"""Past cases as the rules met them: the message that opened each and what the classifier said of it, in parts of a bounded size.

`parts` reads for the whole house, sealed cases included, because a rehearsal must count every case; what a colleague is shown
of it goes through their own viewer (`unsealed`, `store.rehearsals`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy import Text, and_, cast, exists, func, literal, or_, select

from channels.message import Attachment, InboundMessage, Sender
from classifier.classification import Classification, Evidence
from store import cases as register
from store import texts
from store.database import Store, Tx
from store.history import classification_from
from store.people import NUMBER
from store.schema import cases, classifications, contacts, decisions, message_files, messages, people
from store.viewer import Viewer

PART: Final = 1_000
# Labels are kept before the evidence (Classification.as_json), and are of closed lists: nobody's words look like this.
_EVIDENCE: Final = ',"evidence":['
_NONE: Final = "[]"
_A_FILE: Final = (Attachment("file", "application/octet-stream", b""),)


@dataclass(frozen=True, slots=True)
class Past:
    """One case. `earlier` counts the cases that its sender had before; `reference` names it, `sealed` is its state now."""

    case_id: int
    reference: str
    sealed: bool
    earlier: int
    row: Any

    def message(self) -> InboundMessage:
        """What opened the case, as far as rules ask about it."""
        row = self.row
        reply = texts.read(row.reply, register.REPLY)
        return InboundMessage(
            channel=row.channel,
            account=row.account,
            external_id="",
            sender=Sender(row.contact_kind, row.address) if row.address is not None else None,
            subject=texts.read(row.subject, register.MESSAGE_SUBJECT),
            # Rules read the whole text only where nothing in it was new.
            text="" if reply else texts.read(row.text, register.TEXT),
            reply=reply,
            received_at=row.received_at,
            attachments=_A_FILE if row.has_files else (),
            member_number=texts.read(row.number, NUMBER) if row.number else "",
            defects=() if row.defects == _NONE else tuple(from_json(row.defects)),
        )

    def classification(self) -> Classification:
        """What the classifier said of it then, without the words that spoke for it: rules do not ask for them, and reading
        them takes longer than everything else."""
        labels, _, evidence = texts.read(self.row.said, register.CLASSIFICATION).partition(_EVIDENCE)
        return classification_from({**from_json(labels + "}" if evidence else labels), "evidence": (), "model": ""})

    def evidence(self) -> Sequence[Evidence]:
        """The words that spoke for what the classifier said."""
        return classification_from(texts.read_json(self.row.said, register.CLASSIFICATION)).evidence


async def count(store: Store, since: datetime, until: datetime) -> int:
    """How many cases were opened by a message in a period, its end not included."""
    async with store.read() as tx:
        found = await tx.conn.execute(select(func.count()).select_from(_opened()).where(*_within(since, until)))
        return int(found.scalar() or 0)


async def parts(
    store: Store, since: datetime, until: datetime, *, words: bool = True, size: int = PART
) -> AsyncIterator[Sequence[Past]]:
    """The cases of a period in the order in which they came, some at a time; each part is its own short transaction. Without
    `words` subject and text are left where they are, and read as empty."""
    rows_of = _ROWS if words else _ROWS_WITHOUT_WORDS
    before = await _earlier(store, since)
    beyond: Any = cases.c.received_at >= since
    while True:
        query = rows_of.where(beyond, cases.c.received_at < until).order_by(cases.c.received_at, cases.c.id).limit(size)
        async with store.read() as tx:
            rows = (await tx.conn.execute(query)).all()
        if not rows:
            return
        at, last = rows[-1].received_at, rows[-1].id
        # The first of the three is what the index of received_at is entered by.
        beyond = and_(cases.c.received_at >= at, or_(cases.c.received_at > at, cases.c.id > last))
        found = []
        for row in rows:
            earlier = before.get(row.person_id, 0)
            before[row.person_id] = earlier + 1
            found.append(Past(row.id, row.reference, row.sealed, earlier, row))
        yield found


async def unsealed(tx: Tx, viewer: Viewer, ids: Sequence[int]) -> list[Past]:
    """Those of some cases that a viewer may see and that nobody sealed, with what their members wrote."""
    older = cases.alias("older")
    before = or_(
        older.c.received_at < cases.c.received_at,
        and_(older.c.received_at == cases.c.received_at, older.c.id < cases.c.id),
    )
    earlier = select(func.count()).where(older.c.person_id == cases.c.person_id, before).correlate(cases)
    rows = await tx.conn.execute(
        _ROWS.add_columns(earlier.scalar_subquery().label("earlier")).where(
            cases.c.id.in_(ids), viewer.may_see(), ~cases.c.sealed
        )
    )
    return [Past(row.id, row.reference, row.sealed, int(row.earlier), row) for row in rows]


async def _earlier(store: Store, since: datetime) -> dict[int | None, int]:
    """How many cases each person had before the period, of those who wrote in it."""
    async with store.read() as tx:
        recent = select(cases.c.person_id).where(cases.c.received_at >= since, cases.c.person_id.is_not(None))
        rows = await tx.conn.execute(
            select(cases.c.person_id, func.count())
            .where(cases.c.received_at < since, cases.c.person_id.in_(recent))
            .group_by(cases.c.person_id)
        )
        return {row[0]: int(row[1]) for row in rows}


def _within(since: datetime, until: datetime) -> tuple[Any, ...]:
    return cases.c.received_at >= since, cases.c.received_at < until


def _opened() -> Any:
    return cases.join(decisions, decisions.c.case_id == cases.c.id).join(
        classifications, classifications.c.message_id == decisions.c.message_id
    )


def _rows(*words: Any) -> Any:
    opened = (
        _opened()
        .join(messages, messages.c.id == decisions.c.message_id)
        .outerjoin(contacts, contacts.c.id == messages.c.contact_id)
        .outerjoin(people, people.c.id == cases.c.person_id)
    )
    return select(
        cases.c.id,
        cases.c.reference,
        cases.c.sealed,
        cases.c.person_id,
        cases.c.received_at,
        messages.c.channel,
        messages.c.account,
        # Almost always the same two signs, which need not be read as JSON each time.
        cast(messages.c.defects, Text).label("defects"),
        contacts.c.kind.label("contact_kind"),
        contacts.c.address,
        people.c.member_number.label("number"),
        classifications.c.body.label("said"),
        exists().where(message_files.c.message_id == messages.c.id).label("has_files"),
        *words,
    ).select_from(opened)


_ROWS: Final = _rows(messages.c.subject, messages.c.text, messages.c.reply)
_ROWS_WITHOUT_WORDS: Final = _rows(*(literal(b"").label(name) for name in ("subject", "text", "reply")))
