"""A colleague in a conversation: takes it over from the robot, writes, and gives it back.

Each act holds the conversation's row, as a turn does, and runs through the dialogue, so that the robot knows what it may say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from channels.message import OutboundMessage
from chatbot.events import Event, GivenBack, TakenOver
from chatbot.replies import LIMITS
from config.chat import manners
from config.typography import plain_for_sms, septets
from console.talk_contract import GoneError, OverError, TakenError, Talk, TooLongError, WholeTalk
from gateway import talk_reading
from gateway.chat_door import signed
from gateway.conversing import SHAPES, turn_of
from gateway.house import House, active_rules
from router.decide import RuleSet
from store import audit, cases, conversations, outbox, talks
from store.conversations import Conversation
from store.database import Tx
from store.live import Hint
from store.talks import Going
from store.viewer import Viewer

# The same words again within this time are the same press of the button: nobody says them twice so soon.
_TWO_CLICKS: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class HouseTalks:
    """As console.talk_contract.Talks says."""

    house: House

    async def going_on(self, tx: Tx, viewer: Viewer) -> Sequence[Talk]:
        """As the contract says."""
        return await talk_reading.going_on(tx, viewer)

    async def waiting(self, tx: Tx, viewer: Viewer) -> int:
        """As the contract says."""
        return await talks.waiting(tx, viewer)

    async def of_case(self, tx: Tx, viewer: Viewer, case_id: int) -> int | None:
        """As the contract says."""
        return await talks.open_for_case(tx, viewer, case_id)

    async def whole(self, tx: Tx, viewer: Viewer, talk_id: int, *, after: int = 0) -> WholeTalk:
        """As the contract says."""
        return await talk_reading.whole(tx, viewer, talk_id, after=after)

    async def take(self, viewer: Viewer, talk_id: int, *, had: int | None, now: datetime) -> None:
        """As the contract says."""
        rules = await active_rules(self.house)
        async with self.house.store.write() as tx:
            found = await _held(tx, viewer, talk_id)
            held = found.conversation
            # What the member wrote meanwhile changes the version too; only that somebody else has it stands in the way.
            if held.taken_by not in (had, viewer.user_id):
                raise TakenError(found.holder)
            await conversations.take(tx, held.id, viewer.user_id, version=held.version)
            by = signed(viewer.name, held.language)
            sent = await self._run(tx, rules, held, TakenOver(by), viewer, "conversation.taken", now)
        await self._announce(talk_id, sent)

    async def give_back(self, viewer: Viewer, talk_id: int, *, now: datetime) -> None:
        """As the contract says."""
        rules = await active_rules(self.house)
        async with self.house.store.write() as tx:
            held = await _own(tx, viewer, talk_id)
            sent = await self._run(tx, rules, held, GivenBack(), viewer, "conversation.given_back", now)
        await self._announce(talk_id, sent)

    async def say(self, viewer: Viewer, talk_id: int, text: str, *, now: datetime) -> None:
        """As the contract says."""
        async with self.house.store.write() as tx:
            held = await _own(tx, viewer, talk_id)
            fitting = _fitting(held, text)
            if await talks.has_said(tx, held.id, viewer, fitting, since=now - _TWO_CLICKS):
                return
            sent = await _said(tx, viewer, held, fitting, now)
        await self._announce(talk_id, sent)

    async def typing(self, viewer: Viewer, talk: Talk) -> None:
        """As the contract says."""
        await self.house.live.tell(Hint(talk.id, "typing", name=signed(viewer.name, talk.language)))

    async def seen(self, talk: Talk, last: int) -> None:
        """As the contract says."""
        await self.house.live.tell(Hint(talk.id, "read", last=last))

    def watch(self, talk_id: int) -> AsyncIterator[Hint]:
        """As the contract says."""
        return self.house.live.watch(talk_id)

    async def _run(
        self, tx: Tx, rules: RuleSet, held: Conversation, event: Event, viewer: Viewer, act: str, now: datetime
    ) -> list[int]:
        turn = turn_of(tx, self.house, rules, held, now=now)
        await turn.run(event)
        await turn.keep(heard=False)
        await _noted(tx, viewer, turn.case_id, act, now, conversation=held.id)
        return turn.sent

    async def _announce(self, talk_id: int, outbox_ids: Sequence[int]) -> None:
        for outbox_id in outbox_ids:
            await self.house.departures.put(outbox_id)
        await self.house.live.tell(Hint(talk_id))


async def _held(tx: Tx, viewer: Viewer, talk_id: int) -> Going:
    """A conversation that goes on and that this person may know of, held. One that cannot be read cannot be gone on with."""
    try:
        held = await conversations.held(tx, talk_id)
    except ValueError:
        raise GoneError(talk_id) from None
    found = await talks.one(tx, viewer, talk_id) if held is not None else None
    if found is None or talk_reading.state_of(found) is None:
        raise GoneError(talk_id)
    if found.conversation.stage == "ended":
        raise OverError(talk_id)
    return found


async def _own(tx: Tx, viewer: Viewer, talk_id: int) -> Conversation:
    """As `_held`, when it is this person who has it."""
    found = await _held(tx, viewer, talk_id)
    if found.conversation.stage != "person" or found.conversation.taken_by != viewer.user_id:
        raise TakenError(found.holder)
    return found.conversation


def _fitting(held: Conversation, text: str) -> str:
    """The text as the channel takes it. Raises TooLongError."""
    most = LIMITS[SHAPES[held.channel]]
    if held.channel == "sms":
        text = plain_for_sms(text)
    if (septets(text) if held.channel == "sms" else len(text)) > most:
        raise TooLongError(most)
    return text


async def _said(tx: Tx, viewer: Viewer, held: Conversation, text: str, now: datetime) -> list[int]:
    """Keep a colleague's line; by the web chat it is delivered by being there."""
    kept = cases.NewMessage(
        case_id=held.case_id,
        direction="out",
        channel=held.channel,
        account=held.account,
        subject="",
        text=text,
        reply="",
        at=now,
        author_id=viewer.user_id,
        situation="conversation",
        conversation_id=held.id,
    )
    message_id = await cases.add_message(tx, kept)
    await _noted(tx, viewer, held.case_id, "conversation.said", now, conversation=held.id, message=message_id)
    # Now it is the member's turn, who has as long as with the robot.
    await conversations.look_again(tx, held.id, due_at=now + timedelta(minutes=manners().close_after))
    if held.channel == "chat":
        return []
    going = OutboundMessage(
        key=f"talk-{message_id}",
        channel=held.channel,
        account=held.account,
        recipient=held.address,
        recipient_name="",
        subject="",
        text=text,
        language=held.language,
        auto=False,
        heard_at=held.heard_at,
    )
    put = await outbox.put(tx, going, now=now, case_id=held.case_id, message_id=message_id)
    return [put] if put is not None else []


async def _noted(tx: Tx, viewer: Viewer, case_id: int | None, act: str, now: datetime, **detail: Any) -> None:
    await audit.write(tx, actor=f"user:{viewer.user_id}", act=act, at=now, case_id=case_id, detail=detail)
