"""Time passing in conversations: a reminder, an end that loses nothing, nobody who came, a colleague who has left, and an
address left free again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from chatbot.events import GivenBack, TimePassed
from gateway.conversing import LINGERS, LOOK_AGAIN, turn_of
from gateway.house import House
from router.decide import RuleSet
from store import audit, conversations
from store.conversations import Conversation
from store.database import Tx
from store.live import Hint

log = structlog.get_logger(__name__)

# So many are looked at in one transaction: nobody waits for long behind it.
_AT_ONCE: Final = 20
_UNREAD_AGAIN: Final = timedelta(hours=1)


async def look_at_conversations(house: House, rules: RuleSet, *, now: datetime) -> int:
    """Let the dialogue act in every conversation where time has passed. Returns in how many it did or said something."""
    acted = 0
    while True:
        outgoing: list[int] = []
        changed: list[int] = []
        async with house.store.write() as tx:
            due = await conversations.due(tx, now=now, limit=_AT_ONCE)
            for conversation in due:
                sent = await _look(tx, house, rules, conversation, now)
                if sent is not None:
                    changed.append(conversation.id)
                    outgoing += sent
        for outbox_id in outgoing:
            await house.departures.put(outbox_id)
        for conversation_id in changed:
            await house.live.tell(Hint(conversation_id))
        acted += len(changed)
        if len(due) < _AT_ONCE:
            return acted


async def _look(
    tx: Tx, house: House, rules: RuleSet, conversation: Conversation, now: datetime
) -> tuple[int, ...] | None:
    """What goes out because time has passed here; None where nothing changed."""
    if conversation.stage == "ended":
        if now - conversation.heard_at >= LINGERS:
            await conversations.release(tx, conversation.id)
        else:
            await conversations.look_again(tx, conversation.id, due_at=conversation.heard_at + LINGERS)
        return None
    if "dialogue" not in conversation.state:
        # Nothing was said, or what was said is still on its way: then the next look finds it answered.
        if not await conversations.forget_empty(tx, conversation.id):
            await conversations.look_again(tx, conversation.id, due_at=now + _UNREAD_AGAIN)
        return None
    turn = turn_of(tx, house, rules, conversation, now=now)
    before = turn.state
    if conversation.stage == "person":
        # Whoever had it has left, or the member has: what was told must not wait for ever.
        await turn.run(GivenBack())
        detail = {"conversation": conversation.id}
        act = "conversation.given_back"
        await audit.write(tx, actor="system", act=act, at=now, case_id=turn.case_id, detail=detail)
    await turn.run(TimePassed())
    if turn.state == before:
        await conversations.look_again(tx, conversation.id, due_at=now + LOOK_AGAIN)
        return None
    await turn.keep(heard=False)
    return tuple(turn.sent)
