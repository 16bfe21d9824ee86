"""What a member is shown of their case: their own messages, plain words, nothing internal."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import select

from channels.form.contract import Act, CaseEvent, CaseMessage, CaseView, Event, Proof, Situation, State
from config.vocabulary import DEPARTMENTS, ROBOT, Kind, Language
from router import deadlines
from router.letter import LetterData
from router.texts import typographic
from router.wordlists import find_body
from store import access_requests, audit, clocks, correspondence, links, people, ratings, receipts
from store.correspondence import MessageRow
from store.database import Tx
from store.family import goes_on_as
from store.schema import cases, contacts, inbox
from store.schema import people as people_table

# What the audit calls an act, and what the member is told of it; acts not named here are ours alone. An answer tells itself.
_EVENTS: Final[dict[str, Event]] = {
    "case.opened": "received",
    "message.joined": "you_wrote",
    "case.disagreed": "you_disagreed",
    "case.withdrawn": "you_withdrew",
    "case.rated": "you_rated",
    "case.reopened": "reopened",
    "case.woken": "resumed",
    "case.closed": "closed",
}


async def of_link(tx: Tx, opened: links.Opened, token: str, *, now: datetime, saturdays: bool) -> CaseView | None:
    """What the holder of a link may see: their case, the little of a locked one, or that the message is being read."""
    if opened.case_id is None:
        return await _of_item(tx, opened.inbox_id, token) if opened.inbox_id is not None else None
    row = (await tx.conn.execute(select(cases).where(cases.c.id == opened.case_id))).one_or_none()
    if row is None:
        return None
    contact = await _contact(tx, opened.contact_id)
    proof = await proof_for(tx, opened)
    going_on = await goes_on_as(tx, row.id)
    if (row.sealed or going_on.sealed) and not opened.proven:
        # The link may have been forwarded or read by somebody else: not even what the case is about is told. Where no
        # code can be sent any more, that opens nothing either.
        return CaseView(
            reference=row.reference,
            language=cast(Language, row.language),
            state="received",
            received_on=deadlines.received_day(row.received_at),
            due_on=None,
            mail_sent_to=masked(contact),
            can=frozenset(),
            locked=True,
            proof=proof,
        )
    view = await _whole(tx, going_on, opened, token, proof, now=now, saturdays=saturdays)
    return view if going_on.id == row.id else await _merged(tx, view, row, going_on, opened)


async def _merged(tx: Tx, view: CaseView, row: Any, going_on: Any, opened: links.Opened) -> CaseView:
    """The page of a case that goes on in another one: under its own reference, with how the whole matter stands.

    What others did there is theirs: where the two belong to two members, only what happened on this one is told.
    """
    is_same = row.person_id is not None and row.person_id == going_on.person_id
    own = _ids(await correspondence.messages_for_member(tx, row.id, opened.contact_id))
    events = await _events(tx, row.id, own, but_the_last_answer=False)
    if not is_same:
        # What they wrote since stands with the case that goes on, among what the other one did.
        going_on_events = await _events(tx, going_on.id, own, but_the_last_answer=False)
        events += [event for event in going_on_events if event.what == "you_wrote"]
    return replace(
        view,
        reference=row.reference,
        merged_into=going_on.reference,
        received_on=deadlines.received_day(row.received_at),
        kind=cast(Kind, row.kind),
        rating=view.rating if is_same else 0,
        rating_comment=view.rating_comment if is_same else "",
        # What ends the matter, or takes something out of it, is asked for on the page of the case that goes on.
        can=view.can & {"add", "access", "revoke", "contact"},
        events=tuple(sorted((*events, *view.events) if is_same else events, key=lambda event: event.at)),
    )


async def proof_for(tx: Tx, opened: links.Opened) -> Proof:
    """By what the holder of a link can show that the case is theirs."""
    contact = await _contact(tx, opened.contact_id)
    if contact is not None and contact.kind == "email" and not contact.unreachable:
        return "mail"
    if opened.case_id is not None and await receipts.exists_for(tx, opened.case_id):
        return "receipt"
    return ""


async def _whole(
    tx: Tx, row: Any, opened: links.Opened, token: str, proof: Proof, *, now: datetime, saturdays: bool
) -> CaseView:
    messages = await correspondence.messages_for_member(tx, opened.case_id or row.id, opened.contact_id)
    today = deadlines.received_day(now)
    clocks = await _result_clocks(tx, row.id)
    promised = deadlines.promised(_Stored(row), clocks)
    leading = deadlines.earliest(clocks)
    language = cast(Language, row.language)
    contact = await _contact(tx, opened.contact_id)
    # What is still to be taken back has not been said, and a case that it closed is not closed yet.
    waits = row.outcome != "withdrawn" and await correspondence.answer_waits(tx, row.id)
    is_closed = row.state == "closed" and not waits
    state = _state(row, messages, is_closed=is_closed)
    body = find_body(messages[0].reply or messages[0].text) if messages and _situation(row) == "off_scope" else None
    rating = await ratings.of_case(tx, row.id)
    access_until = await _access_until(tx, opened, proof, now)
    return CaseView(
        reference=row.reference,
        language=language,
        state=state,
        received_on=deadlines.received_day(row.received_at),
        due_on=promised,
        kind=cast(Kind, row.kind),
        situation=_situation(row),
        working_days_left=(deadlines.working_days_between(today, promised, saturdays=saturdays) if promised else None),
        late=bool(promised and promised < today and state not in ("closed", "refused")),
        promised_on=promised,
        department=row.department or "",
        mail_sent_to=masked(contact),
        came_back=bool(contact and contact.unreachable),
        clock=leading.id if promised and leading else "",
        outcome=_last_words(messages) if state in ("waiting_for_you", "answered", "closed") else "",
        result=(row.outcome or "") if is_closed else "",
        other_body=typographic(body.names.in_language(language), language) if body else "",
        other_body_contact=typographic(body.contact.in_language(language), language) if body else "",
        rating=rating.score if rating else 0,
        rating_comment=rating.comment if rating else "",
        has_letter=row.queue == "medical_coordinator",
        proof=proof,
        receipt_code=await receipts.shown(tx, token),
        can=_acts(
            row,
            state,
            proof,
            is_closed=is_closed,
            is_answered=bool(_last_words(messages)),
            nameless=not await _name_for(tx, row, opened, messages),
        )
        | ({"access"} if access_until else set()),
        access_until=access_until,
        messages=tuple(_message(message, language) for message in messages),
        events=tuple(await _events(tx, row.id, _ids(messages), but_the_last_answer=waits)),
    )


async def _access_until(tx: Tx, opened: links.Opened, proof: Proof, now: datetime) -> date | None:
    """Until when the holder of this link can fetch the answer to a request for access. Only a code that is sent to the address on
    file opens it: whoever wrote somebody's address into the form has its receipt, and nothing of them."""
    if opened.case_id is None or proof != "mail":
        return None
    ready = await access_requests.ready_on(tx, opened.case_id, opened.contact_id, now=now)
    return deadlines.received_day(ready.approved_at + links.LIFE) if ready else None


