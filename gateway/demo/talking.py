"""Conversations with the robot, turn by turn through the real dialogue: what is said depends on the question that is open.

Some members fall silent, some ask for a person and get one; a few still talk when everything else is over.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final, Literal
from urllib.parse import urlencode

from channels.form.submission import Submission
from channels.message import RawMessage
from chatbot.state import State
from classifier import identity
from classifier.classification import Text
from config.vocabulary import Channel
from gateway.conversation_clock import look_at_conversations
from gateway.conversing import staffed
from gateway.demo.arriving import Arriving
from gateway.demo.people import Writer
from gateway.demo.plan import Plan
from gateway.demo.stories import Story, answer_read
from gateway.demo.templates import Speech, manners
from gateway.house import House
from gateway.taking_over import HouseTalks
from store import conversations
from store.conversations import Conversation
from store.database import Tx
from store.viewer import Viewer

# How a conversation goes: to its end; the member says no more after the story; a colleague takes part; and of those that still
# go on: the robot is asking, a person was asked for, a colleague has it.
Ends = Literal["done", "silent", "person", "midway", "waits", "held"]
_ENDS: Final[dict[Ends, int]] = {"done": 76, "silent": 8, "person": 16}
_ASKING: Final[frozenset[Ends]] = frozenset({"person", "waits", "held"})
_MOST_TURNS: Final = 14
TEXT_NUMBER: Final = "+3226000000"
_BOT: Final = "7000000001"
_WIDGET: Final = "widget"
_ACCOUNTS: Final = {"chat": _WIDGET, "telegram": _BOT, "sms": TEXT_NUMBER, "whatsapp": TEXT_NUMBER}
_SILENCE: Final = timedelta(hours=21, minutes=5)
_LEFT_FREE: Final = timedelta(hours=24, minutes=5)


@dataclass
class Talk:
    """A conversation as its member will lead it. `line` is the number of their next line."""

    story: Story
    who: Writer
    channel: Channel
    number: int
    address: str
    ends: Ends
    line: int = 0
    told: bool = False
    asked_for_a_person: bool = False
    case_id: int | None = None

    @property
    def account(self) -> str:
        """Ours, on their channel."""
        return _ACCOUNTS[self.channel]

    @property
    def speech(self) -> Speech:
        """How they speak."""
        return manners().speech[self.who.language]


@dataclass
class Talking:
    """Leads conversations. `opened` is told of each case that one becomes."""

    house: House
    plan: Plan
    arriving: Arriving
    staff: tuple[Viewer, ...]
    rng: Random
    opened: Callable[[Tx, Talk, datetime], Awaitable[None]]

    async def begin(
        self, tx: Tx, story: Story, who: Writer, channel: Channel, number: int, now: datetime, ends: Ends | None = None
    ) -> None:
        """The first line of a conversation; the others follow by themselves."""
        address = {"chat": f"{self.rng.getrandbits(128):032x}", "telegram": str(600_000_000 + number)}
        chosen = ends or self.rng.choices(tuple(_ENDS), tuple(_ENDS.values()))[0]
        if chosen == "person" and staffed(now).opens_at is not None:
            chosen = "done"
        await self._turn(Talk(story, who, channel, number, address.get(channel, who.phone), chosen), tx, now)

    async def _turn(self, talk: Talk, tx: Tx, now: datetime) -> None:
        found = await conversations.look(tx, talk.channel, talk.account, talk.address)
        text = _next_line(talk, _state(found))
        if not text:
            if found is not None:
                self.plan.alone_at(now + _LEFT_FREE, self._look)
            return
        talk.told = talk.told or text == talk.story.text
        talk.line += 1
        so_far = talk.story.found if talk.told else answer_read(talk.who.language)
        heard = identity.find(Text(channel=talk.channel, text=text, from_name=""))
        line = replace(so_far, identity=heard)
        spoken = talk.who.language if text == talk.story.text else None
        recorded = await self.arriving.said(tx, _raw(talk, text, now), so_far, line, spoken)
        if recorded.fate == "conversing":
            await self._go_on(talk, tx, now)

    async def _go_on(self, talk: Talk, tx: Tx, now: datetime) -> None:
        """What follows from where the conversation stands after a line."""
        found = await conversations.look(tx, talk.channel, talk.account, talk.address)
        state = _state(found)
        if found is None or state is None:
            return
        if found.case_id is not None and talk.case_id is None:
            talk.case_id = found.case_id
            await self.opened(tx, talk, now)
        if state.hand == "waiting" and talk.ends != "waits":
            taken = now + timedelta(seconds=self.rng.randrange(50, 200))
            self.plan.alone_at(taken, partial(self._take, talk, found.id))
        elif talk.ends == "silent" and talk.told:
            self.plan.alone_at(now + _SILENCE, partial(self._fell_silent, talk))
        elif not state.hand and not (talk.ends == "midway" and talk.told):
            self.plan.at(now + timedelta(seconds=self.rng.randrange(15, 110)), partial(self._turn, talk))

    async def _look(self, now: datetime) -> None:
        """What the clock does with conversations."""
        await look_at_conversations(self.house, self.arriving.recorder.rules, now=now)

    async def _fell_silent(self, talk: Talk, now: datetime) -> None:
        """The robot makes a case of what was told, and says goodbye."""
        await self._look(now)
        async with self.house.store.write() as tx:
            found = await conversations.look(tx, talk.channel, talk.account, talk.address)
            if found is not None and found.case_id is not None:
                talk.case_id = found.case_id
                await self.opened(tx, talk, now)
        self.plan.alone_at(now + _LEFT_FREE, self._look)

    async def _take(self, talk: Talk, talk_id: int, now: datetime) -> None:
        """A colleague takes the conversation over, and begins to write."""
        sealed = "doctor" in talk.story.matter.theme.flags
        able = [one for one in self.staff if one.medical or not sealed]
        who = able[talk.number % len(able)]
        await HouseTalks(self.house).take(who, talk_id, had=None, now=now)
        self._write_at(talk, talk_id, who, 0, now + timedelta(seconds=45))

    def _write_at(self, talk: Talk, talk_id: int, who: Viewer, place: int, moment: datetime) -> None:
        self.plan.alone_at(moment, partial(self._write, talk, talk_id, who, place))

    async def _write(self, talk: Talk, talk_id: int, who: Viewer, place: int, now: datetime) -> None:
        """The colleague's next line, and what the member answers; then the robot asks on what is still missing."""
        exchange = talk.speech.exchanges[talk.number % len(talk.speech.exchanges)]
        talks = HouseTalks(self.house)
        if place == len(exchange):
            if talk.ends == "held":
                return
            await talks.give_back(who, talk_id, now=now)
            self.plan.at(now + timedelta(seconds=40), partial(self._turn, talk))
            return
        ours, theirs = exchange[place]
        await talks.say(who, talk_id, ours, now=now)
        later = now + timedelta(seconds=self.rng.randrange(20, 60))
        self.plan.at(later, partial(self._reply, talk, theirs))
        self._write_at(talk, talk_id, who, place + 1, later + timedelta(seconds=self.rng.randrange(30, 80)))

    async def _reply(self, talk: Talk, text: str, tx: Tx, now: datetime) -> None:
        talk.line += 1
        found = talk.story.found
        line = replace(found, identity=identity.find(Text(channel=talk.channel, text=text)))
        await self.arriving.said(tx, _raw(talk, text, now), found, line, talk.who.language)


