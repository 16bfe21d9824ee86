"""The end of a case, with its outcome and a last message; and its going on."""

from __future__ import annotations

from console.actions import After, WrongFormError, current_version, text_of, version_of
from console.answering import look_over
from console.case_file import CaseFile, gathered
from console.closing_page import OUTCOMES, passed_to
from console.site import Site, Who
from store import cases, drafts
from store.cases import StaleError
from store.database import Tx
from store.views import Row


class Closing:
    """Acts that end a case, or let it go on."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def close(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Close the case with its outcome, with or without a last message to the member."""
        outcome = who.form.get("outcome", "")
        if outcome not in OUTCOMES:
            raise WrongFormError("no_outcome")
        if row.state != "open":
            raise StaleError(row.id)
        version = version_of(who)
        sends = who.form.get("how") == "send"
        if sends:
            file: CaseFile = await gathered(tx, who, row)
            text = text_of(who)
            await look_over(self._site, who, file, text)
            outbox_id = await self._site.desk.reply(tx, who.viewer, row.id, text, now=who.now, version=version)
            after.departing.append(outbox_id)
            version = await current_version(tx, who, row.id)
        await cases.close(
            tx,
            row.id,
            outcome=outcome,
            actor=who.actor,
            now=who.now,
            version=version,
            passed_to=passed_to(who.form, outcome),
        )
        await drafts.let_go(tx, who.viewer, row.id, "closing")
        return "?done=closed_sent" if sends else "?done=closed"

    async def reopen(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Go on with a closed case."""
        del after
        if row.state != "closed" or row.version != version_of(who):
            raise StaleError(row.id)
        await cases.reopen(tx, row.id, actor=who.actor, now=who.now, queue="triage" if row.refused else None)
        return "?done=reopened"
