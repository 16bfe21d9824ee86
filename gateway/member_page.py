"""What a member is shown of their case: their own messages, plain words, nothing internal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import select

from channels.form.contract import Act, CaseEvent, CaseMessage, CaseView, Event, Situation, State
from config.vocabulary import DEPARTMENTS, Kind, Language
from router import deadlines
from router.letter import LetterData
from store import audit, correspondence, people, views
from store.correspondence import MessageRow
from store.database import Tx
from store.schema import cases, contacts, inbox

# What the audit calls an act, and what the member is told of it; acts not named here are ours alone.
_EVENTS: Final[dict[str, Event]] = {
    "case.opened": "received",
    "message.joined": "you_wrote",
    "case.answered": "answered",
    "case.reopened": "reopened",
    "case.closed": "closed",
}


async def of_case(tx: Tx, case_id: int, contact_id: int | None, *, now: datetime, saturdays: bool) -> CaseView | None:
    """The case as the holder of a link made for this contact may see it."""
    row = (await tx.conn.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
    if row is None:
        return None
    messages = await correspondence.messages_for_member(tx, case_id, contact_id)
    today = deadlines.received_day(now)
    promised = deadlines.promised(_Stored(row), await _result_clocks(tx, case_id))
    language = cast(Language, row.language)
    state = _state(row, messages)
    return CaseView(
        reference=row.reference,
        language=language,
        state=state,
        received_on=deadlines.received_day(row.received_at),
        due_on=promised,
        kind=cast(Kind, row.kind),
        situation=cast(Situation, row.situation),
        working_days_left=(deadlines.working_days_between(today, promised, saturdays=saturdays) if promised else None),
        late=bool(promised and promised < today and state not in ("closed", "refused")),
        promised_on=promised,
        department=row.department or "",
        mail_sent_to=await _masked_address(tx, contact_id),
        has_letter=row.queue == "medical_coordinator",
        can=_acts(row, state, nameless=not await _name_of(tx, row.person_id)),
        messages=tuple(_message(message, language) for message in messages),
        events=tuple(await _events(tx, case_id)),
    )


async def letter_of(tx: Tx, case_id: int, contact_id: int | None) -> LetterData | None:
    """What the letter to the coordinating doctor says: the member's own first words. None for other cases."""
    row = (await tx.conn.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
    own = await correspondence.messages_for_member(tx, case_id, contact_id)
    first = next((message for message in own if message.direction == "in"), None)
    if row is None or first is None or row.queue != "medical_coordinator":
        return None
    person = await people.person_of(tx, row.person_id) if row.person_id else None
    return LetterData(
        language=cast(Language, row.language),
        reference=row.reference,
        text=first.reply or first.text,
        written_on=deadlines.received_day(row.received_at),
        name=person.name if person else "",
        member_number=person.member_number if person else "",
        contact=first.address,
        files=tuple(file.name for file in first.files if not file.inline),
    )


async def of_item(tx: Tx, item_id: int) -> CaseView | None:
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
        for clock in await views.clocks_of(tx, case_id)
        if clock.clock != "acknowledgement"
    )


def _state(row: Any, messages: Sequence[MessageRow]) -> State:
    if row.state == "closed":
        return "refused" if row.refused else "closed"
    by_hand = [message for message in messages if not message.auto]
    if by_hand and by_hand[-1].direction == "out":
        return "answered"
    if row.queue == "mediation":
        return "in_mediation"
    return "in_department" if row.queue in DEPARTMENTS else "received"


async def _name_of(tx: Tx, person_id: int | None) -> str:
    return (await people.person_of(tx, person_id)).name if person_id else ""


def _acts(row: Any, state: State, *, nameless: bool) -> frozenset[Act]:
    acts: set[Act] = {"add"}
    # The form says that a name can also be given later, here.
    if row.refused == "anonymous" or nameless:
        acts.add("identify")
    if state in ("refused", "closed", "answered"):
        acts.add("disagree")
    return frozenset(acts)


def _message(message: MessageRow, language: Language) -> CaseMessage:
    ours = message.direction == "out"
    return CaseMessage(
        at=message.at,
        ours=ours,
        text=message.text if ours else message.reply or message.text,
        language=language,
        author=message.author if ours else "",
        files=tuple(file.name for file in message.files),
    )


async def _events(tx: Tx, case_id: int) -> list[CaseEvent]:
    found: list[CaseEvent] = []
    for entry in await audit.of_case(tx, case_id):
        if entry.act in _EVENTS:
            found.append(CaseEvent(entry.at, _EVENTS[entry.act]))
        elif entry.act == "case.answer_undone":
            # The answer before it was taken back: it never happened.
            last = max((index for index, event in enumerate(found) if event.what == "answered"), default=None)
            found = [event for index, event in enumerate(found) if index != last]
    return found


async def _masked_address(tx: Tx, contact_id: int | None) -> str:
    """ "m•••@mail.example" for the contact of the link, when it is a mail address; else nothing."""
    if contact_id is None:
        return ""
    row = (
        await tx.conn.execute(select(contacts.c.kind, contacts.c.address).where(contacts.c.id == contact_id))
    ).one_or_none()
    if row is None or row.kind != "email":
        return ""
    local, _, domain = row.address.partition("@")
    return f"{local[:1]}•••@{domain}"
