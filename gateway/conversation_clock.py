"""Time passing in conversations: a reminder, an end that loses nothing, nobody who came, a colleague who has left, and an
address left free again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from chatbot.events import GivenBack, TimePassed
from gateway.conversing import LINGERS, LOOK_AGAIN, turn_of
from gateway.house import House
from router.decide import RuleSet
from store import audit, conversations
from store.conversations import Conversation
from store.database import Tx
from store.live import Hint

log = structlog.get_logger(__name__)

# So many are found at a time. Each is looked at in a transaction of its own: nobody waits behind the others for it, and one that
# cannot be gone on with keeps none of them from its turn.
_AT_ONCE: Final = 20
_UNREAD_AGAIN: Final = timedelta(hours=1)
_BROKEN_AGAIN: Final = timedelta(hours=1)


async def look_at_conversations(house: House, rules: RuleSet, *, now: datetime) -> int:
    """Let the dialogue act in every conversation where time has passed. Returns in how many it did or said something."""
    acted = 0
    while True:
        async with house.store.read() as tx:
            due = await conversations.due(tx, now=now, limit=_AT_ONCE)
        looked = 0
        for conversation_id in due:
            found, sent = await _look_at(house, rules, conversation_id, now)
            looked += found
            if sent is not None:
                acted += 1
                for outbox_id in sent:
                    await house.departures.put(outbox_id)
                await house.live.tell(Hint(conversation_id))
        # What others have in hand stays due; they look at it, or the next tick does.
        if len(due) < _AT_ONCE or not looked:
            return acted


async def _look_at(
    house: House, rules: RuleSet, conversation_id: int, now: datetime
) -> tuple[bool, tuple[int, ...] | None]:
    """(whether it was looked at, and was in nobody's hand; what goes out because of it, None where nothing changed)."""
    try:
        async with house.store.write() as tx:
            conversation = await conversations.still_due(tx, conversation_id, now=now)
            if conversation is None:
                return False, None
            return True, await _look(tx, house, rules, conversation, now)
    except StoreUnavailableError:
        raise
    except Exception:
        log.exception("time could not pass in a conversation", conversation=conversation_id)
    async with house.store.write() as tx:
        await conversations.look_again(tx, conversation_id, due_at=now + _BROKEN_AGAIN)
    return True, None


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
