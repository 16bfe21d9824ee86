"""What tests of the store put into it: an item, a contact, a case."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

from channels.message import OutboundMessage, RawMessage, Sender
from router.decision import Decision
from store import cases, inbox, people
from store.database import Tx

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_A_MOMENT = timedelta(minutes=3)
_NUMBERS = itertools.count(1)


def decision(*, queue: str = "incapacity", refused: bool = False, sealed: bool = False) -> Decision:
    """A decision as the rules would take it."""
    return Decision(
        queue=queue,
        department=None,
        priority="normal",
        situation="department",
        acknowledge=not refused,
        refused="off_scope" if refused else "",
        sealed=sealed,
        notify=(),
        decided_by="test",
        rules_version="test",
        trace=(),
    )


async def contact(tx: Tx, address: str = "marie@mail.example") -> people.Contact:
    """Somebody who wrote."""
    return await people.add_contact(
        tx,
        await people.new_person(tx, name="Marie", language="fr", member_number="", now=NOW),
        Sender("email", address),
    )


async def case(
    tx: Tx, *, contact: people.Contact | None = None, refused: bool = False, sealed: bool = False, now: datetime = NOW
) -> int:
    """A registered case, with the item that opened it."""
    number = next(_NUMBERS)
    raw = RawMessage("email", "ombudsman@partenamut.example", f"<{number}@mail.example>", b"x", now)
    item_id, _ = await inbox.add(tx, raw, now=now)
    case_id = await cases.open_case(
        tx,
        cases.NewCase(
            reference=f"PM-2026-T{number:05}",
            kind="complaint",
            language="fr",
            channel="email",
            account="ombudsman@partenamut.example",
            person_id=contact.person_id if contact else None,
            contact_id=contact.id if contact else None,
            subject="Remboursement",
            first_words="Bonjour",
            received_at=now,
            due_on=date(2026, 12, 23),
            flags={},
            abstained=False,
        ),
        decision(refused=refused, sealed=sealed),
        now=now,
    )
    (item,) = [one for one in await inbox.claim(tx, limit=99, now=now, lease=_A_MOMENT) if one.id == item_id]
    await inbox.finish(tx, item, "opened", now=now, case_id=case_id)
    return case_id


def message(key: str = "ack-1", text: str = "Bonjour", *, auto: bool = True) -> OutboundMessage:
    """An answer on its way out."""
    return OutboundMessage(
        key=key,
        channel="email",
        account="ombudsman@partenamut.example",
        recipient="marie@mail.example",
        recipient_name="Marie",
        subject="PM-2026-000001-75",
        text=text,
        language="fr",
        auto=auto,
        references=("<1@mail.example>",),
    )
