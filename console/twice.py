"""The same press of the same button once more: the page says what the first one did, and not that the case has changed.

Two clicks are two forms of one page, and may be on their way at once. The version of the case lets one of them act; to say of the
other that nothing was done, with its words still in the box, would have a member answered twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from console.site import Who
from store import audit, correspondence, recommendations
from store.database import Tx
from store.views import Row

_DIRECTIONS: Final = {"reply": "out", "ask": "ask"}
_DONE: Final = {"reply": "sent", "ask": "asked"}


async def done_before(tx: Tx, who: Who, row: Row, act: str, text: str, made: datetime) -> str | None:
    """What the page of the case says of it where this person has done just this since the page was made; else None.

    `act` is the last part of the form's address.
    """
    me, department = who.viewer.user_id, who.form.get("department", "")
    if act in _DIRECTIONS:
        for message in await correspondence.messages_of(tx, who.viewer, row.id):
            same = message.author_id == me and message.direction == _DIRECTIONS[act] and message.reply == text
            meant = act == "reply" or message.situation == department[:16]
            if same and meant and message.delivery != "cancelled" and message.at >= made:
                return f"?done={_DONE[act]}#message-{message.id}"
    elif act == "recommend":
        if await recommendations.made_since(tx, who.viewer, row.id, department=department, text=text, since=made):
            return "?done=recommended#recommendations"
    elif act == "close" and (row.state, row.outcome) == ("closed", who.form.get("outcome", "")):
        mine = await audit.done_since(tx, row.id, "case.closed", actor=who.actor, since=made)
        sent = who.form.get("how") == "send"
        return ("?done=closed_sent" if sent else "?done=closed") if mine else None
    return None
