"""Questions to departments: by mail, and the answer comes back into the case. The member sees neither."""

from __future__ import annotations

from console.actions import After, WrongFormError, text_of, version_of
from console.contract import NoDepartmentError, QuestionMail
from console.site import Site, Who
from console.words import catalogue
from store import drafts
from store.database import Tx
from store.views import Row


class Asking:
    """The act of asking a department."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def ask(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Ask, with what the house says around the question in the language of who asks."""
        if row.sealed:
            # Mail is outside the fence of a sealed case.
            raise WrongFormError("sealed_question")
        if row.state != "open":
            raise WrongFormError("closed_question")
        words = catalogue()[who.language]
        mail = QuestionMail(
            subject=words["ask.subject"].replace("{reference}", row.reference),
            below=words["ask.below"].replace("{name}", who.viewer.name),
            language=who.language,
        )
        try:
            outbox_id = await self._site.desk.ask(
                tx,
                who.viewer,
                row.id,
                who.form.get("department", ""),
                text_of(who),
                mail=mail,
                now=who.now,
                version=version_of(who),
            )
        except NoDepartmentError:
            raise WrongFormError("no_department_mail") from None
        await drafts.let_go(tx, who.viewer, row.id, "question")
        after.departing.append(outbox_id)
        return "?done=asked#last"
