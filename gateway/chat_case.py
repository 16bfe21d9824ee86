"""What a conversation does with cases: it makes one of what was told, adds to it, and learns where one stands (W6).

For a reference that nobody has proven to be theirs the answer is the same, whether there is such a case or not: references
can be counted.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import select

from channels.message import InboundMessage, RawMessage, Sender
from channels.web.texts import pages
from chatbot.actions import AddToCase, Register
from chatbot.events import CopyAnswered, Registered, StatusKnown
from chatbot.state import CLAIMED, Facts, State
from chatbot.texts import texts as chat_texts
from classifier.classification import Classification, Identity
from config.departments import department_name
from config.vocabulary import DEPARTMENTS, AddressKind, Channel, Flag, Language
from gateway import answers, keys, member_page
from gateway.arrival import Arrival
from gateway.case_finding import may_be_sent
from gateway.house import House
from gateway.notices import tell
from gateway.opening import open_own_case
from router.decide import RuleSet
from store import audit, cases, codes, conversations, links, people, search, talks, threads
from store.conversations import Conversation
from store.database import Tx
from store.inbox import Item
from store.schema import cases as case_table

# A code by chat is for looking at a case and nothing else; it opens no page.
_PURPOSE: Final = "status"
_ADDRESSES: Final[Mapping[Channel, AddressKind]] = MappingProxyType(
    {"chat": "chat", "telegram": "telegram", "whatsapp": "phone", "sms": "phone"}
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was made of a conversation, and what goes out because of it."""

    case_id: int
    outbox_ids: tuple[int, ...]


async def open_case(
    tx: Tx,
    house: House,
    rules: RuleSet,
    conversation: Conversation,
    order: Register,
    found: Classification,
    *,
    now: datetime,
) -> Opened:
    """Open a case with the story as its first message; the messages of the conversation belong to it from now on."""
    arrival = _as_told(conversation, order, found, now)
    known = await people.find_contact(tx, arrival.writer) if arrival.writer else None
    # The classification is of the last line and the story: what an earlier line touched stays touched (rule S2).
    recorded = await open_own_case(tx, house, rules, arrival, known, now, sealed="doctor" in order.flags)
    case_id = cast(int, recorded.case_id)
    await conversations.give_to_case(tx, conversation.id, case_id)
    if conversation.channel == "chat":
        # What the dialogue says next stands in the chat at once: reference and date are told.
        await cases.end_clocks(tx, case_id, now=now, clock="acknowledgement")
    return Opened(case_id, recorded.outbox_ids)


def _as_told(conversation: Conversation, order: Register, found: Classification, now: datetime) -> Arrival:
    """The conversation as one message: the member's own words, who they are and how to reach them."""
    facts = order.facts
    own = Sender(_ADDRESSES[conversation.channel], conversation.address, facts.name)
    given = [Sender("email", facts.email, facts.name)] if facts.email else []
    given += [Sender("phone", facts.phone, facts.name)] if facts.phone and own.kind != "phone" else []
    # By mail, where they gave an address: a chat may be closed by the time that there is an answer.
    sender, *others = (*given, own) if facts.email else (own, *given)
    words = _words(facts, order.language)
    message = InboundMessage(
        channel=conversation.channel,
        account=conversation.account,
        external_id=f"conversation-{conversation.id}-{conversation.version}",
        sender=sender,
        subject="",
        text=words,
        reply=words,
        received_at=now,
        language_hint=order.language,
        member_number=facts.member_number,
        other_contacts=tuple(others),
    )
    # No item brought it: the turns of the conversation have items of their own.
    raw = RawMessage(message.channel, message.account, message.external_id, b"", now)
    return Arrival(Item(0, 0, raw, None), message, _as_agreed(found, order))


def _words(facts: Facts, language: Language) -> str:
    said = pages()[language]
    parts = ["\n\n".join(facts.story)]
    if facts.wish:
        parts.append("\n".join((said["form.said.wanted"], *facts.wish)))
    if facts.represented or facts.relation:
        who = facts.represented or chat_texts()[language].relations.get(facts.relation, "")
        agreed = {"yes": said["form.said.agreed"], "no": said["form.said.not_agreed"]}.get(facts.mandate, "")
        parts.append("\n".join(filter(None, (f"{said['form.said.for']} {who}", agreed))))
    return "\n\n".join(filter(None, parts))


def _as_agreed(found: Classification, order: Register) -> Classification:
    """What the classifier said, with what the member has made clear since: who they are, and that it is about us."""
    facts = order.facts
    clear: dict[Flag, bool] = {"anonymous": facts.anonymous} if facts.anonymous or _is_somebody(facts) else {}
    if facts.contested:
        clear["off_scope"] = False
    if order.urgent:
        clear["urgent"] = True
    return replace(
        found,
        kind=order.kind,
        language=order.language,
        flags={**found.flags, **clear},
        abstained=tuple(name for name in found.abstained if name not in clear),
        because={name: why for name, why in found.because.items() if name not in clear},
        identity=Identity(name=facts.name, member_number=facts.member_number),
    )


