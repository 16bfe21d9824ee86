"""The receipt that somebody at the counter or on the telephone asked for as a text message."""

from __future__ import annotations

from gateway.arrival import Arrival
from gateway.house import House
from store import opted_out, people
from store.database import Tx

# What the envelope of an entry says of the receipt, and the answer that wants a text message.
RECEIPT = "receipt"
BY_TEXT = "sms"


def can_text(house: House) -> bool:
    """Whether this house sends text messages."""
    return bool(house.settings.sms_number) and house.settings.sends_texts


async def texted_to(tx: Tx, house: House, arrival: Arrival) -> people.Contact | None:
    """The telephone that the receipt goes to as a text message; None where that was not asked for or does not go."""
    if arrival.item.raw.envelope.get(RECEIPT) != BY_TEXT or not can_text(house):
        return None
    message = arrival.message
    senders = [message.sender, *message.other_contacts]
    sender = next((one for one in senders if one and one.kind == "phone"), None)
    if sender is None or await opted_out.has(tx, "sms", sender.address):
        return None
    return await people.find_contact(tx, sender)
