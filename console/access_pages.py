"""Answers to requests for access: the list of them, and the page on which one is prepared and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from markupsafe import Markup

from console.access_contract import AccessHouse, Draft
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.papers import as_attachment
from console.proof import Proof
from console.site import Site, Who
from store import access_choices, access_requests, audit, views
from store.access_requests import Request
from store.database import Tx
from store.family import goes_on_as
from store.views import Row

DONE: Final = ("begun", "case", "masked", "item", "sent", "returned", "approved", "again", "ended")


@dataclass(frozen=True, slots=True)
class Opened:
    """A request with what this viewer may see of it. `sealed` are the sealed cases whose words are before their eyes; `frozen` is
    what the second reader reads, None where the viewer may not read every case in it, or nothing was handed over."""

    request: Request
    draft: Draft
    sealed: Sequence[Row]
    has_hand: bool
    body: bytes = b""
    readable: bool = True


class AccessPages:
    """Handlers of `/console/access`; `found` is the fence for everything that is done there."""

    def __init__(self, site: Site, house: AccessHouse) -> None:
        self._site = site
        self._house = house
        self._page = CasePage(site)
        self._proof = Proof(site)

    async def listed(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Every answer that is to be given, the earliest due first, and those that were."""
        del request
        async with self._site.store.read() as tx:
            every = await access_requests.listed(tx, who.viewer)
        to_do = [one for one in every if one.state not in access_requests.OVER]
        over = [one for one in every if one.state in access_requests.OVER]
        return await self._site.page("access_list.html", who, here="access", to_do=to_do, over=over)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One answer: as a draft, before the second reader, or approved."""
        done = request.query.get("done", "")
        return await self.draw(request, who, done=done if done in DONE else "")

    async def draw(
        self, request: web.Request, who: Who, *, problem: str = "", done: str = "", status: int = 200, typed: str = ""
    ) -> web.Response:
        """The page, with what is wrong with what was sent."""
        try:
            async with self._site.store.read() as tx:
                opened = await self.opened(tx, who, request)
                contact = await self._house.contact_of(tx, opened.request)
        except (LockedError, ReasonWantedError) as error:
            return await self._page.refusal(who, error)
        for row in opened.sealed:
            await self._page.note_look(who, row, "access", request=opened.request.id)
        frozen = self._house.drawn(opened.body) if opened.body and opened.readable else ""
        return await self._site.page(
            "access.html",
            who,
            status=status,
            here="access",
            one=opened.request,
            draft=opened.draft,
            has_hand=opened.has_hand,
            frozen=Markup(frozen),  # noqa: S704  # The house escapes what stands in it.
            can_be_told=contact is not None,
            problem=problem,
            done=done,
            typed=typed,
        )

    async def archive(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What was approved, for a member without a mail address, into whose hands it is given. An export (rules S10, E5)."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        try:
            async with self._site.store.write() as tx:
                opened = await self.opened(tx, who, request)
                one = opened.request
                if one.state != "approved" or not opened.body or not opened.readable:
                    raise web.HTTPNotFound
                content = self._house.archive(opened.body)
                detail = {"request": one.id, "bytes": len(content)}
                await audit.write(
                    tx, actor=who.actor, act="access.exported", at=who.now, case_id=one.case_id, detail=detail
                )
        except (LockedError, ReasonWantedError) as error:
            return await self._page.refusal(who, error)
        return as_attachment(content, f"{one.reference}-data.zip")

    async def found(self, tx: Tx, who: Who, request: web.Request) -> Request:
        """The request of the address, when this person may open the case on which it was asked, and where that goes on.

        Raises HTTPNotFound, and ReasonWantedError for a sealed case that they have not said why they open.
        """
        found = await access_requests.of_id(tx, who.viewer, int(request.match_info["request"]))
        if found is None:
            raise web.HTTPNotFound
        going_on = await goes_on_as(tx, found.case_id)
        row = await views.case(tx, who.viewer, going_on.id)
        if row is None or row.locked:
            raise web.HTTPNotFound
        if not await self._page.may_read(tx, who, row):
            raise ReasonWantedError(row)
        return found

    async def opened(self, tx: Tx, who: Who, request: web.Request) -> Opened:
        """The request, with as much of the answer as is this person's to see; raises as `found`."""
        found = await self.found(tx, who, request)
        rows, readable = await self._sealed(tx, who, found)
        draft = await self._house.draft(tx, who.viewer, found, readable)
        body = await access_requests.body_of(tx, who.viewer, found)
        in_it = self._house.cases_in(body) if body else ()
        mine = {one.case_id for one in draft.cases if one.readable}
        read = body and draft.whole and set(in_it) <= mine
        before_eyes = in_it if read else [one.case_id for one in draft.cases if one.html]
        return Opened(
            request=found,
            draft=draft,
            sealed=[row for row in rows if row.id in before_eyes],
            has_hand=await access_requests.has_hand_in(tx, who.viewer, found.id),
            body=body,
            readable=draft.whole and set(in_it) <= mine,
        )

    async def _sealed(self, tx: Tx, who: Who, found: Request) -> tuple[list[Row], Mapping[int, bool]]:
        """The sealed cases of the person that this viewer may open, and for which of them they have said why."""
        matters = await access_choices.matters_of(tx, who.viewer, found.person_id)
        rows = [await views.case(tx, who.viewer, one.case_id) for one in matters if one.sealed]
        kept = [row for row in rows if row is not None]
        return kept, {row.id: await self._page.may_read(tx, who, row) for row in kept}
