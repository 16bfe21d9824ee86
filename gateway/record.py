"""The recording transaction: everything that one message changes, or nothing of it.

It claims the item first, so that a worker which lost its lease records nothing; then the message finds its case or opens one, and
the decision, the clocks, the acknowledgement and the audit are written beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from channels.message import Bounce, InboundMessage
from config.vocabulary import CONVERSING, DEPARTMENTS, Department
from gateway import proofs
from gateway.adding import add_to_case, hold_apart
from gateway.answered import in_their_case
from gateway.arrival import Arrival, Recorded, fingerprint_of
from gateway.asking import asked_in, from_department
from gateway.conversing import heard
from gateway.entry_receipts import RECEIPT
from gateway.house import House
from gateway.opening import open_own_case
from gateway.reachable import by_keyword, of_telegram
from router import deadlines
from router.decide import RuleSet
from router.joining import Joining, Proof, join, strongest
from store import audit, cases, entries, inbox, people, quarantine, second_look, threads
from store.clocks import promised
from store.database import Tx

# The same words from the same sender again within this time are the same message sent twice.
DUPLICATE_WITHIN: Final = timedelta(hours=24)


class NotYetError(Exception):
    """An earlier turn of the same conversation has to be answered first."""


@dataclass(frozen=True, slots=True)
class _AtMediation:
    """What the clocks need to know of a case that moves to Mediation."""

    queue: str = "mediation"
    department: Department | None = None
    situation: str = "mediation"
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records arrivals. `now` and the random token are the only things that are not a function of the arrival."""

    house: House
    rules: RuleSet

    async def record(self, tx: Tx, arrival: Arrival, *, now: datetime) -> Recorded:
        """Give the item its fate. Raises ClaimLostError when somebody else has the item meanwhile, and NotYetError when an
        earlier turn of the same conversation has none."""
        if not await inbox.is_next(tx, arrival.item, now=now):
            raise NotYetError(arrival.item.id)
        fingerprint = fingerprint_of(arrival.message)
        await inbox.finish(tx, arrival.item, "robot", now=now, fingerprint=fingerprint)
        recorded = await self._fate(tx, arrival, fingerprint, now)
        await inbox.assign_case(tx, arrival.item.id, recorded.case_id, recorded.fate)
        if (typed_from := arrival.item.raw.envelope.get(quarantine.TYPED_FROM)) is not None:
            await quarantine.became(tx, int(typed_from), recorded.case_id)
        if RECEIPT in arrival.item.raw.envelope and recorded.case_id is not None:
            await entries.tell_of_slip(tx, arrival.item.id, recorded.case_id)
        return recorded

    async def _fate(self, tx: Tx, arrival: Arrival, fingerprint: str | None, now: datetime) -> Recorded:
        message = arrival.message
        if arrival.automatic:
            return await self._automatic(tx, arrival, now)
        if message.channel in CONVERSING and arrival.writer is not None:
            return await self._turn(tx, arrival, now)
        return await self._letter(tx, arrival, fingerprint, now)

    async def _letter(self, tx: Tx, arrival: Arrival, fingerprint: str | None, now: datetime) -> Recorded:
        """What a person wrote, by mail, on a form or told at a counter."""
        message = arrival.message
        said = any(mark in arrival.item.raw.envelope for mark in second_look.MARKS)
        question = await asked_in(tx, self.house, arrival) if message.channel == "email" else None
        # A department says "It is paid" to many questions, and each of them waits for it.
        if fingerprint and not said and question is None:
            first = await inbox.seen_before(tx, fingerprint, since=now - DUPLICATE_WITHIN)
            if first is not None:
                return await self._again(tx, arrival, first, now)
        if question is not None and second_look.OWN_CASE not in arrival.item.raw.envelope:
            return await from_department(tx, self.house, arrival, question, now=now)
        known = None
        if arrival.writer:
            await people.alone_with(tx, arrival.writer)
            known = await people.find_contact(tx, arrival.writer)
        joining, case_id = await self._join(tx, arrival, known)
        current = await threads.current(tx, case_id, held=True) if case_id is not None else None
        if current is not None and joining.action == "join":
            return await add_to_case(tx, self.house, arrival, joining, current, known, now)
        if current is not None and joining.action == "hold":
            return await hold_apart(tx, arrival, joining, current.id, known, now)
        return await open_own_case(tx, self.house, self.rules, arrival, known, now)

    async def _turn(self, tx: Tx, arrival: Arrival, now: datetime) -> Recorded:
        if (by_word := await by_keyword(tx, self.house, self.rules, arrival, now=now)) is not None:
            return by_word
        if (answer := await in_their_case(tx, self.house, arrival, now=now)) is not None:
            return answer
        turn = await heard(tx, self.house, self.rules, arrival, now=now)
        return Recorded("conversing", turn.case_id, tuple(turn.sent), turn.conversation.id)

    async def _automatic(self, tx: Tx, arrival: Arrival, now: datetime) -> Recorded:
        if arrival.message.channel == "telegram":
            return await of_telegram(tx, self.house, self.rules, arrival, now=now)
        if arrival.message.bounce is not None:
            return await self._bounced(tx, arrival, arrival.message.bounce, now)
        return Recorded("robot", await self._signed_case(tx, arrival.message))

    async def _again(self, tx: Tx, arrival: Arrival, case_id: int, now: datetime) -> Recorded:
        """The same message a second time: nothing but a line on its case, unless it also went to Mediation's mailbox."""
        await audit.write(tx, actor="system", act="message.duplicate", at=now, case_id=case_id)
        current = await threads.current(tx, case_id, held=True)
        wanted = self.house.default_queue(arrival.message.account)
        if current and wanted == "mediation" and current.state == "open" and current.queue in DEPARTMENTS:
            detail = {"queue": wanted}
            await cases.change(
                tx, current.id, actor="system", act="case.moved", now=now, detail=detail, queue=wanted, unread=True
            )
            received_on = deadlines.received_day(arrival.message.received_at)
            clocks = deadlines.clocks_for(
                _AtMediation(), received_on, saturdays=self.house.settings.saturdays_are_working_days
            )
            known = {clock.clock for clock in await promised(tx, current.id)}
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
        current = await threads.current(tx, failed.case_id) if failed is not None else None
        if failed is None or current is None:
            return Recorded("robot")
        unreachable = bounce.permanent and await people.note_hard_bounce(tx, failed.contact_id, now=now)
        detail = {"contact": failed.contact_id, "permanent": bounce.permanent, "status": bounce.status[:20]}
        await cases.change(
            tx,
            current.id,
            actor="system",
            act="contact.unreachable" if unreachable else "message.bounced",
            now=now,
            detail=detail,
            unread=True,
        )
        return Recorded("robot", current.id)

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
