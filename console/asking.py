"""Questions to departments: by mail, and the answer comes back into the case. The member sees neither."""

from __future__ import annotations

from console.actions import After, WrongFormError, text_of, version_of
from console.answering import place_of
from console.contract import NoDepartmentError, QuestionMail
from console.looking_over import looked_over_for_colleagues
from console.site import Site, Who
from console.words import catalogue, in_house
from store import drafts
from store.database import Tx
from store.views import Row


class Asking:
    """The act of asking a department."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def ask(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Ask, with what the house says around the question in the language in which colleagues write about the case."""
        if row.sealed:
            # Mail is outside the fence of a sealed case.
            raise WrongFormError("sealed_question")
        if row.state != "open":
            raise WrongFormError("closed_question")
        text = text_of(who)
        looked_over_for_colleagues(who, text)
        language = in_house(row.language, who.language)
        words = catalogue()[language]
        mail = QuestionMail(
            subject=words["ask.subject"].replace("{reference}", row.reference),
            below=words["ask.below"].replace("{name}", who.viewer.name),
            language=language,
        )
        try:
            outbox_id = await self._site.desk.ask(
                tx,
                who.viewer,
                row.id,
                who.form.get("department", ""),
                text,
                mail=mail,
                now=who.now,
                version=version_of(who),
            )
        except NoDepartmentError:
            raise WrongFormError("no_department_mail") from None
        await drafts.let_go(tx, who.viewer, row.id, "question")
        after.departing.append(outbox_id)
        return f"?done=asked#{await place_of(tx, who, row, outbox_id)}"
