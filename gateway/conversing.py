"""One turn of a conversation, recorded: what the member said, what the dialogue makes of it, what it orders, what it says.

All in the transaction that gives the item its fate: the conversation's row is held from the first line to the last, so that
whichever worker has the turn, no other answers beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from channels.message import OutboundMessage
from chatbot import people
from chatbot import state as talk
from chatbot.actions import Action, AddToCase, CheckCode, Close, HandOver, Register, SendCode, SendTranscript
from chatbot.dialogue import step
from chatbot.events import CodeChecked, CodeSent, CopyAnswered, Event
from chatbot.events import House as Staffed
from chatbot.knowledge import Entry
from chatbot.outcome import Outcome
from chatbot.replies import Rendered, Reply, render
from chatbot.state import CLAIMED, Shape, State
from classifier.classification import Classification, Text
from config import announcements
from config.chat import manners
from config.hours import hours
from config.knowledge import knowledge
from config.vocabulary import Channel, Language
from gateway import chat_case
from gateway.arrival import Arrival
from gateway.classifying import unclassified
from gateway.house import House
from gateway.line import said_in, without
from router.decide import RuleSet
from store import cases, conversations, opted_out, outbox, talks, threads, users
from store import people as people_known
from store.conversations import Conversation, Stage
from store.database import Tx
from store.history import classification_from

SHAPES: Final[dict[Channel, Shape]] = {"chat": "chat", "telegram": "telegram", "whatsapp": "whatsapp", "sms": "sms"}
# What one turn may order, one thing leading to the next: more is a fault of ours, and ends it.
_MOST_EVENTS: Final = 8
# How soon the clock looks at a conversation in which nobody speaks, and how long one that has ended may be gone on with (W3).
LOOK_AGAIN: Final = timedelta(minutes=1)
LINGERS: Final = timedelta(hours=24)


# Where an item says which files of the line had waited for too long to be sent with it: a JSON list of names.
LATE: Final = "late"


@dataclass(frozen=True, slots=True)
class Known:
    """The house's knowledge for one line: the entry that the finder, in its own process, has found for it, or none."""

    entry: str = ""

    def find(self, text: str, language: Language) -> Entry | None:
        """As chatbot.knowledge.Knowledge says."""
        del text
        book = knowledge()[language].entries
        found = [Entry(known.id, known.answer, known.short) for key in self.entry.split() if (known := book.get(key))]
        return replace(found[0], second=found[1] if len(found) > 1 else None) if found else None