def _state(found: Conversation | None) -> State | None:
    known = found.state if found else {}
    return State.from_json(known["dialogue"]) if "dialogue" in known else None


def _next_line(talk: Talk, state: State | None) -> str:
    """What the member says to the question that is open; "" when they have no more to say."""
    speech, step = talk.speech, state.step if state else "new"
    if talk.line >= _MOST_TURNS or (step == "closed" and talk.line):
        return ""
    if talk.told and talk.ends in _ASKING and not talk.asked_for_a_person:
        talk.asked_for_a_person = True
        return speech.person
    greets = talk.number % 3 == 0 and talk.channel != "sms"
    answers = {
        "ask.wish": talk.story.wish or speech.no,
        "ask.name": talk.who.name,
        "ask.contact": talk.who.mail,
        "ask.mandate": speech.yes,
        "sum_up": "1" if talk.channel == "sms" else speech.yes,
        "ask.answered": speech.yes,
        "ask.stop": speech.yes,
        "ask.person": speech.no,
        "scope": speech.yes,
        "ask.more": speech.nothing_more,
        "closed": talk.story.text,
        "new": speech.hello if greets else talk.story.text,
        "ask.story": talk.story.text,
    }
    return "" if step == "ask.story" and talk.told else answers.get(step, "")


def _raw(talk: Talk, text: str, now: datetime) -> RawMessage:
    """A line as its channel brings it."""
    name = f"{talk.number}{talk.line:02}"
    envelope = {"address": talk.address}
    if talk.channel == "chat":
        body = Submission(text, language=talk.who.language).to_bytes()
        return RawMessage("chat", _WIDGET, f"{talk.address}:{name}", body, now, envelope | {"choice": ""})
    if talk.channel == "telegram":
        given, _, family = talk.who.name.partition(" ")
        person = {"id": int(talk.address), "is_bot": False, "first_name": given, "last_name": family}
        message = {
            "message_id": talk.line,
            "from": person | {"language_code": talk.who.language},
            "chat": {"id": int(talk.address), "type": "private", "first_name": given},
            "date": int(now.timestamp()),
            "text": text,
        }
        body = json.dumps({"update_id": int(name), "message": message}).encode()
        return RawMessage("telegram", _BOT, name, body, now, envelope)
    prefix = "whatsapp:" if talk.channel == "whatsapp" else ""
    fields = {
        "MessageSid": f"SM{int(name):032x}",
        "From": f"{prefix}{talk.address}",
        "To": f"{prefix}{TEXT_NUMBER}",
        "Body": text,
        "NumMedia": "0",
    }
    return RawMessage(talk.channel, TEXT_NUMBER, fields["MessageSid"], urlencode(fields).encode(), now, envelope)
