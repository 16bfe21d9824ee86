"""One turn of a conversation, recorded: what the member said, what the dialogue makes of it, what it orders, what it says.

All in the transaction that gives the item its fate: the conversation's row is held from the first line to the last, so that
whichever worker has the turn, no other answers beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from channels.message import Attachment, InboundMessage, OutboundMessage, RawMessage, Sender
from chatbot import state as talk
from chatbot.actions import Action, AddToCase, CheckCode, Close, HandOver, Register, SendCode, SendTranscript
from chatbot.dialogue import step
from chatbot.events import CodeChecked, CodeSent, Event, Registered, Said, StatusUnknown
from chatbot.events import House as Staffed
from chatbot.knowledge import Knowledge
from chatbot.replies import Rendered, render
from chatbot.state import File, FileKind, Shape, State
from classifier.classification import Classification
from config.hours import hours
from config.vocabulary import AddressKind, Channel, Language
from gateway import chat_case
from gateway.arrival import Arrival
from gateway.house import House
from gateway.notices import tell
from gateway.opening import open_own_case
from router.decide import RuleSet
from router.wordlists import distress_in, find_body
from store import cases, conversations, outbox, people, search, threads
from store.conversations import Conversation, Stage
from store.database import Tx
from store.history import classification_from
from store.inbox import Item

_SHAPES: Final[dict[Channel, Shape]] = {"chat": "chat", "telegram": "telegram", "whatsapp": "whatsapp", "sms": "sms"}
_ADDRESSES: Final[dict[Channel, AddressKind]] = {
    "chat": "chat",
    "telegram": "telegram",
    "whatsapp": "phone",
    "sms": "phone",
}
_FILE_KINDS: Final[tuple[tuple[str, FileKind], ...]] = (
    ("image/", "picture"),
    ("audio/", "voice"),
    ("application/", "document"),
    ("text/", "document"),
)
# What one turn may order, one thing leading to the next: more is a fault of ours, and ends it.
_MOST_EVENTS: Final = 8
# How soon the clock looks at a conversation in which nobody speaks.
_LOOK_AGAIN: Final = timedelta(minutes=1)
# Below this a short line's language is not told surely enough to change the conversation's.
_SURE_OF_LANGUAGE: Final = 25


@dataclass
class Turn:
    """One event in a conversation that is held, and all that comes of it."""

    tx: Tx
    house: House
    rules: RuleSet
    knowledge: Knowledge
    conversation: Conversation
    state: State
    found: Classification
    now: datetime
    # What the member just said, where it was the member.
    arrival: Arrival | None = None
    case_id: int | None = None
    ended: bool = False
    sent: list[int] = field(default_factory=list)

    async def run(self, event: Event) -> None:
        """Let the dialogue answer, and do what it orders; what the house answers to that is an event again."""
        waiting: list[Event] = [event]
        for _ in range(_MOST_EVENTS):
            if not waiting:
                return
            outcome = step(self.state, waiting.pop(0), self.knowledge, _staffed(self.now), self.now)
            self.state = outcome.state
            await self._say(render(outcome.replies, self.state.shape, self.state.language))
            for action in outcome.actions:
                waiting += await self._do(action)

    async def keep(self, *, heard: bool) -> None:
        """Write what is known now, and when the clock should look."""
        stage: Stage = "robot"
        if self.ended or self.state.step == "closed":
            stage = "ended"
        elif self.state.hand:
            stage = "person" if self.state.hand == "taken" else "waiting"
        await conversations.save(
            self.tx,
            self.conversation,
            state=stored(self.state, self.found),
            stage=stage,
            language=self.state.language,
            now=self.now,
            heard=heard,
            due_at=self.now + _LOOK_AGAIN if stage in ("robot", "waiting") else None,
            case_id=self.case_id,
        )

    async def _say(self, messages: Sequence[Rendered]) -> None:
        for message in messages:
            kept = cases.NewMessage(
                case_id=self.case_id,
                direction="out",
                channel=self.conversation.channel,
                account=self.conversation.account,
                subject="",
                text=message.text,
                reply="",
                at=self.now,
                auto=True,
                situation="conversation",
                conversation_id=self.conversation.id,
                choices=tuple((choice.id, choice.label) for choice in message.choices),
            )
            message_id = await cases.add_message(self.tx, kept)
            going = OutboundMessage(
                key=f"talk-{message_id}",
                channel=self.conversation.channel,
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
                self.sent += await chat_case.send_code(
                    self.tx, self.house, self.conversation, action.reference, now=self.now
                )
                return [CodeSent()]
            case CheckCode():
                known = await chat_case.status_by_code(
                    self.tx, self.house, self.conversation, action.reference, action.code, now=self.now
                )
                return [CodeChecked(known is not None), known or StatusUnknown()]
            case SendTranscript():
                await self._transcript(action)
            case Close():
                self.ended = True
        return []

    async def _register(self, order: Register) -> Registered:
        """Open a case with the story as its first message; the messages of the conversation belong to it."""
        arrival = self._as_told(order)
        known = await people.find_contact(self.tx, arrival.writer) if arrival.writer else None
        recorded = await open_own_case(self.tx, self.house, self.rules, arrival, known, self.now)
        self.case_id = cast(int, recorded.case_id)
        self.sent += recorded.outbox_ids
        await conversations.give_to_case(self.tx, self.conversation.id, self.case_id)
        return await chat_case.registered(self.tx, self.house, self.case_id, self.state.language, now=self.now)

    def _as_told(self, order: Register) -> Arrival:
        """The conversation as one message: the member's own words, who they are and how to reach them."""
        facts = order.facts
        words = "\n\n".join((*facts.story, *facts.wish))
        own = Sender(_ADDRESSES[self.conversation.channel], self.conversation.address, facts.name)
        given = [Sender("email", facts.email, facts.name)] if facts.email else []
        given += [Sender("phone", facts.phone, facts.name)] if facts.phone and own.kind != "phone" else []
        # By mail, where they gave an address: a chat may be closed by the time that there is an answer.
        sender, *others = (*given, own) if facts.email else (own, *given)
        item = self.arrival.item if self.arrival else _no_item(self.conversation, self.now)
        message = InboundMessage(
            channel=self.conversation.channel,
            account=self.conversation.account,
            external_id=item.raw.external_id,
            sender=sender,
            subject="",
            text=words,
            reply=words,
            received_at=self.conversation.started_at,
            language_hint=order.language,
            member_number=facts.member_number,
            other_contacts=tuple(others),
        )
        found = replace(self.found, kind=order.kind, language=order.language)
        return Arrival(item, message, found)

    async def _hand_over(self, order: HandOver) -> None:
        if self.case_id is None:
            # The lists of conversations show it; a notice leads to a case, and there is none yet.
            return
        self.sent += await tell(
            self.tx,
            self.house,
            ("mediation",),
            "urgent" if order.urgent else "waiting",
            case_id=self.case_id,
            reference=self.state.reference,
            sealed="doctor" in self.state.flags,
            now=self.now,
        )

    async def _add(self, order: AddToCase) -> None:
        current = await threads.current(self.tx, self.case_id, held=True) if self.case_id is not None else None
        if current is None:
            return
        if current.state == "closed":
            await cases.reopen(self.tx, current.id, actor="system", now=self.now)
        detail = {"why": "conversation"}
        await cases.change(
            self.tx, current.id, actor="member", act="message.joined", now=self.now, detail=detail, unread=True
        )
        if not current.sealed:
            await search.add(self.tx, current.id, order.text)

    async def _transcript(self, order: SendTranscript) -> None:
        """A link to the page of the case, where the conversation stands. Never the words themselves: whose address this is,
        nobody knows (M12), and health has no place in a mail (C6)."""
        if self.case_id is not None:
            self.sent += await chat_case.send_link(
                self.tx, self.house, self.case_id, order.address, self.state.language, now=self.now
            )


