"""The recording transaction: everything that one message changes, or nothing of it.

It claims the item first, so that a worker which lost its lease records nothing; then the message finds its case or opens one, and
the decision, the clocks, the acknowledgement and the audit are written beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from channels.message import Bounce, InboundMessage, Sender
from classifier.classification import Classification
from config.vocabulary import DEPARTMENTS, Language
from gateway import answers, proofs
from gateway.house import House
from router import deadlines
from router.acknowledgement import acknowledge, joined
from router.decide import RuleSet, decide
from router.decision import Decision, Facts
from router.joining import Joining, Proof, join, strongest
from store import audit, cases, inbox, links, people, references, search, second_look, threads, views
from store.database import Tx
from store.inbox import Fate, Item

# The same words from the same sender again within this time are the same message sent twice.
DUPLICATE_WITHIN: Final = timedelta(hours=24)
_FIRST_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an item."""

    fate: Fate
    case_id: int | None = None
    outbox_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One item with everything that was worked out about it before the transaction."""

    item: Item
    message: InboundMessage
    classification: Classification

    @property
    def automatic(self) -> bool:
        """Whether the message was sent by a machine, and no person has said otherwise."""
        found = self.message.robot is not None or self.message.bounce is not None
        return found and second_look.A_MEMBER not in self.item.raw.envelope

    @property
    def writer(self) -> Sender | None:
        """The sender, where there is an address to know them by; somebody may give only a name."""
        sender = self.message.sender
        return sender if sender and sender.address else None


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records arrivals. `now` and the random token are the only things that are not a function of the arrival."""

    house: House
    rules: RuleSet

    async def record(self, tx: Tx, arrival: Arrival, *, now: datetime) -> Recorded:
        """Give the item its fate. Raises ClaimLostError when somebody else has the item meanwhile."""
        fingerprint = fingerprint_of(arrival.message)
        await inbox.finish(tx, arrival.item, "robot", now=now, fingerprint=fingerprint)
        recorded = await self._fate(tx, arrival, fingerprint, now)
        await inbox.assign_case(tx, arrival.item.id, recorded.case_id, recorded.fate)
        return recorded

    async def _fate(self, tx: Tx, arrival: Arrival, fingerprint: str | None, now: datetime) -> Recorded:
        message = arrival.message
        if arrival.automatic:
            if message.bounce is not None:
                return await self._bounced(tx, arrival, message.bounce, now)
            return Recorded("robot", await self._signed_case(tx, message))
        said = any(mark in arrival.item.raw.envelope for mark in second_look.MARKS)
        if fingerprint and not said:
            first = await inbox.seen_before(tx, fingerprint, since=now - DUPLICATE_WITHIN)
            if first is not None:
                return await self._again(tx, arrival, first, now)
        known = await people.find_contact(tx, arrival.writer) if arrival.writer else None
        joining, case_id = await self._join(tx, arrival, known)
        current = await threads.current(tx, case_id) if case_id is not None else None
        if current is not None and joining.action == "join":
            return await self._joined(tx, arrival, joining, current, known, now)
        if current is not None and joining.action == "hold":
            return await self._held(tx, arrival, joining, current.id, known, now)
        return await self._opened(tx, arrival, known, now)

    async def _again(self, tx: Tx, arrival: Arrival, case_id: int, now: datetime) -> Recorded:
        """The same message a second time: nothing but a line on its case, unless it also went to Mediation's mailbox."""
        await audit.write(tx, actor="system", act="message.duplicate", at=now, case_id=case_id)
        current = await threads.current(tx, case_id)
        wanted = self._mailbox_queue(arrival.message)
        if current and wanted == "mediation" and current.state == "open" and current.queue in DEPARTMENTS:
            detail = {"queue": wanted}
            await cases.change(
                tx, current.id, actor="system", act="case.moved", now=now, detail=detail, queue=wanted, unread=True
            )
            received_on = deadlines.received_day(arrival.message.received_at)
            decided = replace(_in_distress(current), queue=wanted, situation="mediation", priority="normal")
            clocks = deadlines.clocks_for(
                decided, received_on, saturdays=self.house.settings.saturdays_are_working_days
            )
            known = {clock.clock for clock in await views.clocks_of(tx, current.id)}
            added = [(clock.id, clock.due_on, clock.source) for clock in clocks if clock.id not in known]
            await cases.add_deadlines(tx, current.id, added, running=True)
            await cases.refresh_due(tx, current.id)
        return Recorded("duplicate", case_id)

    async def _signed_case(self, tx: Tx, message: InboundMessage) -> int | None:
        """The case that an automatic mail answers, where it carries what we signed; a case that is gone counts for none."""
        for proof in await proofs.gather(tx, message, self.house.tag_keys):
            current = await threads.current(tx, int(proof.case_id))
            if proof.kind in ("reply_tag", "own_message_id") and current is not None:
                return current.id
        return None

    async def _bounced(self, tx: Tx, arrival: Arrival, bounce: Bounce, now: datetime) -> Recorded:
        """A delivery report counts only at the return path that we signed; it never changes more than a notice."""
        failed = proofs.failed_recipient(arrival.item.raw.envelope, arrival.message, self.house.tag_keys)
        if failed is None or await threads.current(tx, failed.case_id) is None:
            return Recorded("robot")
        unreachable = bounce.permanent and await people.note_hard_bounce(tx, failed.contact_id, now=now)
        detail = {"contact": failed.contact_id, "permanent": bounce.permanent, "status": bounce.status[:20]}
        await cases.change(
            tx,
            failed.case_id,
            actor="system",
            act="contact.unreachable" if unreachable else "message.bounced",
            now=now,
            detail=detail,
            unread=True,
        )
        return Recorded("robot", failed.case_id)

    async def _join(self, tx: Tx, arrival: Arrival, known: people.Contact | None) -> tuple[Joining, int | None]:
        """What to do with the message, and the case it is about after merges."""
        envelope = arrival.item.raw.envelope
        if "case_id" in envelope:
            # Added on the case page: the door has checked the secret link and says which case it opens.
            offered = [Proof("conversation", envelope["case_id"])]
        elif second_look.TO_JOIN in envelope:
            offered = [Proof("conversation", envelope[second_look.TO_JOIN])]
        elif second_look.OWN_CASE in envelope or arrival.item.reserved_reference:
            # The form has told its reference already: that case must come to be, whatever the text quotes.
            offered = []
        else:
            offered = await proofs.gather(tx, arrival.message, self.house.tag_keys)
        proof = strongest(offered)
        current = await threads.current(tx, int(proof.case_id)) if proof else None
        if current is None:
            return join((), sender_known=False, authentication="unknown"), None
        sender_known = known is not None and await people.is_known_on_case(tx, current.id, known.id)
        return join(offered, sender_known, arrival.message.authentication), current.id

    async def _joined(
        self,
        tx: Tx,
        arrival: Arrival,
        joining: Joining,
        current: threads.CaseState,
        known: people.Contact | None,
        now: datetime,
    ) -> Recorded:
        message, found = arrival.message, arrival.classification
        contact_id = known.id if known else _contact_in(arrival.item.raw.envelope)
        if second_look.TO_JOIN in arrival.item.raw.envelope and arrival.writer:
            # A mediator has said that this sender belongs to the case.
            contact_id = contact_id or (await self._contact(tx, arrival, None, now)).id
            await people.know_on_case(tx, current.id, contact_id, now=now)
        message_id = await cases.add_message(
            tx,
            _kept(arrival, current.id, contact_id, verified=not joining.badge),
            message.attachments,
        )
        await cases.add_classification(tx, message_id, current.id, found, now=now)
        medical = bool(found.flags.get("doctor")) and not current.sealed
        urgent = bool(found.flags.get("urgent"))
        envelope = arrival.item.raw.envelope
        if current.person_id is not None and "case_id" in envelope:
            # Said on the case page, behind the secret link: who writes, where that was not known yet.
            name = message.sender.name if message.sender else ""
            await people.complete(tx, current.person_id, name=name, member_number=message.member_number)
        # An answer to a refusal reaches a person; who disagrees with an answer goes to Mediation; others go on where they were.
        queue = "triage" if current.refused else "mediation" if "disagrees" in envelope else None
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
        if medical:
            await search.remove(tx, current.id)
        elif not current.sealed:
            await search.add(tx, current.id, f"{message.subject} {message.reply}")
        sent: tuple[int, ...] = ()
        if known and (urgent or current.state == "closed"):
            sent = await self._answer_joined(tx, arrival, current, known, urgent=urgent, now=now)
        return Recorded("joined", current.id, sent)

    async def _answer_joined(
        self,
        tx: Tx,
        arrival: Arrival,
        current: threads.CaseState,
        contact: people.Contact,
        *,
        urgent: bool,
        now: datetime,
    ) -> tuple[int, ...]:
        """A message added to a running case needs no receipt; one in distress, or after a closing, does."""
        token = self.house.randomness.token()
        language = cast(Language, current.language)
        url = answers.case_url(self.house, language, token)
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
            self.house,
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

    async def _held(
        self,
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
        contact = await self._contact(tx, arrival, known, now) if arrival.writer else None
        kept = _kept(arrival, None, contact.id if contact else None)
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

    async def _opened(self, tx: Tx, arrival: Arrival, known: people.Contact | None, now: datetime) -> Recorded:
        message, found, item = arrival.message, arrival.classification, arrival.item
        received_on = deadlines.received_day(message.received_at)
        earlier = await people.count_cases(tx, known.person_id) if known else 0
        facts = Facts(message, found, self._mailbox_queue(message), received_on, earlier)
        decision = decide(facts, self.rules)
        clocks = deadlines.clocks_for(decision, received_on, saturdays=self.house.settings.saturdays_are_working_days)
        leading = deadlines.earliest(clocks)
        person = await self._person(tx, arrival, known, now)
        reference = item.reserved_reference or await references.next_reference(tx, received_on.year)
        case_id = await cases.open_case(
            tx,
            cases.NewCase(
                reference=reference,
                kind=found.kind,
                language=decision.language,
                channel=message.channel,
                account=message.account,
                person_id=person.id,
                contact_id=person.contact_id,
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
        message_id = await cases.add_message(tx, _kept(arrival, case_id, person.contact_id), message.attachments)
        await cases.add_classification(tx, message_id, case_id, found, now=now)
        await cases.add_decision(tx, message_id, case_id, decision, now=now)
        await cases.add_deadlines(
            tx, case_id, [(clock.id, clock.due_on, clock.source) for clock in clocks], running=not decision.refused
        )
        for contact_id in person.contact_ids:
            await people.know_on_case(tx, case_id, contact_id, now=now)
        if item.reserved_reference:
            await links.bind(tx, item.id, case_id, person.contact_id)
        if not decision.sealed:
            await search.add(tx, case_id, f"{reference} {person.name} {message.subject} {message.reply}")
        if not decision.acknowledge or person.contact is None:
            return Recorded("opened", case_id)
        token = self.house.randomness.token()
        text = acknowledge(
            decision,
            facts,
            reference=reference,
            due_on=deadlines.promised(decision, clocks),
            case_url=answers.case_url(self.house, decision.language, token),
            letter_url=answers.letter_url(self.house, decision.language, token) if decision.sealed else "",
            name=person.name,
            channel="email" if person.contact.kind == "email" else None,
            saturdays=self.house.settings.saturdays_are_working_days,
        )
        sent = await answers.send(
            tx,
            self.house,
            text,
            key=f"ack-{item.id}",
            situation=decision.situation,
            case_id=case_id,
            contact=person.contact,
            name=person.name,
            token=token,
            answers=message,
            now=now,
        )
        return Recorded("opened", case_id, (sent,) if sent else ())

    async def _can_be_told(self, tx: Tx, person: _Member, now: datetime) -> bool:
        return person.contact is not None and await answers.may_answer(tx, person.contact, 0, now=now)

    async def _person(self, tx: Tx, arrival: Arrival, known: people.Contact | None, now: datetime) -> _Member:
        message = arrival.message
        name, number = _says_they_are(arrival)
        if arrival.writer is None:
            language = arrival.classification.language
            person_id = await people.new_person(tx, name=name, language=language, member_number=number, now=now)
            return _Member(person_id, name, None, ())
        contact = await self._contact(tx, arrival, known, now)
        if known:
            # An address in a mail or a form is a claim; only an authenticated one may complete what we know.
            if message.authentication == "pass":
                await people.complete(tx, known.person_id, name=name, member_number=number)
            name = name or (await people.person_of(tx, known.person_id)).name
        ids = [contact.id]
        for other in message.other_contacts:
            ids.append((await people.add_contact(tx, contact.person_id, other)).id)  # noqa: PERF401 (awaits in turn)
        return _Member(contact.person_id, name, contact, tuple(ids))

    async def _contact(self, tx: Tx, arrival: Arrival, known: people.Contact | None, now: datetime) -> people.Contact:
        if known:
            return known
        if arrival.writer is None:
            raise ValueError("somebody without an address is no contact")
        name, number = _says_they_are(arrival)
        return await people.new_contact(
            tx,
            arrival.writer,
            name=name,
            language=arrival.classification.language,
            member_number=number,
            now=now,
        )

    def _mailbox_queue(self, message: InboundMessage) -> str:
        box = self.house.mailbox(message.account)
        return box.queue if box else "department"


@dataclass(frozen=True, slots=True)
class _Member:
    """Who a new case belongs to; `contact_ids` are all addresses that may add to it."""

    id: int
    name: str
    contact: people.Contact | None
    contact_ids: tuple[int, ...]

    @property
    def contact_id(self) -> int | None:
        """The contact that the case came from."""
        return self.contact.id if self.contact else None


def _kept(arrival: Arrival, case_id: int | None, contact_id: int | None, *, verified: bool = True) -> cases.NewMessage:
    message = arrival.message
    return cases.NewMessage(
        case_id=case_id,
        direction="in",
        channel=message.channel,
        account=message.account,
        subject=message.subject,
        text=message.text,
        reply=message.reply,
        at=message.received_at,
        contact_id=contact_id,
        inbox_id=arrival.item.id,
        sender_name=message.sender.name if message.sender else "",
        rfc_message_id=message.thread.message_id,
        verified=verified,
        defects=message.defects,
    )


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


def _says_they_are(arrival: Arrival) -> tuple[str, str]:
    """(name, member number) as the message gives them."""
    message, identity = arrival.message, arrival.classification.identity
    name = identity.name or (message.sender.name if message.sender else "")
    return name, message.member_number or identity.member_number


def _contact_in(envelope: Mapping[str, str]) -> int | None:
    value = envelope.get("contact_id", "")
    return int(value) if value else None


def fingerprint_of(message: InboundMessage) -> str | None:
    """What makes two mails the same message: sender, words and files. None where sameness means nothing.

    Only mail is compared: the form has its own idempotency, and in a chat people do repeat themselves.
    """
    if message.channel != "email" or message.sender is None:
        return None
    if not message.reply.strip() and not message.attachments:
        # Without words, only the very same mail (to two of our mailboxes, say) is the same message.
        return hashlib.sha256(f"mail {message.external_id}".encode()).hexdigest()
    parts = [
        message.sender.address.lower(),
        " ".join(message.subject.casefold().split()),
        " ".join(message.reply.casefold().split()),
        *sorted(hashlib.sha256(attachment.content).hexdigest() for attachment in message.attachments),
    ]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()
