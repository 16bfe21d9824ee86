"""The end of a case: how it ended, why it was complained about, what was done, and a last message; and its going on."""

from __future__ import annotations

from typing import Final

from config.causes import causes
from config.vocabulary import ROBOT
from console.actions import After, WrongFormError, current_version, text_of, version_of
from console.answer_checks import unfinished_wish
from console.case_file import CaseFile, gathered
from console.closing_page import DECISION_STANDS, OUTCOMES, RIGHT, passed_to, place_of
from console.looking_over import looked_over, until_sure
from console.paths import is_ours, with_query
from console.recommending import Wish, recommend, wish_of
from console.site import Site, Who
from store import cases, drafts, list_acts
from store.cases import StaleError
from store.database import Tx
from store.views import Row

_LONGEST_DONE: Final = 4_000


class Closing:
    """Acts that end a case, or let it go on."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def close(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Close the case with its outcome, with or without a last message to the member."""
        if row.state != "open":
            raise StaleError(row.id)
        outcome, cause = _ended(who)
        wish = _wish(who)
        version = version_of(who)
        sends = who.form.get("how") == "send"
        was = await list_acts.before(tx, row)
        also = unfinished_wish(wish.text) if wish else ()
        if sends:
            file: CaseFile = await gathered(tx, who, row)
            text = text_of(who)
            decided = row.queue == "mediation" and outcome in DECISION_STANDS
            to = await looked_over(self._site, tx, who, file, text, decided=decided, also=also)
            outbox_id = await self._site.desk.reply(
                tx, who.viewer, row.id, text, now=who.now, version=version, to=to.case_id
            )
            after.departing.append(outbox_id)
            version = await current_version(tx, who, row.id)
        else:
            until_sure(who, also)
        if wish:
            await recommend(self._site, tx, who, row, after, wish, version=version)
            version = await current_version(tx, who, row.id)
        was["ending"] = {"outcome": outcome, "cause": cause, "passed_to": passed_to(who.form, outcome)}
        if done := who.form.get("measures", "").replace("\r\n", "\n").strip()[:_LONGEST_DONE]:
            was["note"] = await cases.add_note(tx, row.id, who.viewer.user_id, done, now=who.now, about="closing")
        await cases.close(
            tx,
            row.id,
            outcome=outcome,
            actor=who.actor,
            now=who.now,
            version=version,
            passed_to=passed_to(who.form, outcome),
            cause=cause,
        )
        await drafts.let_go(tx, who.viewer, row.id, "closing")
        await drafts.let_go(tx, who.viewer, row.id, "ending")
        target = str(after.departing[0]) if sends else ""
        number = await list_acts.keep(tx, who.viewer, "close", target, {row.id: was}, (), now=who.now)
        if is_ours(back := who.form.get("back", "")):
            # A list led here: it tells what was done and takes it back, and the next case has the focus.
            return with_query(back, f"did={number}" + (f"&at={at}" if (at := place_of(who.form)) else ""))
        return "?done=closed_sent" if sends else "?done=closed"

    async def reopen(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Go on with a closed case."""
        del after
        if row.state != "closed" or row.version != version_of(who):
            raise StaleError(row.id)
        await cases.reopen(tx, row.id, actor=who.actor, now=who.now, queue="triage" if row.refused else None)
        return "?done=reopened"


def _ended(who: Who) -> tuple[str, str]:
    """How it ended, and what was behind it. Raises WrongFormError where one of them is to be said and is not."""
    outcome, cause = who.form.get("outcome", ""), who.form.get("cause", "")
    if outcome not in OUTCOMES:
        raise WrongFormError("no_outcome")
    if outcome == ROBOT and who.form.get("how") == "send":
        raise WrongFormError("robot_reads_nothing")
    if cause not in causes().offered():
        cause = ""
    if outcome in RIGHT and not cause:
        raise WrongFormError("no_cause")
    return outcome, cause


def _wish(who: Who) -> Wish | None:
    """What is recommended to a department; None where nothing was written."""
    text = who.form.get("recommend_text", "").replace("\r\n", "\n").strip()
    return wish_of(who.form, text, prefix="recommend_") if text else None