async def heard(tx: Tx, house: House, rules: RuleSet, knowledge: Knowledge, arrival: Arrival, *, now: datetime) -> Turn:
    """What a member said on a chat channel, recorded with all that comes of it."""
    message = arrival.message
    address = message.sender.address if message.sender else ""
    conversation = await conversations.held_for(
        tx, message.channel, message.account, address, language=arrival.classification.language, now=now
    )
    turn = turn_of(tx, house, rules, knowledge, conversation, arrival.classification, now=now, arrival=arrival)
    kept = replace(arrival.kept(turn.case_id, None), conversation_id=conversation.id)
    await cases.add_message(tx, kept, message.attachments)
    await turn.run(_said(arrival))
    await turn.keep(heard=True)
    return turn


def turn_of(
    tx: Tx,
    house: House,
    rules: RuleSet,
    knowledge: Knowledge,
    conversation: Conversation,
    found: Classification | None,
    *,
    now: datetime,
    arrival: Arrival | None = None,
) -> Turn:
    """A turn in a conversation that is held, from what is stored of it. Raises ValueError where nothing was said ever."""
    known = conversation.state
    if "dialogue" in known:
        state = State.from_json(known["dialogue"])
    else:
        shape = _SHAPES[conversation.channel]
        phone = conversation.address if _ADDRESSES[conversation.channel] == "phone" else ""
        state = talk.begin(shape, conversation.language, phone=phone)
    last = found or (classification_from(known["found"]) if "found" in known else None)
    if last is None:
        raise ValueError("nothing was said in this conversation")
    return Turn(tx, house, rules, knowledge, conversation, state, last, now, arrival, conversation.case_id)


def stored(state: State, found: Classification) -> dict[str, Any]:
    """What the register keeps of a conversation between two turns."""
    return {"dialogue": state.to_json(), "found": found.as_json()}


def story_so_far(conversation: Conversation | None) -> str:
    """The member's words of a conversation in which they go on, for the classifier; "" at its beginning."""
    if conversation is None or "dialogue" not in conversation.state:
        return ""
    return "\n".join(State.from_json(conversation.state["dialogue"]).facts.story)


def _said(arrival: Arrival) -> Said:
    message, line = arrival.message, arrival.line or arrival.classification
    text = message.reply or message.text
    sure = len(text) >= _SURE_OF_LANGUAGE
    body = find_body(text)
    return Said(
        text=text,
        at=message.received_at,
        found=arrival.classification,
        identity=line.identity,
        choice=message.choice,
        files=tuple(File(file.name, _kind_of(file)) for file in message.attachments),
        language=line.language if sure else None,
        body=body.id if body else "",
        distress=distress_in(text),
    )


def _kind_of(file: Attachment) -> FileKind:
    return next((kind for begin, kind in _FILE_KINDS if file.type.startswith(begin)), "other")


def _no_item(conversation: Conversation, now: datetime) -> Item:
    """For a case that comes of silence: no item brought it."""
    external = f"conversation-{conversation.id}"
    return Item(0, 0, RawMessage(conversation.channel, conversation.account, external, b"", now), None)


def _staffed(now: datetime) -> Staffed:
    """Whether mediators are there: the hours of the phone line are theirs."""
    standing = hours().standing(now)
    return (
        Staffed() if standing is not None and standing.open else Staffed(opens_at=standing.until if standing else now)
    )


def language_of(conversation: Conversation | None, fallback: Language) -> Language:
    """In which language a conversation goes on."""
    return conversation.language if conversation else fallback
