"""How an answer reaches the member of a case: by the way they came, as long as that leads to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from config.vocabulary import Channel
from console.contract import Way
from gateway.house import House
from store import conversations, opted_out, outbox, parties, people, receipts
from store.database import Tx
from store.schema import cases as case_table


@dataclass(frozen=True, slots=True)
class WayBack:
    """One way. `account` is ours, `address` theirs; `heard_at` is when they last wrote, which opens WhatsApp for a day."""

    way: Way
    channel: Channel
    account: str
    address: str
    contact_id: int | None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """A member of a case, the row of their own case, under whose reference they are written to, and the way to them."""

    row: Any
    name: str
    back: WayBack


async def addressees(tx: Tx, house: House, case_id: int) -> list[Addressee]:
    """To whom an answer to this case can go now, its own member first: after a merge that may be one of several."""
    found: list[Addressee] = []
    for party in await parties.of_case(tx, case_id):
        for own in party.case_ids:
            row = (await tx.conn.execute(select(case_table).where(case_table.c.id == own))).one()
            back = await _way_back(tx, house, row, party.others)
            if back is not None:
                found.append(Addressee(row, party.name, back))
                break
    return found


async def _way_back(tx: Tx, house: House, row: Any, others: Collection[int]) -> WayBack | None:
    """How an answer to the member of this case reaches them now; None when it would not."""
    case_id = row.id
    found = await outbox.reply_contact(tx, case_id, others=others)
    if found is not None:
        contact_id, kind, address = found
        if kind == "email":
            return WayBack("email", "email", "", address, contact_id)
        if kind in ("phone", "telegram") and (way := await _by_text(tx, house, row, contact_id, address)):
            return way
    # Where a case came from the form or the chat, its member was given a link or a code to its page.
    if row.channel == "chat" or await receipts.exists_for(tx, case_id):
        return WayBack("page", "webform", "form", "", found[0] if found else None)
    return None


async def _by_text(tx: Tx, house: House, row: Any, contact_id: int, address: str) -> WayBack | None:
    """By the way they wrote, else by a text message to their telephone."""
    contact = next((one for one in await people.contacts_of_case(tx, row.id) if one.id == contact_id), None)
    if contact is None or contact.unreachable:
        return None
    for way, channel, account in _text_ways(house, row, contact.kind):
        if account and not await opted_out.has(tx, channel, address):
            talk = await conversations.latest(tx, channel, account, address)
            if way == "whatsapp" and talk is None:
                # A number that came in the place of the one that wrote by WhatsApp is written to as any number.
                continue
            return WayBack(way, channel, account, address, contact_id, talk.heard_at if talk else None)
    return None


def _text_ways(house: House, row: Any, kind: str) -> Iterator[tuple[Way, Channel, str]]:
    """Each way by which such a contact could be written to, with our own address there, "" where we have none."""
    settings = house.settings
    if kind == "telegram":
        if row.channel == "telegram" and settings.telegram_token.get_secret_value():
            yield "telegram", "telegram", row.account
        return
    if not settings.sends_texts:
        return
    if row.channel == "whatsapp":
        yield "whatsapp", "whatsapp", settings.whatsapp_number
    if not row.sealed:
        # Whoever holds the telephone reads that there is an answer; of a sealed case not even that is told (rule H6).
        yield "phone", "sms", settings.sms_number
