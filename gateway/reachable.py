"""Whether a member may be written to: STOP, START and HELP by text message, a bot that was blocked, a group that it is asked in.

None of these is a story. What was told before a STOP is registered, and nothing goes to that number any more until START;
only the answer to the word itself does, once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from channels.message import OutboundMessage, Sender
from channels.twilio_sms.keywords import answer, recognise
from chatbot.events import Left
from config.sms import Asked
from config.telegram import telegram_words
from config.vocabulary import Channel, Language
from gateway.arrival import Arrival, Recorded
from gateway.conversing import LINGERS, Turn, keep_line, turn_of
from gateway.going import KEYWORD
from gateway.house import House
from router.decide import RuleSet
from store import cases, conversations, forgotten, opted_out, outbox, people
from store.conversations import Conversation
from store.database import Tx
from store.outbox import Outgoing

_TEXTING: Final[tuple[Channel, ...]] = ("sms", "whatsapp")


async def by_keyword(tx: Tx, house: House, rules: RuleSet, arrival: Arrival, *, now: datetime) -> Recorded | None:
    """What a message brings about that is nothing but one of the three words; None for every other message."""
    message = arrival.message
    found = recognise(message.text) if message.channel in _TEXTING and not message.media else None
    if found is None or message.sender is None:
        return None
    number = message.sender.address
    language = found.language or arrival.classification.language
    conversation = await conversations.held_for(
        tx, message.channel, message.account, number, language=language, now=now
    )
    fresh = "dialogue" not in conversation.state
    turn = turn_of(tx, house, rules, conversation, now=now)
    turn.line_id = await keep_line(tx, turn, arrival)
    answered = turn.state.hand != "taken"
    match found.asked:
        case "stop":
            await turn.run(Left())
            await _tell_case(tx, turn.case_id, "contact.opted_out", now)
            # Last, as wherever Twilio tells us of a STOP: a conversation is locked first, then a message in the outbox, a case,
            # and the list of those who want nothing more. In another order here than there, two would wait for each other.
            # Said again, it is obeyed already.
            answered = await opted_out.add(tx, message.channel, number, now=now)
        case "start":
            await opted_out.remove(tx, message.channel, number)
            told = tuple(mark for mark in turn.state.told if mark != "left")
            turn.state = replace(turn.state, told=told)
        case "help":
            pass
    if answered:
        spoken = language if fresh else conversation.language
        turn.sent.append(await _answer(tx, turn, found.asked, spoken))
    if fresh and found.asked != "stop":
        await _forget_soon(tx, conversation, now)
    else:
        await turn.keep(heard=True)
    return Recorded("conversing", turn.case_id, tuple(turn.sent), conversation.id)


async def _answer(tx: Tx, turn: Turn, asked: Asked, language: Language) -> int:
    """Say what the word does. It belongs to no case in the outbox: where Twilio has answered itself and refuses ours, nobody
    has missed anything."""
    conversation, text = turn.conversation, answer(asked, language)
    message_id = await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=turn.case_id,
            direction="out",
            channel=conversation.channel,
            account=conversation.account,
            subject="",
            text=text,
            reply="",
            at=turn.now,
            auto=True,
            situation="conversation",
            conversation_id=conversation.id,
        ),
    )
    going = OutboundMessage(
        key=f"{KEYWORD}{message_id}",
        channel=conversation.channel,
        account=conversation.account,
        recipient=conversation.address,
        recipient_name="",
        subject="",
        text=text,
        language=language,
        auto=True,
        heard_at=turn.now,
    )
    put = await outbox.put(tx, going, now=turn.now, message_id=message_id)
    if put is None:
        raise RuntimeError("a message that was just made has been sent before")
    return put


async def _forget_soon(tx: Tx, conversation: Conversation, now: datetime) -> None:
    """A conversation in which only such a word was said has not begun: the next line begins it, and without one it ends."""
    await conversations.save(
        tx,
        conversation,
        state=conversation.state,
        stage="ended",
        language=conversation.language,
        now=now,
        heard=True,
        due_at=now + LINGERS,
        case_id=conversation.case_id,
    )


async def of_telegram(tx: Tx, house: House, rules: RuleSet, arrival: Arrival, *, now: datetime) -> Recorded:
    """What Telegram tells that no person said to us alone."""
    situation = arrival.message.robot.evidence.removeprefix("telegram ") if arrival.message.robot else ""
    match situation:
        case "blocked":
            return await _blocked(tx, house, rules, arrival, now)
        case "unblocked":
            contact = await people.find_contact(tx, arrival.writer) if arrival.writer else None
            if contact is not None:
                await people.reachable_again(tx, contact.id)
        case "group":
            return await _in_a_group(tx, arrival, now)
        case _:
            pass
    return Recorded("robot")


async def _blocked(tx: Tx, house: House, rules: RuleSet, arrival: Arrival, now: datetime) -> Recorded:
    """The member has shut the bot out: what they told is registered, and nobody writes there by mistake."""
    message = arrival.message
    if message.sender is None:
        return Recorded("robot")
    known = await conversations.look(tx, message.channel, message.account, message.sender.address)
    conversation = await conversations.held(tx, known.id) if known else None
    turn = await _shut_out(tx, house, rules, conversation, message.sender, now)
    if turn is None:
        return Recorded("robot")
    await _tell_case(tx, turn.case_id, "contact.blocked", now)
    return Recorded("robot", turn.case_id, tuple(turn.sent), turn.conversation.id)


async def refused_by_telegram(
    tx: Tx, house: House, rules: RuleSet, outgoing: Outgoing, *, now: datetime
) -> tuple[int, ...]:
    """A message of ours was refused because its reader has shut the bot out, and no update may ever have told so. Returns what
    goes out because of it.

    To be called before the message's own row is changed: a conversation is locked before what stands in the outbox.
    """
    message = outgoing.message
    known = await conversations.look(tx, message.channel, message.account, message.recipient)
    conversation = await conversations.held(tx, known.id) if known else None
    if conversation is not None and conversation.heard_at > outgoing.created_at:
        # They have written since: the way was open again, and what is answered to that will show whether it still is.
        return ()
    sender = Sender("telegram", message.recipient)
    contact = await people.find_contact(tx, sender)
    new = contact is not None and not contact.unreachable
    turn = await _shut_out(tx, house, rules, conversation, sender, now)
    if new or turn is not None:
        await _tell_case(tx, (turn.case_id if turn else None) or outgoing.case_id, "contact.blocked", now)
    return tuple(turn.sent) if turn else ()


async def _shut_out(
    tx: Tx, house: House, rules: RuleSet, conversation: Conversation | None, sender: Sender, now: datetime
) -> Turn | None:
    """Let the dialogue end what it cannot go on with, and note that nothing arrives there; None where no dialogue goes on, or
    it knows already."""
    turn = None
    if conversation is not None and "dialogue" in conversation.state:
        turn = turn_of(tx, house, rules, conversation, now=now)
        if "left" in turn.state.told:
            turn = None
    if turn is not None:
        await turn.run(Left())
        await turn.keep(heard=False)
    contact = await people.find_contact(tx, sender)
    if contact is not None:
        await people.not_reachable(tx, contact.id)
    return turn


async def _in_a_group(tx: Tx, arrival: Arrival, now: datetime) -> Recorded:
    """Once for a group, for as long as that is remembered (store/forgotten.py): others read what is said there, and a complaint
    is nothing for others."""
    message = arrival.message
    if message.sender is None:
        return Recorded("robot")
    language = message.language_hint or "fr"
    words = OutboundMessage(
        key=f"{forgotten.GROUP}{message.sender.address}",
        channel=message.channel,
        account=message.account,
        recipient=message.sender.address,
        recipient_name="",
        subject="",
        text=telegram_words().group.in_language(language),
        language=language,
        auto=True,
    )
    put = await outbox.put(tx, words, now=now)
    return Recorded("robot", None, (put,) if put is not None else ())


async def _tell_case(tx: Tx, case_id: int | None, act: str, now: datetime) -> None:
    if case_id is not None:
        await cases.change(tx, case_id, actor="member", act=act, now=now, unread=True)
