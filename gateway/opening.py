"""Opening a case: the rules decide, the clocks start, and its member is told at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from config.vocabulary import CONVERSING
from gateway import answers
from gateway.arrival import Arrival, Recorded
from gateway.entry_receipts import texted_to
from gateway.house import House
from gateway.members import Member, member_of
from gateway.notices import tell
from gateway.numbering import next_reference
from router import deadlines
from router.acknowledgement import acknowledge
from router.decide import RuleSet, decide
from router.decision import Decision, Facts
from store import cases, links, people, search
from store.database import Tx

_FIRST_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class _Opening:
    """What was decided about a case before anything of it was written."""

    arrival: Arrival
    facts: Facts
    member: Member
    decision: Decision
    clocks: tuple[deadlines.Clock, ...]
    reference: str


async def open_own_case(
    tx: Tx,
    house: House,
    rules: RuleSet,
    arrival: Arrival,
    known: people.Contact | None,
    now: datetime,
    *,
    sealed: bool = False,
) -> Recorded:
    """Register a case for the message, routed and acknowledged. `sealed`: it has touched a medical matter, whatever the rules
    make of it."""
    opening = await _decided(tx, house, rules, arrival, known, now)
    if sealed:
        opening = replace(opening, decision=replace(opening.decision, sealed=True))
    case_id = await _written(tx, opening, now)
    sent = await _acknowledged(tx, house, opening, case_id, now)
    told = await tell(
        tx,
        house,
        opening.decision.notify,
        "urgent" if opening.decision.priority == "urgent" else "waiting",
        page=f"/console/case/{opening.reference}",
        sealed=opening.decision.sealed,
        now=now,
    )
    return Recorded("opened", case_id, (*((sent,) if sent else ()), *told))


async def _decided(
    tx: Tx, house: House, rules: RuleSet, arrival: Arrival, known: people.Contact | None, now: datetime
) -> _Opening:
    message = arrival.message
    received_on = deadlines.received_day(message.received_at)
    earlier = await people.count_cases(tx, known.person_id) if known else 0
    facts = Facts(message, arrival.classification, house.default_queue(message.account), received_on, earlier)
    member = await member_of(tx, arrival, known, now)
    decision = decide(facts, rules)
    if decision.refused and message.channel not in CONVERSING and not await _can_be_told(tx, member, now):
        # A refusal that nobody hears of is a lost complaint: people look at it instead.
        decision = replace(decision, refused="", queue="triage", situation="triage")
    clocks = deadlines.clocks_for(decision, received_on, saturdays=house.settings.saturdays_are_working_days)
    reference = arrival.item.reserved_reference or await next_reference(house, tx, received_on.year)
    return _Opening(arrival, facts, member, decision, clocks, reference)


async def _can_be_told(tx: Tx, member: Member, now: datetime) -> bool:
    return member.contact is not None and await answers.may_answer(tx, member.contact, None, now=now)


async def _written(tx: Tx, opening: _Opening, now: datetime) -> int:
    arrival, member, decision = opening.arrival, opening.member, opening.decision
    message, found, item = arrival.message, arrival.classification, arrival.item
    leading = deadlines.earliest(opening.clocks)
    case_id = await cases.open_case(
        tx,
        cases.NewCase(
            reference=opening.reference,
            kind=found.kind,
            language=decision.language,
            channel=message.channel,
            account=message.account,
            person_id=member.id,
            contact_id=member.contact_id,
            subject=message.subject,
            first_words=" ".join(message.reply[:2_000].split())[:_FIRST_WORDS],
            received_at=message.received_at,
            due_on=leading.due_on if leading else None,
            flags={str(flag): held for flag, held in found.flags.items()},
            abstained=bool(found.abstained),
        ),
        decision,
        now=now,
    )
    message_id = await cases.add_message(tx, arrival.kept(case_id, member.contact_id), message.attachments)
    await cases.add_classification(tx, message_id, case_id, found, now=now)
    await cases.add_decision(tx, message_id, case_id, decision, now=now)
    clocks = [(clock.id, clock.due_on, clock.source) for clock in opening.clocks]
    await cases.add_deadlines(tx, case_id, clocks, running=not decision.refused)
    for contact_id in member.contact_ids:
        await people.know_on_case(tx, case_id, contact_id, now=now)
    if item.reserved_reference:
        await links.bind(tx, item.id, case_id, member.contact_id)
    if not decision.sealed:
        said = f"{opening.reference} {member.name} {message.subject} {message.reply}"
        await search.begin(tx, case_id, f"{said} {search.names_of(message.attachments)}")
    return case_id


async def _acknowledged(tx: Tx, house: House, opening: _Opening, case_id: int, now: datetime) -> int | None:
    member, decision = opening.member, opening.decision
    texted = await texted_to(tx, house, opening.arrival)
    contact = texted or member.contact
    if not decision.acknowledge or contact is None:
        return None
    if opening.arrival.message.channel in CONVERSING and contact.kind != "email":
        # The dialogue tells them at once, where they are.
        return None
    token = house.randomness.token()
    text = acknowledge(
        decision,
        opening.facts,
        reference=opening.reference,
        due_on=deadlines.promised(decision, opening.clocks),
        case_url=answers.case_url(house, decision.language, token),
        letter_url=answers.letter_url(house, decision.language, token) if decision.sealed else "",
        name=member.name,
        channel="sms" if texted else "email" if contact.kind == "email" else None,
        saturdays=house.settings.saturdays_are_working_days,
    )
    return await answers.send(
        tx,
        house,
        text,
        key=f"ack-{opening.arrival.item.id or opening.arrival.item.raw.external_id}",
        situation=decision.situation,
        case_id=case_id,
        contact=contact,
        name=member.name,
        token=token,
        answers=opening.arrival.message,
        texted=texted is not None,
        now=now,
    )