def _is_somebody(facts: Facts) -> bool:
    return bool(facts.name or facts.member_number or facts.email)


async def registered(tx: Tx, house: House, case_id: int, language: Language, *, now: datetime) -> Registered:
    """What the member is told of the case that their conversation has just become, with a secret link to its page."""
    row = await _row(tx, case_id=case_id)
    token = house.randomness.token()
    # As with the form's receipt, nobody has shown yet that an address which was typed is theirs.
    await links.add(tx, token, now=now, case_id=case_id, contact_id=row.contact_id, purpose="receipt")
    known = await people.contacts_of_case(tx, case_id)
    contact = next((one for one in known if one.id == row.contact_id), None)
    return Registered(
        reference=row.reference,
        due_on=row.due_on,
        case_url=answers.case_url(house, language, token),
        queue=row.queue,
        answers_by=department_name(row.queue, language) if row.queue in DEPARTMENTS else "",
        mediation=row.queue == "mediation",
        letter_url=answers.letter_url(house, language, token) if row.sealed else "",
        sent_to=member_page.masked(contact) if contact is not None and not contact.unreachable else "",
    )


async def hand_over(
    tx: Tx, house: House, conversation: Conversation, state: State, *, urgent: bool, now: datetime
) -> tuple[int, ...]:
    """Tell mediators that somebody in a conversation waits for a person."""
    return await tell(
        tx,
        house,
        ("mediation",),
        "urgent" if urgent else "waiting",
        page=f"/console/conversations/{conversation.id}",
        # Who may not open it cannot help.
        sealed="doctor" in state.flags or await talks.is_sealed(tx, conversation),
        now=now,
    )


async def add(tx: Tx, line_id: int | None, order: AddToCase, found: Classification, *, now: datetime) -> int | None:
    """Add the line just said to the case that was made or proven here, which may be another one than the conversation became.
    Returns the case, None where there is none any more."""
    row = await _row(tx, reference=order.reference)
    current = await threads.current(tx, row.id, held=True) if row is not None else None
    if current is None:
        return None
    if line_id is not None:
        await conversations.line_to_case(tx, line_id, current.id)
    if current.state == "closed":
        queue = "triage" if current.goes_to_triage else None
        await cases.reopen(tx, current.id, actor="system", now=now, queue=queue)
    medical = bool(found.flags.get("doctor")) and not current.sealed
    values: dict[str, Any] = {"unread": True} | ({"sealed": True} if medical else {})
    if found.flags.get("urgent"):
        values["priority"] = "urgent"
    detail = {"message": line_id, "why": "conversation"}
    await cases.change(tx, current.id, actor="member", act="message.joined", now=now, detail=detail, **values)
    if medical:
        await search.remove(tx, current.id)
    elif not current.sealed:
        await search.add(tx, current.id, order.text)
    return current.id


async def seal(tx: Tx, case_id: int, line_id: int, *, now: datetime) -> None:
    """Seal the case of a line about a medical matter, where it was not sealed yet: a line that answers a question of the robot,
    or corrects an earlier one, is in the case without having been added to it."""
    current = await threads.current(tx, case_id, held=True)
    if current is None or current.sealed:
        return
    detail = {"message": line_id, "why": "conversation"}
    act = "message.joined"
    await cases.change(tx, current.id, actor="member", act=act, now=now, detail=detail, unread=True, sealed=True)
    await search.remove(tx, current.id)


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
        about="open",
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
    tx: Tx, house: House, conversation: Conversation, case_id: int, address: str, language: Language, *, now: datetime
) -> tuple[CopyAnswered, tuple[int, ...]]:
    """Send a link to the page of the case, where the conversation stands, to the address that its member gave. Returns what the
    member may hear of it, and what was put into the outbox.

    Never the words themselves: whose address this is nobody knows (M12), and health has no place in a mail (C6). A case that
    was only proven here is another matter: a code shows where it stands, and puts no new address on it (rules C3, C4). Then
    the answer is the same whether the address is on file or not: nobody finds out which are by trying (rule W6). So it is for
    a telephone number, which is only a claim, even where the case came from it; of a sealed case it gets nothing (rule H6).
    """
    row = await _row(tx, case_id=case_id)
    known = {(one.kind, one.address) for one in await people.contacts_of_case(tx, case_id)}
    claimed = conversation.channel in CLAIMED
    guarded = claimed or (_ADDRESSES[conversation.channel], conversation.address) not in known
    withheld = CopyAnswered(address, "guarded" if guarded else "not_now")
    if guarded and (row.sealed or ("email", people.normalised(Sender("email", address))) not in known):
        return withheld, ()
    contact = await people.add_contact(tx, row.person_id, Sender("email", address))
    # Rule F8: whoever can be made to type an address must not fill somebody's mailbox with it.
    if not await may_be_sent(tx, contact, now=now):
        return withheld, ()
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
    if sent is None:
        return withheld, ()
    return CopyAnswered(address, "guarded" if guarded else "sent"), (sent,)


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