@dataclass
class Turn:
    """One event in a conversation that is held, and all that comes of it. `sent` are what was put into the outbox."""

    tx: Tx
    house: House
    rules: RuleSet
    conversation: Conversation
    state: State
    found: Classification
    now: datetime
    # What the member just said, where it was the member.
    arrival: Arrival | None = None
    line_id: int | None = None
    case_id: int | None = None
    sent: list[int] = field(default_factory=list)

    async def run(self, event: Event) -> None:
        """Let the dialogue answer, and do what it orders; what the house answers to that is an event again."""
        waiting: list[Event] = [event]
        known = Known(self.arrival.entry if self.arrival else "")
        for _ in range(_MOST_EVENTS):
            if not waiting:
                return
            was = self.state
            outcome = step(was, waiting.pop(0), known, staffed(self.now), self.now)
            self.state = outcome.state
            if (was.step == "closed" or was.reference) and self.state.step != "closed" and not self.state.reference:
                await self._begin_anew()
            # What is ordered is done first: what is said then belongs to the case that was made.
            for action in outcome.actions:
                waiting += await self._do(action)
            await self._say(render(outcome.replies, self.state.shape, self.state.language))

    async def keep(self, *, heard: bool) -> None:
        """Write what is known now, and when the clock should look."""
        stage: Stage = "ended" if self.state.step == "closed" else "robot"
        if self.state.hand:
            stage = "person" if self.state.hand == "taken" else "waiting"
        due = {"robot": self.now + LOOK_AGAIN, "waiting": self.now + LOOK_AGAIN, "ended": self.now + LINGERS}
        await conversations.save(
            self.tx,
            self.conversation,
            state=_stored(self.state, self.found) | {talks.SEALED: await self.is_sealed()},
            stage=stage,
            language=self.state.language,
            now=self.now,
            heard=heard,
            due_at=due.get(stage) or self._left_at(),
            case_id=self.case_id,
        )

    def _left_at(self) -> datetime:
        """When a colleague who says nothing to a member who waits has left: then the robot goes on (conversation_clock)."""
        left = self.now + timedelta(minutes=manners().wait_for_person)
        was = self.conversation
        return min(was.due_at, left) if was.stage == "person" and was.due_at is not None else left

    async def seal(self) -> None:
        """Let nobody read the line in its case who may not read what it is about (rule S2)."""
        medical = self.found.flags.get("doctor") or "doctor" in self.state.flags
        if medical and self.line_id is not None and self.case_id is not None:
            await chat_case.seal(self.tx, self.case_id, self.line_id, now=self.now)

    async def to_who_may(self) -> None:
        """A colleague has this conversation, and it has come to a medical matter that they may not read: it waits again, for
        one who may (rule S2), and the member is told."""
        holder = self.conversation.taken_by
        if self.state.hand != "taken" or holder is None or not await self.is_sealed():
            return
        if not await users.is_medical(self.tx, holder):
            outcome = people.hand_over(Outcome(self.state), staffed(self.now), self.now)
            self.state = outcome.state
            for action in outcome.actions:
                await self._do(action)
            await self._say(render(outcome.replies, self.state.shape, self.state.language))

    async def is_sealed(self) -> bool:
        """Whether it has touched a medical matter, or belongs to a case that has (rule S2)."""
        return "doctor" in self.state.flags or await talks.is_sealed(self.tx, self.conversation)

    async def _begin_anew(self) -> None:
        """After a goodbye the member has something else to say: that is no part of the case before it."""
        self.case_id = None
        if self.line_id is not None:
            await conversations.line_to_case(self.tx, self.line_id, None)

    async def tell_of_late(self, names: Sequence[str]) -> None:
        """Say which files are not with this line and have to be sent again, whoever has the conversation."""
        told = Reply("files.late", {"names": ", ".join(names)})
        await self._say(render([told], self.state.shape, self.state.language), situation=talks.NOTE)

    async def _say(self, messages: Sequence[Rendered], *, situation: str = "conversation") -> None:
        if messages and await opted_out.has(self.tx, self.conversation.channel, self.conversation.address):
            # Who has said STOP is listened to, and hears nothing: not a line that nobody gets stands in the story.
            return
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
                situation=situation,
                conversation_id=self.conversation.id,
                choices=tuple((choice.id, choice.label) for choice in message.choices),
            )
            message_id = await cases.add_message(self.tx, kept)
            # The web chat shows what stands in the register: it is delivered by being there.
            if self.conversation.channel != "chat":
                await self._send(message, message_id)

    async def _send(self, message: Rendered, message_id: int) -> None:
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
            # Taken in late from Twilio's list, it opened WhatsApp's day when it was written and not now.
            heard_at=min(self.now, self.arrival.message.received_at) if self.arrival else self.conversation.heard_at,
        )
        put = await outbox.put(self.tx, going, now=self.now, case_id=self.case_id, message_id=message_id)
        self.sent += [put] if put is not None else []

    async def _do(self, action: Action) -> list[Event]:
        tx, house, now = self.tx, self.house, self.now
        match action:
            case Register():
                opened = await chat_case.open_case(
                    tx, house, self.rules, self.conversation, action, self.found, now=now
                )
                self.case_id = opened.case_id
                self.sent += opened.outbox_ids
                return [await chat_case.registered(tx, house, opened.case_id, self.state.language, now=now)]
            case HandOver():
                self.sent += await chat_case.hand_over(
                    tx, house, self.conversation, self.state, urgent=action.urgent, now=now
                )
            case AddToCase():
                case_id = await chat_case.add(tx, self.line_id, action, self.found, now=now)
                self.case_id = case_id or self.case_id
            case SendCode():
                self.sent += await chat_case.send_code(tx, house, self.conversation, action.reference, now=now)
                return [CodeSent()]
            case CheckCode():
                known = await chat_case.status_by_code(
                    tx, house, self.conversation, action.reference, action.code, now=now
                )
                return [CodeChecked(known is not None), *([known] if known else [])]
            case SendTranscript():
                if self.case_id is None:
                    return [CopyAnswered(action.address, "not_now")]
                language = self.state.language
                answer, sent = await chat_case.send_link(
                    tx, house, self.conversation, self.case_id, action.address, language, now=now
                )
                self.sent += sent
                return [answer]
            case Close():
                # The state says so too: `keep` ends the conversation by it.
                pass
        return []