async def letter_of(tx: Tx, opened: links.Opened) -> LetterData | None:
    """What the letter to the coordinating doctor says: the member's own first words. None for other cases."""
    row = (await tx.conn.execute(select(cases).where(cases.c.id == opened.case_id))).one_or_none()
    if row is None:
        return None
    own = await correspondence.messages_for_member(tx, row.id, opened.contact_id)
    first = next((message for message in own if message.direction == "in"), None)
    if first is None or row.queue != "medical_coordinator":
        return None
    person = await people.person_of(tx, row.person_id) if await _may_be_named(tx, row, opened) else None
    return LetterData(
        language=cast(Language, row.language),
        reference=row.reference,
        text=first.reply or first.text,
        written_on=deadlines.received_day(row.received_at),
        name=await _name_for(tx, row, opened, own),
        member_number=person.member_number if person else "",
        contact=first.address,
        files=tuple(file.name for file in first.files if not file.inline),
    )


async def _of_item(tx: Tx, item_id: int, token: str) -> CaseView | None:
    """What is kept and not a case yet: registered, and being read."""
    row = (
        await tx.conn.execute(select(inbox.c.reserved_reference, inbox.c.received_at).where(inbox.c.id == item_id))
    ).one_or_none()
    if row is None or row.reserved_reference is None:
        return None
    return CaseView(
        reference=row.reserved_reference,
        language="fr",
        state="received",
        received_on=deadlines.received_day(row.received_at),
        due_on=None,
        can=frozenset(),
        receipt_code=await receipts.shown(tx, token),
        events=(CaseEvent(row.received_at, "received"),),
    )


class _Stored:
    """A stored case, as the clocks want a decision."""

    def __init__(self, row: Any) -> None:
        self.queue: str = row.queue
        self.department = row.department
        self.situation: str = row.situation
        self.refused: str = row.refused


async def _result_clocks(tx: Tx, case_id: int) -> tuple[deadlines.Clock, ...]:
    return tuple(
        deadlines.Clock(clock.clock, clock.due_on, clock.source)
        for clock in await clocks.promised(tx, case_id)
        if clock.clock != "acknowledgement"
    )


def _state(row: Any, messages: Sequence[MessageRow], *, is_closed: bool) -> State:
    if is_closed:
        return "refused" if row.refused else "closed"
    if row.paused_for == "member":
        return "waiting_for_you"
    by_hand = [message for message in messages if not message.auto]
    if by_hand and by_hand[-1].direction == "out":
        return "answered"
    if row.queue == "mediation":
        return "in_mediation"
    return "in_department" if row.queue in DEPARTMENTS else "received"


