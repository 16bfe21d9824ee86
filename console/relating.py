"""Cases are linked that have to do with each other and yet stay two, and the link is taken away again."""

from __future__ import annotations

from channels.reference import parse_reference
from console.actions import After, WrongFormError, change
from console.case_page import CasePage
from console.site import Who
from store import audit, related, views
from store.database import Tx
from store.views import Row


class Relating:
    """The acts of linking. `page` knows whom a case is open to."""

    def __init__(self, page: CasePage) -> None:
        self._page = page

    async def link(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Link this case to another one that this person may open as well."""
        del after
        other = await self._other(tx, who)
        if other.id == row.id:
            raise WrongFormError("link_itself")
        if other.sealed != row.sealed:
            # From one without a seal, a link would say that somebody has a medical matter.
            raise WrongFormError("link_sealed")
        if await related.link(tx, who.viewer, row.id, other.id, now=who.now):
            await self._say(tx, who, row, other, "case.linked")
        return "?done=linked"

    async def unlink(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Take the link away."""
        del after
        other = await self._other(tx, who)
        if await related.unlink(tx, row.id, other.id):
            await self._say(tx, who, row, other, "case.unlinked")
        return "?done=unlinked"

    async def _other(self, tx: Tx, who: Who) -> Row:
        reference = parse_reference(who.form.get("with", ""))
        other = await views.case_by_reference(tx, who.viewer, reference) if reference else None
        if other is None or not await self._page.may_read(tx, who, other):
            raise WrongFormError("link_unknown")
        return other

    async def _say(self, tx: Tx, who: Who, row: Row, other: Row, act: str) -> None:
        """It stands in the story of both. The other case is as it was, so nobody's open form there is late for it."""
        await change(tx, who, row, act, {"into": other.reference})
        detail = {"into": row.reference}
        await audit.write(tx, actor=who.actor, act=act, at=who.now, case_id=other.id, detail=detail)
