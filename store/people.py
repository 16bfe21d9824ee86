"""People and the addresses they write from, on every channel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, case, func, select, text, update

from channels.message import Sender
from config.vocabulary import Language
from store import numbers, search, texts
from store.database import Tx
from store.schema import case_contacts, cases, contacts, people
from store.sql import insert_for, insert_or_leave, new_id

NAME = texts.Place("people", "name", line=True)
NUMBER = texts.Place("people", "member_number")
# Two permanent failures within this time mark an address as unreachable; one may be a provider's bad day.
BOUNCE_WINDOW: Final = timedelta(days=7)


_CONTACT: Final = (
    contacts.c.id,
    contacts.c.person_id,
    contacts.c.kind,
    contacts.c.address,
    contacts.c.unreachable,
)
_FIND_CONTACT: Final = select(*_CONTACT).where(
    contacts.c.kind == bindparam("of_kind"), contacts.c.address == bindparam("wanted")
)


@dataclass(frozen=True, slots=True)
class Contact:
    """An address and the person it belongs to."""

    id: int
    person_id: int
    kind: str
    address: str
    unreachable: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as far as we know them."""

    id: int
    name: str
    language: str
    member_number: str


def normalised(sender: Sender) -> str:
    """The address as it is compared: mail addresses without case, the rest as given."""
    return sender.address.strip().lower()[:320] if sender.kind == "email" else sender.address.strip()[:320]


async def alone_with(tx: Tx, sender: Sender) -> None:
    """Until the transaction ends, no other worker records anything from this address: who wrote first is one person, and
    what was answered to them today is counted once."""
    if not tx.is_sqlite:
        digest = hashlib.sha256(f"{sender.kind} {normalised(sender)}".encode("utf-8", "replace")).digest()
        number = int.from_bytes(digest[:4], "big", signed=True)
        # Two numbers are a space of their own: this waits for no lock that bears a single one.
        await tx.conn.execute(text("SELECT pg_advisory_xact_lock(1, :number)"), {"number": number})


async def find_contact(tx: Tx, sender: Sender) -> Contact | None:
    """The contact with this address, if anybody ever wrote from it."""
    asked = {"of_kind": sender.kind, "wanted": normalised(sender)}
    row = (await tx.run(_FIND_CONTACT, asked)).one_or_none()
    return Contact(*row) if row else None


async def new_contact(
    tx: Tx, sender: Sender, *, name: str, language: Language, member_number: str, now: datetime
) -> Contact:
    """A contact for an address that nobody wrote from before, with a new person."""
    person_id = await new_person(tx, name=name, language=language, member_number=member_number, now=now)
    return await add_contact(tx, person_id, sender)


async def add_contact(tx: Tx, person_id: int, sender: Sender) -> Contact:
    """Tie an address to a person; one that another worker added meanwhile is taken as it is."""
    values = {"person_id": person_id, "kind": sender.kind, "address": normalised(sender)}
    return Contact(*(await tx.run(_add_contact(is_sqlite=tx.is_sqlite), values)).one())


@cache
def _add_contact(*, is_sqlite: bool) -> Any:
    adding = insert_for(contacts, is_sqlite=is_sqlite)
    # Setting the address to what it is makes RETURNING give the row that is there.
    return adding.on_conflict_do_update(
        index_elements=["kind", "address"], set_={"address": adding.excluded.address}
    ).returning(*_CONTACT)


async def new_person(tx: Tx, *, name: str, language: Language, member_number: str, now: datetime) -> int:
    """A person without any address (an anonymous or spoken complaint)."""
    person_id = await new_id(
        tx,
        people,
        name=texts.keep(name, NAME),
        language=language,
        member_number=texts.keep(member_number, NUMBER),
        created_at=now,
    )
    if member_number:
        await numbers.know(tx, person_id, member_number)
    return person_id


async def complete(tx: Tx, person_id: int, *, name: str = "", member_number: str = "") -> None:
    """Fill in what was not known yet about a person; what is known already stays."""
    person = await person_of(tx, person_id)
    values = {}
    if name and not person.name:
        values["name"] = texts.keep(name, NAME)
    if member_number and not person.member_number:
        values["member_number"] = texts.keep(member_number, NUMBER)
    if values:
        await tx.conn.execute(update(people).where(people.c.id == person_id).values(**values))
    if "member_number" in values:
        await numbers.know(tx, person_id, member_number)
    if "name" in values:
        for case_id in await tx.conn.scalars(select(cases.c.id).where(cases.c.person_id == person_id)):
            await search.add_unless_sealed(tx, case_id, name)


async def person_of(tx: Tx, person_id: int) -> Person:
    """A person by id."""
    row = (await tx.conn.execute(select(people).where(people.c.id == person_id))).one()
    return Person(row.id, texts.read(row.name, NAME), row.language, texts.read(row.member_number, NUMBER))


async def know_on_case(tx: Tx, case_id: int, contact_id: int, *, now: datetime) -> None:
    """Let a contact add to a case. Nothing by mail ever calls this for a case that exists."""
    values = {"case_id": case_id, "contact_id": contact_id, "added_at": now}
    await tx.run(insert_or_leave(case_contacts, is_sqlite=tx.is_sqlite), values)


async def is_known_on_case(tx: Tx, case_id: int, contact_id: int) -> bool:
    """Whether this contact may add to the case."""
    found = await tx.conn.execute(
        select(func.count()).where(case_contacts.c.case_id == case_id, case_contacts.c.contact_id == contact_id)
    )
    return bool(found.scalar_one())


async def contacts_of_case(tx: Tx, case_id: int) -> list[Contact]:
    """Every contact known on a case, in the order in which they came."""
    rows = await tx.conn.execute(
        select(*_CONTACT)
        .join(case_contacts, case_contacts.c.contact_id == contacts.c.id)
        .where(case_contacts.c.case_id == case_id)
        .order_by(case_contacts.c.added_at, contacts.c.id)
    )
    return [Contact(*row) for row in rows]


async def count_cases(tx: Tx, person_id: int) -> int:
    """How many cases this person has had."""
    return int((await tx.conn.execute(select(func.count()).where(cases.c.person_id == person_id))).scalar_one())


async def reachable_again(tx: Tx, contact_id: int) -> None:
    """A person knows that mail arrives again: earlier failures count no more."""
    await tx.conn.execute(
        update(contacts)
        .where(contacts.c.id == contact_id)
        .values(unreachable=False, hard_bounces=0, last_hard_bounce_at=None)
    )


async def not_reachable(tx: Tx, contact_id: int) -> None:
    """Nothing arrives at this address any more: its provider says so."""
    await tx.conn.execute(update(contacts).where(contacts.c.id == contact_id).values(unreachable=True))


async def note_hard_bounce(tx: Tx, contact_id: int, *, now: datetime) -> bool:
    """Count a permanent delivery failure; True when the address is thereby taken for unreachable."""
    recent = contacts.c.last_hard_bounce_at >= now - BOUNCE_WINDOW
    found = await tx.conn.execute(
        update(contacts)
        .where(contacts.c.id == contact_id)
        .values(
            hard_bounces=case((recent, contacts.c.hard_bounces + 1), else_=1),
            unreachable=case((recent & (contacts.c.hard_bounces >= 1), True), else_=contacts.c.unreachable),
            last_hard_bounce_at=now,
        )
        .returning(contacts.c.unreachable)
    )
    return bool(found.scalar())
