"""One turn of a conversation, recorded: what the member said, what the dialogue makes of it, what it orders, what it says.

All in the transaction that gives the item its fate: the conversation's row is held from the first line to the last, so that
whichever worker has the turn, no other answers beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, cast

from channels.message import OutboundMessage, Sender
from chatbot.actions import Action, AddToCase, CheckCode, Close, HandOver, Register, SendCode, SendTranscript
from chatbot.dialogue import step
from chatbot.events import (
    CodeChecked,
    CodeSent,
    Event,
    Registered,
    StatusUnknown,
)
from chatbot.events import (
    House as Staffed,
)
from chatbot.knowledge import Knowledge
from chatbot.replies import Rendered, render
from chatbot.state import FileKind, Shape, State
from config.hours import opens_at
from config.vocabulary import Channel
from gateway import chat_status
from gateway.arrival import Arrival
from gateway.house import House
from gateway.notices import tell
from gateway.opening import open_own_case
from router.decide import RuleSet
from store import cases, conversations, outbox, people, search, threads
from store.conversations import Conversation, Stage
from store.database import Tx

_SHAPES: Final[dict[Channel, Shape]] = {"chat": "chat", "telegram": "telegram", "whatsapp": "whatsapp", "sms": "sms"}
_FILE_KINDS: Final[tuple[tuple[str, FileKind], ...]] = (
    ("image/", "picture"),
    ("audio/", "voice"),
    ("application/pdf", "document"),
    ("text/", "document"),
    ("application/vnd", "document"),
    ("application/msword", "document"),
)
# What one turn may order, one thing leading to the next: more is a fault of ours, and ends it.
_MOST_EVENTS: Final = 8
# The clock looks at a silent conversation this often at first.
_LOOK_AGAIN: Final = timedelta(minutes=5)


@dataclass
class Turn:
    """One event in a conversation that is held, and all that comes of it."""

    tx: Tx
    house: House
    rules: RuleSet
    knowledge: Knowledge
    conversation: Conversation
    state: State
    now: datetime
    # What the member just said; None where nobody did.
    arrival: Arrival | None = None
    case_id: int | None = None
    stage: Stage = "robot"
    sent: list[int] = field(default_factory=list)
    said: int = 0

    async def run(self, event: Event) -> None:
        """Let the dialogue answer, and do what it orders; the house's answers to that are events again."""
        waiting: list[Event] = [event]
        for _ in range(_MOST_EVENTS):
            if not waiting:
                break
            outcome = step(self.state, waiting.pop(0), self.knowledge, self.staffed(), self.now)
            self.state = outcome.state
            await self._say(render(outcome.replies, self.state.shape, self.state.language))
            for action in outcome.actions:
                waiting += await self._do(action)

    def staffed(self) -> Staffed:
        """Whether mediators are there now."""
        return Staffed(opens_at=opens_at(self.now))

    async def keep(self, *, heard: bool) -> None:
        """Write what the dialogue knows now, and when the clock should look at it."""
        stage: Stage = self.stage
        if self.state.hand:
            stage = "person" if self.state.hand == "taken" else "waiting"
        elif self.state.step == "closed":
            stage = "ended"
        await conversations.save(
            self.tx,
            self.conversation,
            state=self.state.to_json(),
            stage=stage,
            language=self.state.language,
            now=self.now,
            heard=heard,
            due_at=self.state.hand_until if stage == "waiting" else self.now + _LOOK_AGAIN,
            case_id=self.case_id,
        )

    async def _say(self, messages: Sequence[Rendered]) -> None:
        talk_id, channel = self.conversation.id, self.conversation.channel
        for message in messages:
            self.said += 1
            kept = cases.NewMessage(
                case_id=self.case_id,
                direction="out",
                channel=channel,
                account=self.conversation.account,
                subject="",
                text=message.text,
                reply="",
                at=self.now,
                auto=True,
                situation="conversation",
                conversation_id=talk_id,
                choices=tuple((choice.id, choice.label) for choice in message.choices),
            )
            message_id = await cases.add_message(self.tx, kept)
            going = OutboundMessage(
                key=f"talk-{talk_id}-{message_id}",
                channel=channel,
                account=self.conversation.account,
                recipient=self.conversation.address,
                recipient_name="",
                subject="",
                text=message.text,
                language=self.state.language,
                auto=True,
                choices=message.choices,
            )
            put = await outbox.put(self.tx, going, now=self.now, case_id=self.case_id, message_id=message_id)
            self.sent += [put] if put is not None else []

    async def _do(self, action: Action) -> list[Event]:
        match action:
            case Register():
                return [await self._register(action)]
            case HandOver():
                await self._hand_over(action)
            case AddToCase():
                await self._add(action)
            case SendCode():
                await chat_status.send_code(self.tx, self.house, self.conversation, action.reference, now=self.now)
                return [CodeSent()]
            case CheckCode():
                found = await chat_status.check_code(
                    self.tx, self.house, self.conversation, action.reference, action.code, now=self.now
                )
                return [CodeChecked(found is not None), *([found or StatusUnknown()] if found else [])]
            case SendTranscript():
                await self._transcript(action)
            case Close():
                self.stage = "ended"
        return []

    async def _register(self, order: Register) -> Registered:
        """Open a case with the story as its first message; the conversation's messages belong to it."""
        arrival = self._as_told(order)
        known = await people.find_contact(self.tx, arrival.writer) if arrival.writer else None
        recorded = await open_own_case(self.tx, self.house, self.rules, arrival, known, self.now)
        case_id = cast(int, recorded.case_id)
        self.case_id = case_id
        self.sent += recorded.outbox_ids
        await conversations.give_to_case(self.tx, self.conversation.id, case_id)
        return await chat_status.registered(self.tx, self.house, case_id, self.state.language, now=self.now)

    def _as_told(self, order: Register) -> Arrival:
        """The conversation as one message: the member's own words, who they are and how to reach them."""
        facts = order.facts
        words = "\n\n".join((*facts.story, *facts.wish))
        contacts = (Sender("email", facts.email, facts.name), Sender("phone", facts.phone, facts.name))
        given = tuple(contact for contact in contacts if contact.address)
        own = Sender(*_own(self.conversation), facts.name)
        arrival = self.arrival or _nobody_spoke(self.conversation, order, self.now)
        # By mail, where they gave an address: a chat may be closed by the time that there is an answer.
        sender = next((contact for contact in given if contact.kind == "email"), own)
        message = replace(
            arrival.message,
            text=words,
            reply=words,
            subject="",
            sender=sender,
            other_contacts=tuple(contact for contact in (*given, own) if contact.address != sender.address),
            member_number=facts.member_number,
            attachments=(),
        )
        found = replace(arrival.classification, kind=order.kind, language=order.language)
        return replace(arrival, message=message, classification=found)

    async def _hand_over(self, order: HandOver) -> None:
        self.stage = "waiting"
        queue = ("mediation",) if not order.urgent else ("mediation", "social_service")
        told = await tell(
            self.tx,
            self.house,
            queue,
            "urgent" if order.urgent else "waiting",
            case_id=self.case_id or 0,
            reference=self.state.reference,
            sealed="doctor" in self.state.flags,
            now=self.now,
        )
        self.sent += told

    async def _add(self, order: AddToCase) -> None:
        if self.case_id is None:
            return
        current = await threads.current(self.tx, self.case_id, held=True)
        if current is None:
            return
        if current.state == "closed":
            await cases.reopen(self.tx, current.id, actor="system", now=self.now)
        await cases.change(
            self.tx,
            current.id,
            actor="member",
            act="message.joined",
            now=self.now,
            detail={"why": "conversation"},
            unread=True,
        )
        if not current.sealed:
            await search.add(self.tx, current.id, order.text)

    async def _transcript(self, order: SendTranscript) -> None:
        """A link to the case page, where the conversation stands. Never the words themselves: whose address this is, nobody
        knows (M12), and health has no place in a mail (C6)."""
        if self.case_id is not None:
            self.sent += await chat_status.send_link(
                self.tx, self.house, self.case_id, order.address, self.state.language, now=self.now
            )
