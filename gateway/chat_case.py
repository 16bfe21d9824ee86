"""What a conversation may learn of a case: the one that it made, or one that a code has proven to be the member's (W6).

For every other reference the answer is the same, whether there is such a case or not: references can be counted.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import select

from channels.message import Sender
from channels.web.texts import pages
from chatbot.events import Registered, StatusKnown
from config.vocabulary import DEPARTMENTS, Language
from gateway import answers, keys, member_page
from gateway.house import House
from store import audit, codes, links, people
from store.conversations import Conversation
from store.database import Tx
from store.schema import cases as case_table

# A code by chat is for looking at a case and nothing else; it opens no page.
_PURPOSE: Final = "status"


async def registered(tx: Tx, house: House, case_id: int, language: Language, *, now: datetime) -> Registered:
    """What the member is told of the case that their conversation has just become, with a secret link to its page."""
    row = await _row(tx, case_id=case_id)
    token = house.randomness.token()
    await links.add(tx, token, now=now, case_id=case_id, contact_id=row.contact_id)
    sealed = bool(row.sealed)
    known = await people.contacts_of_case(tx, case_id)
    contact = next((one for one in known if one.id == row.contact_id), None)
    department = row.queue if row.queue in DEPARTMENTS else ""
    return Registered(
        reference=row.reference,
        due_on=row.due_on,
        case_url=answers.case_url(house, language, token),
        queue=row.queue,
        answers_by=service_name(department, language) if department else "",
        mediation=row.queue == "mediation",
        letter_url=answers.letter_url(house, language, token) if sealed else "",
        sent_to=member_page.masked(contact) if contact and contact.kind == "email" and not contact.unreachable else "",
    )


async def send_code(
    tx: Tx, house: House, conversation: Conversation, reference: str, *, now: datetime
) -> tuple[int, ...]:
    """Send six digits to the mail address on file for this case, if there is such a case and address. Returns what was put
    into the outbox; the member hears the same either way."""
    row = await _row(tx, reference=reference)
    if row is None or row.sealed:
        return ()
    contact = await _mail_on_file(tx, row.id)
    if contact is None:
        return ()
    code = f"{secrets.randbelow(1_000_000):06d}"
    code_id = await codes.ask(
        tx,
        case_id=row.id,
        purpose=_PURPOSE,
        browser_hash=_asker(conversation),
        code_hash=_hash_of(house, row.id, conversation, code),
        now=now,
    )
    if code_id is None:
        return ()
    await audit.write(tx, actor="member", act="code.asked", at=now, case_id=row.id, detail={"for": _PURPOSE})
    sent = await answers.send_asked(
        tx,
        house,
        "code",
        key=f"code-{code_id}",
        case_id=row.id,
        contact=contact,
        reference=row.reference,
        language=cast(Language, row.language),
        code=code,
        purpose="open",
        now=now,
    )
    return (sent,) if sent is not None else ()


async def status_by_code(
    tx: Tx, house: House, conversation: Conversation, reference: str, code: str, *, now: datetime
) -> StatusKnown | None:
    """Where a case stands, for who typed the code that was sent for it to this conversation; None for a wrong one."""
    row = await _row(tx, reference=reference)
    if row is None or row.sealed:
        return None
    tried = await codes.use(
        tx,
        case_id=row.id,
        purpose=_PURPOSE,
        browser_hash=_asker(conversation),
        code_hash=_hash_of(house, row.id, conversation, "".join(filter(str.isdigit, code))[:6]),
        now=now,
    )
    if tried != "right":
        return None
    contact = await _mail_on_file(tx, row.id)
    opened = links.Opened(row.id, None, contact.id if contact else None, proven=True)
    saturdays = house.settings.saturdays_are_working_days
    view = await member_page.of_link(tx, opened, "", now=now, saturdays=saturdays)
    if view is None:
        return None
    await audit.write(tx, actor="member", act="case.unlocked", at=now, case_id=row.id, detail={"by": "conversation"})
    stage = pages()[conversation.language][f"state.{view.state}"]
    return StatusKnown(row.reference, stage, due_on=view.due_on, next_step=view.question)


async def send_link(
    tx: Tx, house: House, case_id: int, address: str, language: Language, *, now: datetime
) -> tuple[int, ...]:
    """Send a link to the page of the case that this conversation made, to the address that its member gave."""
    row = await _row(tx, case_id=case_id)
    contact = await people.add_contact(tx, row.person_id, Sender("email", address))
    await people.know_on_case(tx, case_id, contact.id, now=now)
    token = house.randomness.token()
    await links.add(tx, token, now=now, case_id=case_id, contact_id=contact.id, purpose="found")
    sent = await answers.send_asked(
        tx,
        house,
        "link",
        key=f"link-{links.hashed(token)[:32]}",
        case_id=case_id,
        contact=contact,
        reference=row.reference,
        language=language,
        case_url=answers.case_url(house, language, token),
        now=now,
    )
    return (sent,) if sent is not None else ()


async def _row(tx: Tx, *, case_id: int | None = None, reference: str = "") -> Any:
    query = select(case_table)
    query = (
        query.where(case_table.c.id == case_id)
        if case_id is not None
        else query.where(case_table.c.reference == reference)
    )
    return (await tx.conn.execute(query)).one_or_none()


async def _mail_on_file(tx: Tx, case_id: int) -> people.Contact | None:
    known = await people.contacts_of_case(tx, case_id)
    return next((one for one in known if one.kind == "email" and not one.unreachable), None)


def _asker(conversation: Conversation) -> str:
    """A code counts in the conversation that asked for it only."""
    return codes.asker(f"conversation-{conversation.id}", conversation.channel)


def _hash_of(house: House, case_id: int, conversation: Conversation, code: str) -> str:
    said = f"{case_id}\0{_PURPOSE}\0{conversation.id}\0{code}".encode("utf-8", "replace")
    return hmac.new(keys.derived(house.secret, "case codes"), said, hashlib.sha256).hexdigest()
