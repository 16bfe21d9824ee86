"""How members are reached, as colleagues change it: checked, written down, and told to the address that was used until now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import select

from channels.message import Sender
from channels.twilio_sms.costs import Policy, never_texted
from channels.web import contact_field
from channels.web.contact_field import Wrong
from config.vocabulary import Language
from console.reach_contract import CannotReachError, Member, Wanted
from gateway import answers
from gateway.entry_receipts import can_text
from gateway.house import House
from store import cases, contact_changes, opted_out, outbox, parties, people, threads, users
from store.contact_changes import Act, Change
from store.database import Tx
from store.parties import Party
from store.people import Contact
from store.schema import cases as case_table
from store.viewer import Viewer

# What can be ended or replaced here. A chat or a bot is no address that somebody tells us.
KINDS: Final = ("email", "phone", "post")
_ACTS: Final[dict[Act, str]] = {"add": "contact.added", "replace": "contact.replaced", "end": "contact.ended"}


@dataclass(frozen=True, slots=True)
class HouseReach:
    """As console.reach_contract.Reach says."""

    house: House

    def read(self, typed: str) -> Sender | Wrong:
        """The contact that was typed."""
        return contact_field.read(typed, self.house.settings.sms_countries)

    async def members(self, tx: Tx, case_id: int) -> Sequence[Member]:
        """The members of a case, each with what is theirs."""
        return [
            Member(party.case_ids[0], party.name, tuple(await own_contacts(tx, party)))
            for party in await parties.of_case(tx, case_id)
        ]

    async def change(
        self, tx: Tx, viewer: Viewer, case_id: int, wanted: Wanted, *, now: datetime, version: int
    ) -> int | None:
        """Change how a member is reached. Raises StaleError, CannotReachError."""
        # The second of two presses waits here, and is told that the case has changed rather than that the address is there.
        await threads.current(tx, case_id, held=True)
        if (await case_row(tx, case_id)).version != version:
            raise cases.StaleError(case_id)
        party, old = await self._meant(tx, case_id, wanted)
        if wanted.sender is not None and self.house.mailbox(wanted.sender.address) is not None:
            raise CannotReachError("ours")
        new = await new_contact(tx, party, wanted.sender, now=now) if wanted.sender else None
        if new is not None and new.id in {one.id for one in await own_contacts(tx, party)}:
            raise CannotReachError("known")
        told = old if old is not None and await can_be_told(tx, self.house, case_id, old) else None
        detail: dict[str, Any] = {"how": wanted.how, "told": told is not None}
        detail |= {"old": old.id} if old and wanted.act != "add" else {}
        detail |= {"new": new.id} if new else {}
        actor = f"user:{viewer.user_id}"
        await cases.change(tx, case_id, actor=actor, act=_ACTS[wanted.act], now=now, version=version, detail=detail)
        await cases.add_note(tx, case_id, viewer.user_id, wanted.words, now=now, about="contact")
        change_id = await contact_changes.make(
            tx,
            wanted.act,
            case_ids=party.case_ids,
            old_id=old.id if old else None,
            new_id=new.id if new else None,
            author_id=viewer.user_id,
            how=wanted.how,
            now=now,
        )
        if told is None:
            return None
        wait = await self._undo_time(tx, viewer)
        return await tell(tx, self.house, change_id, wanted.act, party.case_ids[0], told, wait=wait, now=now)

    async def _meant(self, tx: Tx, case_id: int, wanted: Wanted) -> tuple[Party, Contact | None]:
        """Whose address it is, and the one that is told: the one that ends, or that by which they were written to until now."""
        everybody = await parties.of_case(tx, case_id)
        for party in everybody:
            own = await own_contacts(tx, party)
            if wanted.act == "add" and (wanted.member is None or wanted.member == party.case_ids[0]):
                return party, await first_choice(tx, party, own)
            found = next((one for one in own if one.id == wanted.contact_id and one.kind in KINDS), None)
            if wanted.act != "add" and found is not None:
                return party, found
        raise cases.StaleError(case_id)

    async def undoable(self, tx: Tx, viewer: Viewer, case_id: int, *, now: datetime) -> tuple[Change, datetime] | None:
        """The change that this viewer has just made."""
        time = await self._undo_time(tx, viewer)
        change = await contact_changes.last_of(tx, case_id, since=now - time)
        if change is None or change.author_id != viewer.user_id:
            return None
        return change, change.at + time

    async def undo(self, tx: Tx, viewer: Viewer, case_id: int, change_id: int, *, now: datetime) -> bool:
        """Take that change back."""
        # Who changes it once more at this moment comes first or waits: what they made of it is not taken back with it.
        await threads.current(tx, case_id, held=True)
        found = await self.undoable(tx, viewer, case_id, now=now)
        if found is None or found[0].id != change_id:
            return False
        change = found[0]
        # What is told to the old address decides: once it is in hand, somebody reads that it was changed.
        if change.outbox_id is not None and not await outbox.cancel(tx, change.outbox_id, now=now):
            return False
        if not await contact_changes.undo(tx, change, now=now):
            return False
        await cases.change(tx, case_id, actor=f"user:{viewer.user_id}", act="contact.undone", now=now)
        return True

    async def _undo_time(self, tx: Tx, viewer: Viewer) -> timedelta:
        own = await users.undo_of(tx, viewer.user_id)
        return timedelta(seconds=self.house.settings.undo_seconds) if own is None else own


async def own_contacts(tx: Tx, party: Party) -> list[Contact]:
    """The addresses of one member of a case, in the order in which they came; not those that another one brought along."""
    found: dict[int, Contact] = {}
    for case_id in party.case_ids:
        came = await contact_changes.came_with_others(tx, case_id)
        found |= {one.id: one for one in await people.contacts_of_case(tx, case_id) if one.id not in came}
    return list(found.values())


async def first_choice(tx: Tx, party: Party, own: Sequence[Contact]) -> Contact | None:
    """The address by which a member is written to; one that can be reached, where there is one."""
    row = await case_row(tx, party.case_ids[0])
    order = sorted(own, key=lambda one: (one.unreachable, one.id != row.contact_id, one.id))
    return next((one for one in order if one.kind in KINDS), None)


async def new_contact(tx: Tx, party: Party, sender: Sender, *, now: datetime) -> Contact:
    """The contact for an address that somebody named. Others may have it too, as families do; it stays theirs as well."""
    person_id = party.person_id
    await people.alone_with(tx, sender)
    known = await people.find_contact(tx, sender)
    if known is not None:
        return known
    if person_id is None:
        row = await case_row(tx, party.case_ids[0])
        language = cast(Language, row.language)
        person_id = await people.new_person(tx, name="", language=language, member_number="", now=now)
    return await people.add_contact(tx, person_id, sender)


async def can_be_told(tx: Tx, house: House, case_id: int, contact: Contact) -> bool:
    """Whether a message may go to this address: nothing says that it does not arrive, or that nobody wants it there. Of a sealed
    case no text message goes to a telephone (rule H6)."""
    if contact.unreachable or contact.kind not in ("email", "phone"):
        return False
    if contact.kind == "email":
        return True
    countries = Policy(house.settings.sms_countries)
    return (
        can_text(house)
        and not (await case_row(tx, case_id)).sealed
        and not never_texted(contact.address, countries)
        and not await opted_out.has(tx, "sms", contact.address)
    )


async def tell(
    tx: Tx, house: House, change_id: int, act: Act, case_id: int, contact: Contact, *, wait: timedelta, now: datetime
) -> int | None:
    """Let the address that was used until now know, in words that name no matter: whoever reads there may be anybody."""
    row = await case_row(tx, case_id)
    sent = await answers.send_asked(
        tx,
        house,
        "contact",
        key=f"contact-{change_id}",
        case_id=case_id,
        contact=contact,
        reference=row.reference,
        language=cast(Language, row.language),
        about=act,
        wait=wait,
        now=now,
    )
    if sent is not None:
        await contact_changes.tell(tx, change_id, sent)
    return sent


async def case_row(tx: Tx, case_id: int) -> Any:
    """The row of a case."""
    return (await tx.conn.execute(select(case_table).where(case_table.c.id == case_id))).one()
