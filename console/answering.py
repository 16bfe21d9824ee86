"""Answers to the member: checked once, sent after a pause in which they can be taken back."""

from __future__ import annotations

from functools import partial

from console.actions import After, WrongFormError, also_change, text_of, version_of
from console.came_from import carrying
from console.case_file import gathered
from console.looking_over import looked_over
from console.site import Site, Who
from router import deadlines
from store import cases, correspondence, drafts, list_acts, outbox, questions, reindex
from store.cases import StaleError
from store.correspondence import MessageRow
from store.database import Tx
from store.views import Row


class Answering:
    """Acts of writing to the member."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def reply(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Answer the member; who answers has the case from then on."""
        text = text_of(who)
        file = await gathered(tx, who, row)
        if row.version != version_of(who):
            raise StaleError(row.id)
        to = await looked_over(self._site, tx, who, file, text)
        outbox_id = await self._site.desk.reply(
            tx, who.viewer, row.id, text, now=who.now, version=version_of(who), to=to.case_id
        )
        if row.assignee_id is None:
            await also_change(tx, who, row.id, "case.taken", {}, assignee_id=who.viewer.user_id)
        await drafts.let_go(tx, who.viewer, row.id, "reply")
        after.departing.append(outbox_id)
        return f"?done=sent#{await place_of(tx, who, row, outbox_id)}"

    async def undo(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Take an answer back, if it has not left: the outbox's one conditional update decides."""
        del after
        wanted = who.form.get("outbox", "")
        message = next(
            (
                m
                for m in await correspondence.messages_of(tx, who.viewer, row.id)
                if m.outbox_id and str(m.outbox_id) == wanted
            ),
            None,
        )
        # Receipts and other people's answers are not one's own to take back.
        if message is None or message.outbox_id is None or message.auto or message.author_id != who.viewer.user_id:
            raise WrongFormError("not_yours")
        if message.direction == "ask":
            return await self._undo_question(tx, who, row, message)
        if await self._undo_closing(tx, who, message.outbox_id):
            return carrying(f"/console/case/{row.reference}/close?done=undone", who.came)
        if not await outbox.cancel(tx, message.outbox_id, now=who.now):
            return "?done=too_late"
        if row.state == "closed" and row.outcome != "withdrawn":
            # It was the last message of a closing after which somebody changed the case: it is open again, and the rest stays.
            await cases.reopen(tx, row.id, actor=who.actor, now=who.now)
        await drafts.bring_back(tx, who.viewer, row.id, "reply", message.reply or message.text, now=who.now)
        await reindex.case(tx, row.id)
        await also_change(tx, who, row.id, "case.answer_undone", {"message": message.id})
        return "?done=undone#write"

    async def _undo_closing(self, tx: Tx, who: Who, outbox_id: int) -> bool:
        """Take a closing back with its last message: the case stands as before, and so does the page of the closing."""
        act_id = await list_acts.closing_with(tx, who.viewer, outbox_id)
        moved = partial(deadlines.after_pause, saturdays=self._site.saturdays)
        return act_id is not None and bool(await list_acts.undo(tx, who.viewer, act_id, moved=moved, now=who.now))

    async def _undo_question(self, tx: Tx, who: Who, row: Row, message: MessageRow) -> str:
        if message.outbox_id is None or not await outbox.cancel(tx, message.outbox_id, now=who.now):
            return "?done=too_late"
        await questions.taken_back(tx, message.id)
        await drafts.bring_back(tx, who.viewer, row.id, "question", message.reply, now=who.now)
        await reindex.case(tx, row.id)
        await also_change(tx, who, row.id, "case.question_undone", {"message": message.id})
        return "?done=undone#ask"


async def place_of(tx: Tx, who: Who, row: Row, outbox_id: int) -> str:
    """Where on the page of the case a message stands that has just been put into the outbox: there its writer sees it."""
    messages = await correspondence.messages_of(tx, who.viewer, row.id)
    return next((f"message-{one.id}" for one in messages if one.outbox_id == outbox_id), "last")
