"""A message that belongs to a case which exists: added to it, or held apart until a mediator says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from config.vocabulary import Language
from gateway import answers, waking
from gateway.arrival import Arrival, Recorded
from gateway.house import House
from gateway.members import contact_of
from gateway.notices import tell
from router import deadlines
from router.acknowledgement import acknowledge, joined
from router.decision import Decision, Facts
from router.joining import Joining
from store import audit, cases, people, search, second_look, threads
from store.database import Tx


async def add_to_case(
    tx: Tx,
    house: House,
    arrival: Arrival,
    joining: Joining,
    current: threads.CaseState,
    known: people.Contact | None,
    now: datetime,
) -> Recorded:
    message, found = arrival.message, arrival.classification
    contact_id = known.id if known else arrival.contact_of_link
    if second_look.TO_JOIN in arrival.item.raw.envelope and arrival.writer:
        # A mediator has said that this sender belongs to the case.
        contact_id = contact_id or (await contact_of(tx, arrival, None, now)).id
        await people.know_on_case(tx, current.id, contact_id, now=now)
    message_id = await cases.add_message(
        tx,
        arrival.kept(current.id, contact_id, verified=not joining.badge),
        message.attachments,
    )
    await cases.add_classification(tx, message_id, current.id, found, now=now)
    medical = bool(found.flags.get("doctor")) and not current.sealed
    urgent = bool(found.flags.get("urgent"))
    envelope = arrival.item.raw.envelope
    if current.person_id is not None and await _may_complete(tx, current.person_id, envelope):
        # Said on the case page, behind the secret link: who writes, where that was not known yet.
        name = message.sender.name if message.sender else ""
        await people.complete(tx, current.person_id, name=name, member_number=message.member_number)
    # An answer to a refusal reaches a person; who disagrees with an answer goes to Mediation; others go on where they were.
    queue = "triage" if current.goes_to_triage else "mediation" if "disagrees" in envelope else None
    if current.state == "closed":
        await cases.reopen(tx, current.id, actor="system", now=now, queue=queue)
    elif queue:
        await cases.change(
            tx, current.id, actor="member", act="case.disagreed", now=now, detail={"queue": queue}, queue=queue
        )
    values: dict[str, Any] = (
        {"unread": True} | ({"sealed": True} if medical else {}) | ({"priority": "urgent"} if urgent else {})
    )
    detail = {"message": message_id, "why": joining.why}
    await cases.change(tx, current.id, actor="member", act="message.joined", now=now, detail=detail, **values)
    await waking.heard_from(tx, house, current.id, "member", now=now)
    if medical:
        await search.remove(tx, current.id)
    elif not current.sealed:
        await search.add(tx, current.id, f"{message.subject} {message.reply} {search.names_of(message.attachments)}")
    sent: tuple[int, ...] = ()
    # What was put away as a robot's waits for people without an answer: a robot would answer that too.
    if known and (urgent or (current.state == "closed" and not current.put_away)):
        sent = await _answer(tx, house, arrival, current, known, urgent=urgent, now=now)
    if urgent:
        sent += await tell(
            tx,
            house,
            (queue or current.queue,),
            "urgent",
            page=f"/console/case/{current.reference}",
            sealed=current.sealed or medical,
            now=now,
        )
    return Recorded("joined", current.id, sent)


async def _may_complete(tx: Tx, person_id: int, envelope: Mapping[str, str]) -> bool:
    """Whether what is said of the member on this page may be kept for the person: behind a link that we mailed to them, or
    where the person is known by this case alone. Anybody can write somebody's address into the form and hold its receipt."""
    if "case_id" not in envelope:
        return False
    return "by_receipt" not in envelope or await people.count_cases(tx, person_id) == 1


async def _answer(
    tx: Tx,
    house: House,
    arrival: Arrival,
    current: threads.CaseState,
    contact: people.Contact,
    *,
    urgent: bool,
    now: datetime,
) -> tuple[int, ...]:
    """A message added to a running case needs no receipt; one in distress, or after a closing, does."""
    token = house.randomness.token()
    language = cast(Language, current.language)
    url = answers.case_url(house, language, token)
    name = (await people.person_of(tx, contact.person_id)).name
    if urgent:
        facts = Facts(arrival.message, arrival.classification, received_on=deadlines.received_day(now))
        text = acknowledge(
            _in_distress(current), facts, reference=current.reference, case_url=url, name=name, channel="email"
        )
    else:
        text = joined(language, "email", reference=current.reference, case_url=url, name=name)
    sent = await answers.send(
        tx,
        house,
        text,
        key=f"joined-{arrival.item.id}",
        situation="urgent" if urgent else "joined",
        case_id=current.id,
        contact=contact,
        name=name,
        token=token,
        answers=arrival.message,
        now=now,
    )
    return (sent,) if sent else ()


async def hold_apart(
    tx: Tx,
    arrival: Arrival,
    joining: Joining,
    case_id: int,
    known: people.Contact | None,
    now: datetime,
) -> Recorded:
    """The message names a case that its sender is not proven to belong to: a mediator decides, nobody is told."""
    found = arrival.classification
    # Only the address is noted: what somebody unproven says about themselves changes nobody's record.
    contact = await contact_of(tx, arrival, known, now) if arrival.writer else None
    kept = arrival.kept(None, contact.id if contact else None)
    message_id = await cases.add_message(tx, kept, arrival.message.attachments)
    await cases.add_classification(tx, message_id, None, found, now=now)
    await cases.hold(
        tx,
        message_id=message_id,
        inbox_id=arrival.item.id,
        case_id=case_id,
        why=joining.why,
        sealed=bool(found.flags.get("doctor")),
        now=now,
    )
    await audit.write(tx, actor="system", act="message.held", at=now, case_id=case_id)
    return Recorded("held", case_id)


def _in_distress(current: threads.CaseState) -> Decision:
    """What is decided about a message in distress on a case that exists: only the words that its sender gets."""
    return Decision(
        queue=current.queue,
        department=None,
        priority="urgent",
        situation="urgent",
        acknowledge=True,
        refused="",
        sealed=current.sealed,
        notify=(),
        decided_by="",
        rules_version="",
        trace=(),
        language=cast(Language, current.language),
    )
