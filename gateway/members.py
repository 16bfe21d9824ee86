"""Who writes: the person and the contact behind a message. What a message says about its sender is a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.arrival import Arrival
from store import people
from store.database import Tx


@dataclass(frozen=True, slots=True)
class Member:
    """Who a new case belongs to; `contact_ids` are all addresses that may add to it."""

    id: int
    name: str
    contact: people.Contact | None
    contact_ids: tuple[int, ...]

    @property
    def contact_id(self) -> int | None:
        """The contact that the case came from."""
        return self.contact.id if self.contact else None


async def member_of(tx: Tx, arrival: Arrival, known: people.Contact | None, now: datetime) -> Member:
    """Who a new case belongs to, made where nobody knew them."""
    message = arrival.message
    name, number = arrival.says_they_are
    if arrival.writer is None:
        language = arrival.language
        person_id = await people.new_person(tx, name=name, language=language, member_number=number, now=now)
        return Member(person_id, name, None, ())
    contact = await contact_of(tx, arrival, known, now)
    if known:
        # An address in a mail or a form is a claim; only an authenticated one may complete what we know.
        if message.authentication == "pass":
            await people.complete(tx, known.person_id, name=name, member_number=number)
        name = name or (await people.person_of(tx, known.person_id)).name
    ids = [contact.id]
    for other in message.other_contacts:
        ids.append((await people.add_contact(tx, contact.person_id, other)).id)  # noqa: PERF401 (awaits in turn)
    return Member(contact.person_id, name, contact, tuple(ids))


async def contact_of(tx: Tx, arrival: Arrival, known: people.Contact | None, now: datetime) -> people.Contact:
    """The contact that wrote, made where the address is new. Raises ValueError for somebody without an address."""
    if known:
        return known
    if arrival.writer is None:
        raise ValueError("somebody without an address is no contact")
    name, number = arrival.says_they_are
    return await people.new_contact(
        tx,
        arrival.writer,
        name=name,
        language=arrival.language,
        member_number=number,
        now=now,
    )
