"""Answers to the member: sent after a pause in which they can be taken back."""

from __future__ import annotations

from console.actions import After, WrongFormError, also_change, same_words, text_of, version_of
from console.case_file import gathered, opening_words
from console.site import Site, Who
from store import cases, correspondence, outbox
from store.database import Tx
from store.views import Row


class Answering:
    """Acts of writing to the member."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def reply(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Answer the member; who answers has the case from then on."""
        text = text_of(who)
        if same_words(text, opening_words(await gathered(tx, who, row), who.viewer.name)):
            raise WrongFormError("empty")
        version = version_of(who)
        outbox_id = await self._site.desk.reply(tx, who.viewer, row.id, text, now=who.now, version=version)
        if row.assignee_id is None:
            await also_change(tx, who, row.id, "case.taken", {}, assignee_id=who.viewer.user_id)
        after.departing.append(outbox_id)
        return "?done=sent#last"

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
        if not await outbox.cancel(tx, message.outbox_id, now=who.now):
            return "?done=too_late"
        if row.state == "closed" and row.outcome != "withdrawn":
            # It was the last message of the closing: what it said of the end is taken back with it.
            await cases.reopen(tx, row.id, actor=who.actor, now=who.now)
        await also_change(tx, who, row.id, "case.answer_undone", {"message": message.id})
        return f"?done=undone&draft={message.id}#write"