async def heard(tx: Tx, house: House, rules: RuleSet, arrival: Arrival, *, now: datetime) -> Turn:
    """What a member said on a chat channel, recorded with all that comes of it."""
    message = arrival.message
    address = message.sender.address if message.sender else ""
    conversation = await conversations.held_for(
        tx, message.channel, message.account, address, language=arrival.classification.language, now=now
    )
    if message.channel == "telegram" and message.sender is not None:
        # Who writes has let the bot in again, whether Telegram told us so or not.
        contact = await people_known.find_contact(tx, message.sender)
        if contact is not None and contact.unreachable:
            await people_known.reachable_again(tx, contact.id)
    turn = turn_of(tx, house, rules, conversation, now=now, arrival=arrival)
    earlier = await conversations.line_named(tx, conversation.id, message.edit_of) if message.edit_of else None
    turn.line_id = await keep_line(tx, turn, arrival)
    if earlier is not None and turn.state.step == "closed":
        # What they correct is done: that is no new matter, and whoever has the case reads it.
        if turn.found.flags.get("doctor"):
            turn.state = replace(turn.state, flags=(*turn.state.flags, "doctor"))
            await turn.keep(heard=False)
        turn.case_id = await _added_to(tx, turn.line_id, earlier, now)
        await turn.seal()
        return turn
    if earlier is not None:
        turn.state = without(turn.state, earlier.text)
    if conversation.channel in CLAIMED and await turn.is_sealed():
        # A colleague may have sealed the case since: the dialogue must know, or it would speak of it here (rule H6).
        turn.state = replace(turn.state, flags=tuple(dict.fromkeys((*turn.state.flags, "doctor"))))
    if late := arrival.item.raw.envelope.get(LATE):
        await turn.tell_of_late(json.loads(late))
    await turn.run(said_in(arrival, turn.state))
    await turn.seal()
    await turn.to_who_may()
    await turn.keep(heard=True)
    return turn


async def _added_to(tx: Tx, line_id: int, earlier: conversations.Named, now: datetime) -> int | None:
    current = await threads.current(tx, earlier.case_id, held=True) if earlier.case_id is not None else None
    await conversations.line_to_case(tx, line_id, current.id if current else None)
    if current is not None:
        detail = {"message": line_id, "why": "edited"}
        await cases.change(tx, current.id, actor="member", act="message.joined", now=now, detail=detail, unread=True)
    return current.id if current else None


async def keep_line(tx: Tx, turn: Turn, arrival: Arrival) -> int:
    """The message as the register has it: the web chat's door has kept it already, so that its writer sees it at once."""
    files = arrival.message.attachments
    kept = await conversations.line_of_item(tx, arrival.item.id)
    if kept is not None:
        await conversations.complete_line(tx, kept, case_id=turn.case_id, attachments=files, at=turn.now)
        return kept
    new = replace(
        arrival.kept(turn.case_id, None),
        conversation_id=turn.conversation.id,
        situation="edited" if arrival.message.edit_of else "",
    )
    return await cases.add_message(tx, new, files)


def turn_of(
    tx: Tx,
    house: House,
    rules: RuleSet,
    conversation: Conversation,
    *,
    now: datetime,
    arrival: Arrival | None = None,
) -> Turn:
    """A turn in a conversation that is held, from what is stored of it."""
    known = conversation.state
    shape = SHAPES[conversation.channel]
    if "dialogue" in known:
        state = State.from_json(known["dialogue"])
    else:
        phone = conversation.address if shape in ("sms", "whatsapp") else ""
        state = talk.begin(shape, conversation.language, phone=phone)
    if arrival is not None:
        found = arrival.classification
    elif "found" in known:
        found = classification_from(known["found"])
    else:
        found = unclassified(Text(channel=conversation.channel, text="", language_hint=conversation.language))
    return Turn(tx, house, rules, conversation, state, found, now, arrival, case_id=conversation.case_id)


@dataclass(frozen=True, slots=True)
class KnownSoFar:
    """What a conversation has brought before a line of it: what the member told and wants, in their words, their name, the
    language, and which question is open."""

    story: str = ""
    name: str = ""
    language: Language | None = None
    step: str = ""


def known_so_far(conversation: Conversation | None) -> KnownSoFar:
    """What a conversation has brought, for the classifier; nothing at its beginning, and nothing of a matter that is done."""
    if conversation is None:
        return KnownSoFar()
    if "dialogue" not in conversation.state:
        return KnownSoFar(language=conversation.language)
    state = State.from_json(conversation.state["dialogue"])
    facts = state.facts
    # A wish that was found in the story stands there already.
    wanted = [wish for wish in facts.wish if not any(wish in told for told in facts.story)]
    # What was asked and answered is no part of what is told next.
    story = "" if state.step in ("closed", "ask.answered") else "\n".join((*facts.story, *wanted))
    return KnownSoFar(story, facts.name, state.language, state.step)


def staffed(now: datetime) -> Staffed:
    """Whether mediators are there (the hours of the phone line are theirs), and what stands before members now."""
    announced = announcements.standing()
    standing = hours().standing(now)
    if standing is None:
        return Staffed(opens_at=now, announced=announced)
    return Staffed(opens_at=None if standing.open else standing.until, announced=announced)


def _stored(state: State, found: Classification) -> dict[str, Any]:
    """What the register keeps of a conversation between two turns."""
    return {"dialogue": state.to_json(), "found": found.as_json()}
