"""Answers that did not arrive where the member was reached before go out again to where they are reached now."""

from __future__ import annotations

from console.actions import After, WrongFormError, version_of
from console.answer_checks import TEXT_WAYS
from console.case_file import gathered
from console.contract import NoWayBackError
from console.site import Site, Who
from store import correspondence, parties, resending
from store.cases import StaleError
from store.database import Tx
from store.views import Row


class Again:
    """The act of sending an answer again."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def send(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Send the same words once more; like every answer, they can be taken back for a while."""
        wanted = who.form.get("message", "")
        file = await gathered(tx, who, row)
        message = next((one for one in file.again if str(one.id) == wanted), None)
        if message is None:
            raise StaleError(row.id)
        own = next((one.case_ids for one in await parties.of_case(tx, row.id) if message.case_id in one.case_ids), ())
        to = next((one for one in await self._site.desk.recipients(tx, row.id) if one.case_id in own), None)
        if to is None:
            raise NoWayBackError
        if row.sealed and to.way in TEXT_WAYS:
            raise WrongFormError("sealed_text_message")
        outbox_id = await self._site.desk.reply(
            tx,
            who.viewer,
            row.id,
            message.reply or message.text,
            now=who.now,
            version=version_of(who),
            to=to.case_id,
        )
        made = await correspondence.messages_of(tx, who.viewer, row.id)
        await resending.keep(tx, message.id, next(one.id for one in made if one.outbox_id == outbox_id))
        after.departing.append(outbox_id)
        return "?done=sent#last"
