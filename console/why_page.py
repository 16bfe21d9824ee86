"""Why a case is where it is, in full: every rule then, every probability, who changed what, and what the rules say today."""

from __future__ import annotations

from aiohttp import web

from console.case_page import CasePage, LockedError, ReasonWantedError
from console.explanation import chances, every_rule, moves
from console.site import Site, Who
from store import audit, case_around, corrections, views


class WhyPage:
    """The handler of `/console/case/{reference}/why`."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page. Nothing is changed by looking."""
        async with self._site.store.read() as tx:
            try:
                row = await self._page.find(tx, who, request)
            except (LockedError, ReasonWantedError) as error:
                return await self._page.refusal(who, error)
            decision = await views.decision_of(tx, who.viewer, row.id)
            said = await views.classification_of(tx, who.viewer, row.id)
            corrected = await corrections.listing(tx, who.viewer, case_id=row.id)
            names = await case_around.names(tx)
            moved = moves(await audit.of_case(tx, row.id))
        await self._page.note_look(who, row, "why")
        today = await self._site.desk.decided_now(who.viewer, row.id)
        return await self._site.page(
            "why.html",
            who,
            here=row.queue,
            row=row,
            decision=decision,
            rules=every_rule(decision),
            now_rules=every_rule(today.as_json()) if today else (),
            today=today,
            chances=chances(said),
            model=(said or {}).get("model", ""),
            corrected=list(reversed(corrected)),
            moved=moved,
            names=names,
        )
