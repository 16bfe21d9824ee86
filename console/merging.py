"""Two cases become one, and one becomes two: the pages on which that is decided, and the acts."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import web

from channels.reference import parse_reference
from config.vocabulary import QUEUES
from console.actions import version_of
from console.came_from import carrying
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.rights import Right
from console.site import Handler, Site, Who
from router import deadlines
from store import case_around, cases, correspondence, merging, splitting, views
from store.cases import StaleError
from store.database import Tx
from store.merging import CannotMergeError
from store.splitting import NothingToSplitError
from store.views import Row

_CASE: Final = "/console/case/{reference}"
_LONGEST_ID: Final = 15
_NOT_OPEN: Final = (LockedError, ReasonWantedError)


class Merging:
    """Handlers of merging and splitting."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    async def choose(self, request: web.Request, who: Who) -> web.StreamResponse:
        """With which case this one becomes one, and which of the two goes on."""
        return await self._draw_merge(request, who, typed=request.query.get("with", ""))

    async def merge(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Merge them. Cases of two members are asked about a second time."""
        typed = who.form.get("with", "")
        try:
            async with self._site.store.write() as tx:
                here = await self._page.find(tx, who, request)
                other = await self._other(tx, who, typed)
                if other is None:
                    return await self._draw_merge(request, who, typed=typed, problem="unknown", status=422)
                gone, into = (here, other) if who.form.get("goes_on") == other.reference else (other, here)
                if _two_members(gone, into) and who.form.get("sure") != "twice":
                    return await self._draw_merge(
                        request, who, typed=typed, second=bool(who.form.get("sure")), goes_on=into.reference
                    )
                versions = {here.id: version_of(who), other.id: _number(who.form.get("other_version", ""))}
                both = (versions[gone.id], versions[into.id])
                moved = partial(deadlines.after_pause, saturdays=self._site.saturdays)
                await merging.merge(tx, who.viewer, gone, into, moved=moved, now=who.now, versions=both)
        except _NOT_OPEN as error:
            return await self._page.refusal(who, error)
        except CannotMergeError as error:
            return await self._draw_merge(request, who, typed=typed, problem=error.why, status=422)
        except StaleError:
            return await self._draw_merge(request, who, typed=typed, problem="stale", status=409)
        return self._site.see_other(f"/console/case/{into.reference}?done=merged")

    async def unmerge(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Take a merge back."""
        reference = parse_reference(who.form.get("gone", ""))
        try:
            async with self._site.store.write() as tx:
                row = await self._page.find(tx, who, request)
                gone = await views.case_by_reference(tx, who.viewer, reference) if reference else None
                if gone is None:
                    raise web.HTTPNotFound
                await merging.unmerge(tx, who.viewer, gone, row, now=who.now, version=version_of(who))
        except _NOT_OPEN as error:
            return await self._page.refusal(who, error)
        except StaleError:
            return self._site.see_other(f"{request.path.removesuffix('/unmerge')}")
        return self._site.see_other(carrying(f"/console/case/{row.reference}?done=unmerged", who.came))

    async def choose_messages(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Which messages become a case of their own."""
        return await self._draw_split(request, who)

    async def split(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Split them off."""
        chosen = [_number(name.removeprefix("message-")) for name in who.form if name.startswith("message-")]
        queue = who.form.get("queue", "")
        try:
            async with self._site.store.write() as tx:
                row = await self._page.find(tx, who, request)
                if queue not in QUEUES or (queue == "medical_coordinator") != (row.queue == "medical_coordinator"):
                    queue = row.queue
                new = await splitting.split(
                    tx, who.viewer, row, chosen, queue=queue, now=who.now, version=version_of(who)
                )
                await self._start_clocks(tx, who, new)
        except _NOT_OPEN as error:
            return await self._page.refusal(who, error)
        except NothingToSplitError:
            return await self._draw_split(request, who, problem="nothing", status=422)
        except StaleError:
            return await self._draw_split(request, who, problem="stale", status=409)
        return self._site.see_other(f"/console/case/{new.reference}?done=split")

    async def _start_clocks(self, tx: Tx, who: Who, new: splitting.Split) -> None:
        """The new matter is promised what it would have been, counted from the day on which it came."""
        row = await views.case(tx, who.viewer, new.case_id)
        if row is None:
            raise web.HTTPNotFound
        wanted = deadlines.clocks_for(
            row,  # type: ignore[arg-type]  # A row has what clocks ask of a decision; its words come from the register.
            deadlines.received_day(new.received_at),
            saturdays=self._site.saturdays,
        )
        results = [(clock.id, clock.due_on, clock.source) for clock in wanted if clock.kind == "result"]
        await cases.add_deadlines(tx, new.case_id, results, running=True)
        await cases.refresh_due(tx, new.case_id)

    async def _other(self, tx: Tx, who: Who, typed: str) -> Row | None:
        """The other case, when this person may open it now."""
        reference = parse_reference(typed)
        row = await views.case_by_reference(tx, who.viewer, reference) if reference else None
        return row if row is not None and await self._page.may_read(tx, who, row) else None

    async def _draw_merge(
        self,
        request: web.Request,
        who: Who,
        *,
        typed: str,
        problem: str = "",
        status: int = 200,
        second: bool = False,
        goes_on: str = "",
    ) -> web.Response:
        try:
            async with self._site.store.read() as tx:
                row = await self._page.find(tx, who, request)
                other = await self._other(tx, who, typed) if typed.strip() else None
                others = await case_around.other_cases(tx, who.viewer, row)
        except _NOT_OPEN as error:
            return await self._page.refusal(who, error)
        if typed.strip() and other is None:
            problem = problem or "unknown"
        why = merging.hindrance(*_by_age(row, other)) if other else None
        if why == "closed" and other is not None and merging.hindrance(*reversed(_by_age(row, other))) is None:
            why = None
        return await self._site.page(
            "merge.html",
            who,
            status=status,
            here=row.queue,
            row=row,
            other=other,
            others=[one for one in others if one.state == "open"],
            typed=typed,
            problem=problem or why or "",
            possible=other is not None and why is None,
            two_members=other is not None and _two_members(row, other),
            second=second,
            goes_on=goes_on or (_suggested(row, other) if other else ""),
        )

    async def _draw_split(
        self, request: web.Request, who: Who, *, problem: str = "", status: int = 200
    ) -> web.Response:
        try:
            async with self._site.store.read() as tx:
                row = await self._page.find(tx, who, request)
                movable = await splitting.movable(tx, who.viewer, row.id)
                messages = await correspondence.messages_of(tx, who.viewer, row.id)
        except _NOT_OPEN as error:
            return await self._page.refusal(who, error)
        await self._page.note_look(who, row, "split")
        return await self._site.page(
            "split.html",
            who,
            status=status,
            here=row.queue,
            row=row,
            messages=[message for message in messages if message.id in movable and not message.auto],
            chosen={name for name in who.form if name.startswith("message-")},
            queues=[one for one in QUEUES if one != "medical_coordinator"] if not row.sealed else [row.queue],
            problem=problem,
        )


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right that each asks for."""
    acts = Merging(site, CasePage(site))
    return [
        ("GET", f"{_CASE}/merge", "case-merging", acts.choose, "handles"),
        ("POST", f"{_CASE}/merge", "case-merge", acts.merge, "handles"),
        ("POST", f"{_CASE}/unmerge", "case-unmerge", acts.unmerge, "handles"),
        ("GET", f"{_CASE}/split", "case-splitting", acts.choose_messages, "handles"),
        ("POST", f"{_CASE}/split", "case-split", acts.split, "handles"),
    ]


def _two_members(one: Row, other: Row) -> bool:
    """Whether two cases belong to two people, or to nobody that we could name as the same."""
    return one.person_id is None or one.person_id != other.person_id


def _by_age(row: Row, other: Row) -> tuple[Row, Row]:
    """(the younger, the older)."""
    return (other, row) if (row.received_at, row.id) <= (other.received_at, other.id) else (row, other)


def _suggested(row: Row, other: Row) -> str:
    """The reference that goes on: the older one, which more letters name; an open one in any case."""
    younger, older = _by_age(row, other)
    return older.reference if older.state == "open" or younger.state != "open" else younger.reference


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID else 0