async def _may_be_named(tx: Tx, row: Any, opened: links.Opened) -> bool:
    """Whether what we know of the person behind a case may be told to the holder of a link.

    Anybody can write anybody's address into the form: who holds no more than its receipt is told what this very message
    said, and nothing that we knew before.
    """
    if row.person_id is None or not opened.by_receipt:
        return row.person_id is not None
    known_since = select(people_table.c.created_at).where(people_table.c.id == row.person_id)
    opening = next((entry for entry in await audit.of_case(tx, row.id) if entry.act == "case.opened"), None)
    return opening is not None and (await tx.conn.execute(known_since)).scalar() == opening.at


async def _name_for(tx: Tx, row: Any, opened: links.Opened, own: Sequence[MessageRow]) -> str:
    """The member's name as the holder of this link may read it."""
    if await _may_be_named(tx, row, opened):
        return (await people.person_of(tx, row.person_id)).name
    return next((message.sender_name for message in own if message.direction == "in" and message.sender_name), "")


def _situation(row: Any) -> Situation:
    """What the member is told about their case; once a refusal was taken back, a person is looking at it (triage)."""
    if row.situation in ("anonymous", "off_scope") and not row.refused:
        return "triage"
    return cast(Situation, row.situation)


def _acts(
    row: Any, state: State, proof: Proof, *, is_closed: bool, is_answered: bool, nameless: bool
) -> frozenset[Act]:
    acts: set[Act] = {"add", "revoke"}
    # The form says that a name can also be given later, here.
    if row.refused == "anonymous" or nameless:
        acts.add("identify")
    # Who waits for a word of the member has perhaps answered before.
    if state in ("refused", "closed", "answered") or (state == "waiting_for_you" and is_answered):
        acts.add("disagree")
    if state == "closed" and row.outcome not in ("withdrawn", ROBOT):
        acts.add("rate")
    if proof:
        acts |= {"copy"} if is_closed else {"copy", "withdraw"}
    # Not by a receipt: whoever stole its link could make its code (rule C4).
    if proof == "mail":
        acts.add("contact")
    return frozenset(acts)


def _last_words(messages: Sequence[MessageRow]) -> str:
    """What one of us last wrote to the member, without greeting and footer."""
    ours = [message for message in messages if message.direction == "out" and not message.auto]
    return ours[-1].reply or ours[-1].text if ours else ""


def _message(message: MessageRow, language: Language) -> CaseMessage:
    ours = message.direction == "out"
    return CaseMessage(
        at=message.at,
        ours=ours,
        text=message.reply or message.text,
        language=language,
        author=message.author if ours else "",
        files=tuple(file.name for file in message.files),
    )


def _ids(messages: Sequence[MessageRow]) -> frozenset[int]:
    return frozenset(message.id for message in messages)


async def _events(tx: Tx, case_id: int, own: Set[int], *, but_the_last_answer: bool) -> list[CaseEvent]:
    """What happened to a case; that somebody wrote, only where that is one of the member's `own` messages."""
    found: list[CaseEvent] = []
    for entry in await audit.of_case(tx, case_id):
        if entry.act == "message.joined" and entry.detail.get("message", 0) not in own | {None}:
            continue
        if entry.act in _EVENTS:
            found.append(CaseEvent(entry.at, _EVENTS[entry.act]))
        elif entry.act == "case.moved":
            found += _moved(entry)
        elif entry.act == "case.paused":
            found.append(CaseEvent(entry.at, "paused", str(entry.detail.get("reason", ""))))
    if but_the_last_answer:
        last = max((index for index, event in enumerate(found) if event.what == "closed"), default=None)
        found = [event for index, event in enumerate(found) if index != last]
    return found


def _moved(entry: audit.Entry) -> list[CaseEvent]:
    """Who has the case now, where that is a department or Mediation; our own desks mean nothing to its member."""
    to = entry.detail.get("to") or entry.detail.get("queue")
    if to in DEPARTMENTS:
        return [CaseEvent(entry.at, "passed_on", to)]
    return [CaseEvent(entry.at, "to_mediation")] if to == "mediation" else []


async def _contact(tx: Tx, contact_id: int | None) -> Any:
    """Kind, address and whether mail arrives, of the contact that a link was made for."""
    if contact_id is None:
        return None
    wanted = select(contacts.c.kind, contacts.c.address, contacts.c.unreachable).where(contacts.c.id == contact_id)
    return (await tx.conn.execute(wanted)).one_or_none()


def masked(contact: Any) -> str:
    """ "m•••@mail.example" for a mail address; else nothing."""
    if contact is None or contact.kind != "email":
        return ""
    local, _, domain = contact.address.partition("@")
    return f"{local[:1]}•••@{domain}"
