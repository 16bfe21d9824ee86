"""What is typed is kept while it is typed: on the server, for this colleague and this case alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aiohttp import web

from console import ending
from console.actions import moment_of
from console.came_from import carrying
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.site import Site, Who
from store import audit, correspondence, drafts
from store.database import Tx
from store.drafts import PURPOSES, Purpose

# Longer than what can be sent: what was taken back may stand above what was typed since.
_LONGEST: Final = 45_000
# How a text of each purpose is taken back, and which way its message would have gone.
_UNDOING: Final[Mapping[Purpose, tuple[str, str]]] = {
    "reply": ("case.answer_undone", "out"),
    "question": ("case.question_undone", "ask"),
}


class Drafting:
    """The handler of `/console/case/{reference}/draft`."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    async def keep(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep a text, or let it go when it is empty. A page's script asks for no page in return (`quiet`)."""
        kind = next((known for known in PURPOSES if known == who.form.get("purpose", "")), None)
        if kind is None:
            raise web.HTTPUnprocessableEntity
        text = who.form.get("text", "").replace("\r\n", "\n")[:_LONGEST]
        seen = moment_of(who.form.get("seen", ""))
        async with self._site.store.write() as tx:
            try:
                row = await self._page.find(tx, who, request)
            except (LockedError, ReasonWantedError) as error:
                return await self._page.refusal(who, error)
            late = seen is not None and await drafts.sent_since(tx, who.viewer, row.id, kind, since=seen)
            if not late:
                if seen is not None:
                    # A page from before an answer was taken back knows nothing of it, and must not write over it.
                    text = drafts.both(await _taken_back(tx, who, row.id, kind, seen), text)
                await drafts.keep(tx, who.viewer, row.id, kind, text, now=who.now)
                if kind == "closing" and "measures" in who.form:
                    await drafts.keep(tx, who.viewer, row.id, "ending", ending.written(who.form), now=who.now)
        if who.form.get("quiet"):
            return web.Response(status=204)
        end = f"?done={'draft' if text.strip() else 'draft_gone'}#write"
        return self._site.see_other(carrying(f"/console/case/{row.reference}{end}", who.came))


async def _taken_back(tx: Tx, who: Who, case_id: int, kind: Purpose, since: datetime) -> str:
    """What this person has taken back since then, and so has as a draft again; "" for nothing."""
    if kind not in _UNDOING:
        return ""
    act, direction = _UNDOING[kind]
    if not await audit.done_since(tx, case_id, act, actor=who.actor, since=since):
        return ""
    mine = [
        one.reply or one.text
        for one in await correspondence.messages_of(tx, who.viewer, case_id)
        if (one.author_id, one.direction, one.delivery) == (who.viewer.user_id, direction, "cancelled")
    ]
    return mine[-1] if mine else ""
